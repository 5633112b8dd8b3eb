/** What a record in a dead letter queue says of itself, and the record that it was. Pure. */
import type { FetchedRecord, ProduceRecord } from '@sluice/record-log';

const connectPrefix = '__connect.errors.';
const sluicePrefix = '__sluice.errors.';

export interface DeadLetter {
  readonly partition: number;
  readonly offset: number;
  readonly record: FetchedRecord;
  /** By name without `__connect.errors.`; empty if the connector writes no context headers. */
  readonly context: ReadonlyMap<string, string>;
  /** By name without `__sluice.errors.`. */
  readonly own: ReadonlyMap<string, string>;
}

export function letterOf(partition: number, record: FetchedRecord): DeadLetter {
  const named = (prefix: string): ReadonlyMap<string, string> =>
    new Map(
      record.headers.flatMap(([name, value]): [string, string][] =>
        name.startsWith(prefix)
          ? [[name.slice(prefix.length), Buffer.from(value ?? []).toString()]]
          : [],
      ),
    );
  return {
    partition,
    offset: record.offset,
    record,
    context: named(connectPrefix),
    own: named(sluicePrefix),
  };
}

export type Replay =
  | { readonly kind: 'record'; readonly topic: string; readonly record: ProduceRecord }
  | { readonly kind: 'not-possible'; readonly reason: string };

/**
 * The record that a letter was, for where it was. `partitionsOf`: of its topic; undefined if there is none.
 * `toTopic`: instead of its own, then to the partition of its key.
 */
export function replayOf(
  { context, own, record }: DeadLetter,
  partitionsOf: (topic: string) => number | undefined,
  toTopic?: string,
): Replay {
  const topic = toTopic ?? context.get('topic');
  if (topic === undefined || topic === '')
    return {
      kind: 'not-possible',
      reason: 'it does not say which topic it is from (context headers are off): give --to TOPIC',
    };
  for (const part of ['key', 'value'])
    if (own.has(`${part}.encoding`))
      return {
        kind: 'not-possible',
        reason: `its ${part} could not be converted, and is JSON here: mend the source and read it again there`,
      };
  if (own.has('value.omitted'))
    return { kind: 'not-possible', reason: 'its value was too large for the log, and is not here' };
  const { key, timestampMs, value } = record;
  const headers = record.headers.filter(([name]) => !isContext(name));
  const replayed = { key, value, headers, timestampMs };
  const partition = Number(context.get('partition') ?? -1);
  const partitions = partitionsOf(topic) ?? 0;
  const isThere = toTopic === undefined && partition >= 0 && partition < partitions;
  return { kind: 'record', topic, record: isThere ? { ...replayed, partition } : replayed };
}

function isContext(name: string): boolean {
  return name.startsWith(connectPrefix) || name.startsWith(sluicePrefix);
}

const previewCharactersMax = 60;

/** Text where it is text, else base64; short. */
export function preview(bytes: Uint8Array | null): string {
  if (bytes === null) return '-';
  const text = textOf(bytes) ?? `base64:${Buffer.from(bytes).toString('base64')}`;
  return text.length > previewCharactersMax ? `${text.slice(0, previewCharactersMax - 1)}…` : text;
}

/** Undefined if it is not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

type LetterBytes = string | { readonly base64: string } | null;

export interface LetterJson {
  readonly partition: number;
  readonly offset: number;
  readonly replayed: boolean;
  readonly timestampMs: number;
  readonly errors: Readonly<Record<string, string>>;
  readonly source: Readonly<Record<string, string>>;
  readonly key: LetterBytes;
  readonly value: LetterBytes;
  readonly headers: readonly { readonly name: string; readonly value: LetterBytes }[];
}

/** For programs: nothing is cut; what is not text is base64. */
export function letterJson({
  context,
  isReplayed,
  offset,
  own,
  partition,
  record,
}: DeadLetter & { readonly isReplayed: boolean }): LetterJson {
  return {
    partition,
    offset,
    replayed: isReplayed,
    timestampMs: record.timestampMs,
    errors: Object.fromEntries(context),
    source: Object.fromEntries(own),
    key: bytesJson(record.key),
    value: bytesJson(record.value),
    headers: record.headers
      .filter(([name]) => !isContext(name))
      .map(([name, value]) => ({ name, value: bytesJson(value) })),
  };
}

function bytesJson(bytes: Uint8Array | null): LetterBytes {
  if (bytes === null) return null;
  return textOf(bytes) ?? { base64: Buffer.from(bytes).toString('base64') };
}
