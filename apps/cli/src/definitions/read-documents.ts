/**
 * Text to plain values, JSON, YAML or Java's properties. Scalars become the text that stands in the file, not what a number
 * type makes of it: `1.10` stays `1.10`, and a 20-digit id keeps all its digits. `null` means "left out".
 */
import { parseJavaProperties, SluiceError } from '@sluice/kernel';

import { CliError, exitCodes } from '../exit-codes.ts';

export type Value = string | readonly Value[] | { readonly [key: string]: Value };

export interface Document {
  readonly value: Value;
  /** `orders.yaml`, `orders.yaml, document 2`. */
  readonly source: string;
}

/** Of all documents of a file; definitions are two levels deep. */
const yamlMax = { aliases: 10_000, depth: 100, nodes: 1_000_000 };

export async function readDocuments(text: string, source: string): Promise<Document[]> {
  if (text.trim() === '') throw invalid(`${source} is empty`);
  switch (formatOf(text, source)) {
    case 'json':
      return readJson(text, source);
    case 'properties':
      return [{ value: readProperties(text, source), source }];
    case 'yaml':
      return readYaml(text, source);
  }
}

/** As Kafka Connect's standalone mode takes them: `name=orders`, one key a line. @throws CliError */
export function readProperties(text: string, source: string): Readonly<Record<string, string>> {
  try {
    return Object.fromEntries(parseJavaProperties(text));
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    throw invalid(`${source} is not in the format of Java's properties: ${error.message}`, error);
  }
}

/** By what it is called, else by how it begins: Kafka Connect takes JSON and properties by any name. */
function formatOf(text: string, source: string): 'json' | 'properties' | 'yaml' {
  const [, extension] = /\.(json|ya?ml|properties)$/i.exec(source) ?? [];
  if (extension !== undefined && /^ya?ml$/i.test(extension)) return 'yaml';
  if (/^json$/i.test(extension ?? '') || /^\s*[[{]/.test(text)) return 'json';
  if (extension !== undefined) return 'properties';
  const first = text.split(/\r?\n/).find((line) => !/^\s*([#!]|$)/.test(line));
  return /^\s*[\w.-]+\s*=/.test(first ?? '') ? 'properties' : 'yaml';
}

function readJson(text: string, source: string): Document[] {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''), keepNumbersAsWritten);
    return documentsOf([toValue(value)], source);
  } catch (cause) {
    const { message } = cause as Error;
    const { line, column } = positionOf(message, text);
    throw invalid(
      `${source} is not JSON: line ${line}, column ${column}: ${withoutPosition(message)}`,
      cause,
    );
  }
}

function keepNumbersAsWritten(
  _key: string,
  value: unknown,
  context?: { source?: string },
): unknown {
  return typeof value === 'number' ? (context?.source ?? String(value)) : value;
}

function positionOf(message: string, text: string): { line: number; column: number } {
  const told = /at position (\d+)/.exec(message)?.[1];
  const position = told === undefined ? findPosition(text) : Number(told);
  const before = text.slice(0, position).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** V8 does not always tell the position. It is where the longest beginning ends that could go on. */
function findPosition(text: string): number {
  let [sound, broken] = [0, text.trimEnd().length + 1];
  while (broken - sound > 1) {
    const middle = Math.floor((sound + broken) / 2);
    if (couldGoOn(text.slice(0, middle))) sound = middle;
    else broken = middle;
  }
  return sound;
}

function couldGoOn(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return true;
  } catch (error) {
    const { message } = error as Error;
    const position = /at position (\d+)/.exec(message)?.[1];
    return message.startsWith('Unexpected end') || Number(position) === beginning.length;
  }
}

/** Not what V8 repeats of the file: it may be a secret. */
function withoutPosition(message: string): string {
  const text = message.replace(/ in JSON at position.*$/s, '').replace(/,? ?("|\.\.\.).*$/s, '');
  return text === 'Unexpected end of JSON input' ? 'the text ends too early' : text;
}

async function readYaml(text: string, source: string): Promise<Document[]> {
  const { isAlias, isMap, isScalar, isSeq, parseAllDocuments } = await import('yaml');
  // The failsafe schema knows no types: each scalar is the text that stands there.
  const documents = [...parseAllDocuments(text, { schema: 'failsafe', prettyErrors: true })];

  const count = { aliases: 0, nodes: 0 };
  const convert = (
    node: unknown,
    resolve: (alias: unknown) => unknown,
    depth = 0,
  ): Value | undefined => {
    count.nodes += 1;
    if (isAlias(node)) count.aliases += 1;
    const { aliases, nodes } = count;
    // An alias may stand for what it is part of, and a few of them for more than fits anywhere.
    if (depth > yamlMax.depth || nodes > yamlMax.nodes || aliases > yamlMax.aliases)
      throw invalid(`${source} is too deep or too large, with what its aliases stand for`);
    if (isAlias(node)) return convert(resolve(node), resolve, depth + 1);
    if (isMap(node)) {
      const entries = node.items.flatMap(({ key, value }): [string, Value][] => {
        const converted = convert(value, resolve, depth + 1);
        return converted === undefined ? [] : [[String(key), converted]];
      });
      return Object.fromEntries(entries);
    }
    if (isSeq(node)) return node.items.flatMap((item) => convert(item, resolve, depth + 1) ?? []);
    if (!isScalar(node)) return undefined;
    const scalar = typeof node.value === 'string' ? node.value : '';
    return node.type === 'PLAIN' && /^(null|Null|NULL|~|)$/.test(scalar) ? undefined : scalar;
  };

  const values = documents.map((document, index) => {
    const [error] = document.errors;
    if (error) {
      const [{ line, col } = { line: 1, col: 1 }] = error.linePos ?? [];
      const which = documents.length > 1 ? `, document ${index + 1}` : '';
      const reason = (error.message.split('\n')[0] ?? '').replace(/ at line \d+.*$/, '');
      throw invalid(`${source}${which} is not YAML: line ${line}, column ${col}: ${reason}`, error);
    }
    return convert(document.contents, (alias) => isAlias(alias) && alias.resolve(document));
  });
  return documentsOf(values, source);
}

/** Numbers the documents of a file with several; drops empty ones, as after a last `---`. */
function documentsOf(values: readonly (Value | undefined)[], source: string): Document[] {
  return values.flatMap((value, index) =>
    value === undefined
      ? []
      : [{ value, source: values.length > 1 ? `${source}, document ${index + 1}` : source }],
  );
}

function toValue(parsed: unknown): Value | undefined {
  if (typeof parsed === 'string') return parsed;
  if (typeof parsed === 'boolean') return String(parsed);
  if (Array.isArray(parsed)) return parsed.flatMap((item: unknown) => toValue(item) ?? []);
  if (typeof parsed === 'object' && parsed !== null) {
    const entries = Object.entries(parsed).flatMap(([key, inner]): [string, Value][] => {
      const value = toValue(inner);
      return value === undefined ? [] : [[key, value]];
    });
    return Object.fromEntries(entries);
  }
  // null; numbers are text already.
  return undefined;
}

function invalid(message: string, cause?: unknown): CliError {
  return new CliError(exitCodes.invalid, message, { cause });
}
