/** Records of a topic as rows, and the questions that give them, as the address says them. Pure. */
import { parseExactJson, stringifyExactJson } from '@sluice/kernel/exact-json';
import type { RecordPart, TopicRecord } from '@sluice/rest-api/shapes';

export interface RecordRow {
  readonly id: string;
  readonly partition: number;
  readonly offset: number;
  readonly atMs: number;
  /** null as in the log. */
  readonly key: string | null;
  readonly value: string | null;
  /** Why it could not be read as the connector would. */
  readonly error: string | undefined;
  readonly parts: readonly {
    readonly name: string;
    readonly part: RecordPart;
  }[];
}

export function recordRow({
  partition,
  offset,
  timestamp_ms: atMs,
  key,
  value,
  headers,
}: TopicRecord): RecordRow {
  const own = [
    { name: 'Key', part: key },
    { name: 'Value', part: value },
  ];
  const parts = [...own, ...headers.map((each) => ({ name: each.name, part: each.value }))];
  const failed = parts.find(({ part }) => part?.error !== undefined);
  return {
    id: `${partition}/${offset}`,
    partition,
    offset,
    atMs,
    key: textOf(key),
    value: textOf(value),
    error: failed && `${failed.name}: ${failed.part?.error ?? ''}`,
    parts,
  };
}

export function textOf(part: RecordPart): string | null {
  return part === null ? null : (part.json ?? part.text ?? `0x${part.hex ?? ''}`);
}

/** On lines of its own where it is an object; as it is where it was cut off, or is no JSON. */
export function spreadText(part: RecordPart): string {
  const text = textOf(part);
  if (text === null) return 'null';
  try {
    // Whole numbers of 64 bits stay as they are.
    return part?.json === undefined ? text : stringifyExactJson(parseExactJson(text), 2);
  } catch {
    return text;
  }
}

export type Beginning = 'newest' | 'offset' | 'time';

/** What the address says: which topic, from where. */
export interface RecordsPlace {
  readonly topic: string;
  readonly partition: string | undefined;
  readonly begin: Beginning;
  readonly offset: string;
  /** ms since 1970, as text */
  readonly since: string;
  /** Of a page behind the first. */
  readonly page: string | undefined;
}

export function recordsPlace(query: URLSearchParams, topic: string): RecordsPlace {
  const begin = query.get('begin');
  return {
    topic,
    partition: /^\d{1,6}$/.exec(query.get('partition') ?? '')?.[0],
    begin: begin === 'offset' || begin === 'time' ? begin : 'newest',
    offset: /^\d{1,15}$/.exec(query.get('offset') ?? '')?.[0] ?? '0',
    since: /^\d{1,15}$/.exec(query.get('since') ?? '')?.[0] ?? '',
    page: query.get('before') ?? undefined,
  };
}

export const pageMax = 100;

/** Of the API; undefined: it does not say enough yet. */
export function recordsQuestion(connector: string, place: RecordsPlace): string | undefined {
  const { topic, partition, begin, offset, since, page } = place;
  const query = new URLSearchParams({ connector, topic, limit: String(pageMax) });
  if (partition !== undefined) query.set('partition', partition);
  if (page !== undefined) query.set(begin === 'newest' ? 'before' : 'from', page);
  else if (begin === 'offset') query.set('from', `${partition ?? 0}:${offset}`);
  else if (begin === 'time') {
    if (since === '') return undefined;
    query.set('since', since);
  }
  return `/sluice/records?${query.toString()}`;
}

/** For `<input type="datetime-local">`, in the reader's own zone. */
export function localTime(ms: number): string {
  const at = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return at.toISOString().slice(0, 19);
}
