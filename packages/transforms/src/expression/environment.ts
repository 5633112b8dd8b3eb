/**
 * The Common Expression Language as expressions have it: the library's functions, and what records need besides.
 * CEL has no loops but those over lists, no recursion and no access to anything outside of its variables.
 */
import { Environment } from '@marcbachmann/cel-js';
import { Decimal } from '@sluice/connector-api';
import { RE2JS } from 're2js';

/** What an expression may refer to. */
export const expressionVariables = [
  'key',
  'value',
  'headers',
  'topic',
  'partition',
  'timestamp',
] as const;
export type ExpressionVariable = (typeof expressionVariables)[number];

/** Stands for `matches`; see `useLinearMatching`. */
export const linearMatches = 'matchesInLinearTime';

let environment: Environment | undefined;

/** One for all expressions: it takes milliseconds to make. */
export function expressionEnvironment(): Environment {
  environment ??= createEnvironment();
  return environment;
}

function createEnvironment(): Environment {
  const created = new Environment({
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: 2_000, maxDepth: 100, maxListElements: 1_000, maxMapEntries: 1_000 },
  })
    .registerVariable('key', 'dyn')
    .registerVariable('value', 'dyn')
    .registerVariable('headers', 'map<string, dyn>')
    .registerVariable('topic', 'string')
    .registerVariable('partition', 'dyn')
    .registerVariable('timestamp', 'dyn')
    .registerFunction(`string.${linearMatches}(string): bool`, matchesInLinearTime)
    // Of the language, but not of the library.
    .registerFunction('string(google.protobuf.Timestamp): string', (date: Date) =>
      date.toISOString(),
    )
    .registerFunction('int(google.protobuf.Timestamp): int', (date: Date) =>
      BigInt(Math.floor(date.getTime() / 1_000)),
    )
    .registerType('Decimal', Decimal)
    .registerFunction('string(Decimal): string', (decimal: Decimal) => decimal.toString())
    .registerFunction('double(Decimal): double', (decimal: Decimal) => decimal.toNumber());
  registerMixedNumbers(created);
  registerDecimals(created);
  return created;
}

/**
 * Whole numbers and fractions together, which CEL refuses: whether JSON's 3 is an int or a double depends on the
 * record, and an expression should not.
 */
function registerMixedNumbers(to: Environment): void {
  const operations: Readonly<Record<string, (left: number, right: number) => number>> = {
    '+': (left, right) => left + right,
    '-': (left, right) => left - right,
    '*': (left, right) => left * right,
    '/': (left, right) => left / right,
  };
  for (const [sign, operate] of Object.entries(operations)) {
    to.registerOperator(`int ${sign} double`, (left: bigint, right: number) =>
      operate(Number(left), right),
    );
    to.registerOperator(`double ${sign} int`, (left: number, right: bigint) =>
      operate(left, Number(right)),
    );
  }
}

function registerDecimals(to: Environment): void {
  const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
    '<': (order) => order < 0,
    '<=': (order) => order <= 0,
    '>': (order) => order > 0,
    '>=': (order) => order >= 0,
  };
  to.registerOperator(
    'Decimal == Decimal',
    (left: Decimal, right: Decimal) => left.compareTo(right) === 0,
  );
  for (const [sign, decide] of Object.entries(comparisons)) {
    to.registerOperator(`Decimal ${sign} Decimal`, (left: Decimal, right: Decimal) =>
      decide(left.compareTo(right)),
    );
    for (const other of ['int', 'double']) {
      to.registerOperator(`Decimal ${sign} ${other}`, (left: Decimal, right: bigint | number) =>
        decide(left.compareTo(decimalOf(right))),
      );
      to.registerOperator(`${other} ${sign} Decimal`, (left: bigint | number, right: Decimal) =>
        decide(decimalOf(left).compareTo(right)),
      );
    }
  }
}

function decimalOf(value: bigint | number): Decimal {
  return typeof value === 'bigint' ? new Decimal(value, 0) : Decimal.fromNumber(value);
}

const patternsMax = 100;
const patterns = new Map<string, RE2JS>();

/** RE2: its time is linear in the length of the text, whatever the pattern. */
function matchesInLinearTime(text: string, source: string): boolean {
  let pattern = patterns.get(source);
  if (!pattern) {
    pattern = RE2JS.compile(source);
    if (patterns.size >= patternsMax) patterns.clear();
    patterns.set(source, pattern);
  }
  return pattern.matcher(text).find();
}
