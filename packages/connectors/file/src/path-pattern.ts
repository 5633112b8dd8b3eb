/** Paths with parts that each record fills in: `/logs/{key}/{date}.log`. */
import type { SinkRecord } from '@sluice/connector-api';

type Part = (record: SinkRecord) => string;

const placeholder = /\{([^{}]*)\}/g;
const plain = ['topic', 'partition', 'key', 'date', 'hour'] as const;
/** Of what one part puts into the path. */
const charactersMax = 100;

export function pathPatternProblem(pattern: string): string | undefined {
  if (!pattern.startsWith('/')) return 'Value must be an absolute path';
  if (/(?:^|\/)\.\.(?:\/|$)/.test(pattern)) return 'Value must not have .. in it';
  if (pattern.endsWith('/')) return 'Value must end with the name of a file';
  for (const [, name = ''] of pattern.matchAll(placeholder))
    if (!isKnown(name))
      return `Value has {${name}}; there are {${plain.join('}, {')}}, {field.NAME} and {header.NAME}`;
  return /[{}]/.test(pattern.replaceAll(placeholder, ''))
    ? 'Value has a brace without its other one'
    : undefined;
}

export function timeZoneProblem(timeZone: string): string | undefined {
  try {
    void new Intl.DateTimeFormat('en', { timeZone });
    return undefined;
  } catch {
    return 'Value must be a time zone as UTC or Europe/Berlin';
  }
}

/** For a pattern and a time zone without problems. */
export function compilePath(pattern: string, timeZone: string): (record: SinkRecord) => string {
  const hourOf = hourReader(timeZone);
  const parts: Part[] = [];
  let from = 0;
  for (const match of pattern.matchAll(placeholder)) {
    const literal = pattern.slice(from, match.index);
    parts.push(() => literal, partOf(match[1] ?? '', hourOf));
    from = match.index + match[0].length;
  }
  const rest = pattern.slice(from);
  return (record) => parts.map((part) => part(record)).join('') + rest;
}

function isKnown(name: string): boolean {
  return (plain as readonly string[]).includes(name) || /^(field|header)\..+$/.test(name);
}

function partOf(name: string, hourOf: (ms: number) => string): Part {
  const timeOf = (record: SinkRecord): string => hourOf(record.timestampMs ?? Date.now());
  if (name === 'topic') return ({ topic }) => safe(topic);
  if (name === 'partition') return ({ partition }) => String(partition);
  if (name === 'key') return ({ key }) => safe(key);
  if (name === 'date') return (record) => timeOf(record).slice(0, 10);
  if (name === 'hour') return (record) => timeOf(record).slice(11, 13);
  const field = name.slice(name.indexOf('.') + 1);
  if (name.startsWith('header.'))
    return ({ headers }) => safe(headers?.findLast((each) => each.name === field)?.value);
  return ({ value }) => safe(fieldOf(value, field));
}

function fieldOf(value: unknown, field: string): unknown {
  if (value instanceof Map) return value.get(field);
  return typeof value === 'object' && value !== null && Object.hasOwn(value, field)
    ? (value as Record<string, unknown>)[field]
    : undefined;
}

/** Nothing that leads to another folder, whatever a record holds. */
function safe(value: unknown): string {
  const text = textOf(value).slice(0, charactersMax);
  if (text === '') return 'none';
  return text
    .replaceAll(/[^\p{L}\p{N}._@+=-]/gu, '_')
    .replace(/^\.+/, (dots) => '_'.repeat(dots.length));
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
    ? String(value)
    : '';
}

/** Offsets of time zones are whole quarters of an hour. */
const quarterMs = 900_000;
const rememberedMax = 1_000;

/** `2026-11-30 23`, in the time zone. */
function hourReader(timeZone: string): (ms: number) => string {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
  });
  const known = new Map<number, string>();
  return (ms) => {
    const quarter = Math.floor(ms / quarterMs);
    const before = known.get(quarter);
    if (before !== undefined) return before;
    const parts = Object.fromEntries(
      format.formatToParts(quarter * quarterMs).map(({ type, value }) => [type, value]),
    );
    const { day = '', hour = '', month = '', year = '' } = parts;
    const text = `${year.padStart(4, '0')}-${month}-${day} ${hour}`;
    if (known.size >= rememberedMax) known.clear();
    known.set(quarter, text);
    return text;
  };
}
