/** One expression: compiled once, run for each record, within a bound of its cost. */
import { DataError, type TransformableRecord } from '@sluice/connector-api';
import { toError } from '@sluice/kernel';
import { invalidValue } from '../config-keys.ts';
import { type ExpressionShape, shapeOf, useLinearMatching } from './analysis.ts';
import { type Lengths, toCel } from './cel-values.ts';
import { type ExpressionVariable, expressionEnvironment } from './environment.ts';

/** Steps of one run: some tens of milliseconds. */
const costMax = 1_000_000;
/** How many times longer than the record what an expression makes of it may be. */
const growthMax = 10_000;

export type StaticType =
  | 'dyn'
  | 'bool'
  | 'int'
  | 'double'
  | 'string'
  | 'bytes'
  | 'timestamp'
  | 'other';

/** The variables of one record, shared by the expressions of a transform. */
export interface Variables {
  readonly values: Readonly<Partial<Record<ExpressionVariable, unknown>>>;
  readonly lengths: Lengths;
}

export class Expression {
  /** The configuration key that it comes from. */
  readonly key: string;
  /** What is known of its results before it runs. */
  readonly type: StaticType;
  readonly variables: ReadonlySet<ExpressionVariable>;
  readonly #run: (values: Variables['values']) => unknown;
  readonly #shape: ExpressionShape;

  /** @throws ConfigError that shows where the expression is wrong. */
  constructor(key: string, source: string) {
    this.key = key;
    try {
      const parsed = expressionEnvironment().parse(source);
      useLinearMatching(parsed.ast);
      this.#shape = shapeOf(parsed.ast);
      const { error, type, valid } = parsed.check();
      if (!valid) throw error ?? new Error('the expression is wrong');
      this.type = staticType(type);
      this.#run = parsed;
    } catch (error) {
      throw invalidValue(key, source, problemOf(error));
    }
    if (this.#shape.growth > growthMax)
      throw invalidValue(key, source, 'its additions within bindings may grow without bound');
    this.variables = this.#shape.variables;
  }

  /** @throws DataError: a field that there is not, types that do not fit, too much to do. */
  evaluate({ lengths, values }: Variables): unknown {
    const cost = costOf(this.#shape, lengths);
    if (cost > costMax)
      throw new DataError(
        `${this.key}: the record's longest list makes up to ${String(Math.round(cost))} steps of this expression, and at most ${String(costMax)} are done`,
      );
    try {
      return this.#run(values);
    } catch (error) {
      // Not as a cause: its message shows the whole expression, and settings belong into no trace.
      throw new DataError(`${this.key}: ${problemOf(error)}`);
    }
  }
}

function costOf(shape: ExpressionShape, lengths: Lengths): number {
  if (shape.depth === 0) return shape.nodes;
  const given = Math.max(1, lengths.list, shape.splitsTexts ? lengths.text : 0);
  const longest = Math.max(given, shape.literalLength) * shape.growth;
  return shape.nodes * longest ** shape.depth;
}

/** Converts only what the expressions ask for. */
export function variablesOf(
  record: TransformableRecord,
  wanted: ReadonlySet<ExpressionVariable>,
): Variables {
  const lengths: Lengths = { list: 0, text: 0 };
  const values: Partial<Record<ExpressionVariable, unknown>> = {};
  for (const variable of wanted) values[variable] = variableOf(record, variable, lengths);
  return { values, lengths };
}

function variableOf(
  record: TransformableRecord,
  variable: ExpressionVariable,
  lengths: Lengths,
): unknown {
  switch (variable) {
    case 'key':
      return toCel(record.keySchema, record.key, lengths);
    case 'value':
      return toCel(record.valueSchema, record.value, lengths);
    case 'headers': {
      const headers = Object.create(null) as Record<string, unknown>;
      // The last of each name, as Kafka Connect's lastWithName.
      for (const { name, schema, value } of record.headers ?? [])
        headers[name] = toCel(schema, value, lengths);
      return headers;
    }
    case 'topic':
      return toCel(undefined, record.topic, lengths);
    case 'partition':
      return record.partition === undefined ? null : BigInt(record.partition);
    case 'timestamp':
      return record.timestampMs === undefined ? null : new Date(record.timestampMs);
    default:
      return variable satisfies never;
  }
}

function staticType(type: string | undefined): StaticType {
  switch (type) {
    case 'dyn':
    case 'bool':
    case 'int':
    case 'double':
    case 'string':
    case 'bytes':
      return type;
    case 'google.protobuf.Timestamp':
      return 'timestamp';
    default:
      return 'other';
  }
}

/** What cel-js says with the value that it is about. */
const quotesValue =
  /^(bool\(\) conversion error|Invalid duration string|Invalid regular expression|integer overflow): .*$/s;

/** Without the text of the expression, which is a setting, and without values of the record. */
function problemOf(error: unknown): string {
  const { range, summary } = error as {
    readonly summary?: unknown;
    readonly range?: { readonly start: number; readonly end: number };
  };
  const found = typeof summary === 'string' ? summary : toError(error).message;
  const text = found.replace(quotesValue, '$1');
  if (!range) return text;
  return `${text} (characters ${String(range.start + 1)} to ${String(range.end)} of the expression)`;
}
