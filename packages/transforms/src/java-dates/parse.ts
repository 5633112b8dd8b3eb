/**
 * Reads text as SimpleDateFormat does in UTC and English: leniently, spaces before numbers skipped, and whatever
 * follows the pattern ignored.
 */
import { dayOf, epochDayOf } from './calendar.ts';
import {
  type DateLetter,
  dayNames,
  eraNames,
  halfDayNames,
  monthNames,
  type PatternPart,
} from './pattern.ts';
import { type ParsedZone, parseIsoZone, parseZone } from './zones.ts';

type FieldName =
  | 'era'
  | 'year'
  | 'month'
  | 'day'
  | 'dayOfYear'
  | 'hourOfDay'
  | 'hour'
  | 'half'
  | 'minute'
  | 'second'
  | 'millisecond';

interface Reading {
  readonly values: Map<FieldName, number>;
  /** In the order in which fields were set last: where two of them compete, the later one counts. */
  readonly order: Map<FieldName, number>;
  zoneMs: number;
  isYearAmbiguous: boolean;
}

type Field = Extract<PatternPart, { kind: 'field' }>;

/**
 * Letters that text cannot be read by: without a week's year, or a day beside it, they mean something in Java
 * that nobody means.
 */
const writtenOnly = 'YwWF';

/** Why text cannot be read by this pattern; undefined if it can. */
export function readingProblem(parts: readonly PatternPart[]): string | undefined {
  const fields = parts.filter((part) => part.kind === 'field');
  const refused = fields.find(({ letter }) => writtenOnly.includes(letter));
  if (refused)
    return `the letter ${refused.letter} is supported for writing only: use y, M, d or D`;
  const has = (letters: string): boolean => fields.some(({ letter }) => letters.includes(letter));
  return has('Eu') && !has('dD')
    ? 'a weekday (E, u) without a day (d, D) cannot be read'
    : undefined;
}

/** ms since 1970; undefined when the text does not match. `nowMs` decides the century of two-digit years. */
export function parseDate(
  parts: readonly PatternPart[],
  text: string,
  nowMs: number,
): number | undefined {
  const reading: Reading = {
    values: new Map(),
    order: new Map(),
    zoneMs: 0,
    isYearAmbiguous: false,
  };
  const centuryStartMs = eightyYearsBefore(nowMs);
  let at = 0;
  for (const [index, part] of parts.entries()) {
    if (part.kind === 'text') {
      if (!text.startsWith(part.text, at)) return undefined;
      at += part.text.length;
      continue;
    }
    const end = readField(part, text, at, isNumeric(parts[index + 1]), reading, centuryStartMs);
    if (end === undefined) return undefined;
    at = end;
  }
  const ms = establish(reading);
  if (!reading.isYearAmbiguous || ms >= centuryStartMs) return ms;
  set(reading, 'year', (reading.values.get('year') ?? 0) + 100);
  return establish(reading);
}

function isNumeric(part: PatternPart | undefined): boolean {
  if (part?.kind !== 'field') return false;
  return 'ML'.includes(part.letter) ? part.count <= 2 : !'EaGzZX'.includes(part.letter);
}

function eightyYearsBefore(nowMs: number): number {
  const date = new Date(nowMs);
  date.setUTCFullYear(date.getUTCFullYear() - 80);
  return date.getTime();
}

const numericFieldOf: Readonly<Partial<Record<DateLetter, FieldName>>> = {
  d: 'day',
  D: 'dayOfYear',
  H: 'hourOfDay',
  k: 'hourOfDay',
  K: 'hour',
  h: 'hour',
  m: 'minute',
  s: 'second',
  S: 'millisecond',
};

/** Returns where the field ends; undefined if it does not match. */
function readField(
  { letter, count }: Field,
  text: string,
  start: number,
  isFollowedByNumber: boolean,
  reading: Reading,
  centuryStartMs: number,
): number | undefined {
  const skipped = /^[ \t]*/.exec(text.slice(start))?.[0].length ?? 0;
  const at = start + skipped;
  if (at >= text.length) return undefined;
  const readNames = (field: FieldName, names: readonly string[]): number | undefined => {
    const found = matchName(text, start, names);
    if (!found) return undefined;
    set(reading, field, found.index);
    return found.end;
  };
  // Digits that follow each other without a delimiter: as many as there are letters.
  const limit = isFollowedByNumber ? start + count : undefined;
  if (limit !== undefined && limit > text.length && /[yMLdDHkKhmsSu]/.test(letter))
    return undefined;
  const number = readNumber(limit === undefined ? text : text.slice(0, limit), at);
  switch (letter) {
    case 'G':
      return readNames('era', eraNames);
    case 'a':
      return readNames('half', halfDayNames);
    case 'E':
      return matchName(text, start, [...dayNames, ...shortNames(dayNames)])?.end;
    case 'M':
    case 'L': {
      if (count > 2) {
        const found = matchName(text, start, [...monthNames, ...shortNames(monthNames)]);
        if (!found) return undefined;
        set(reading, 'month', (found.index % 12) + 1);
        return found.end;
      }
      if (number) set(reading, 'month', number.value);
      return number?.end;
    }
    case 'y': {
      if (!number) return undefined;
      const isShort = count <= 2 && number.end - at === 2 && /^\d\d$/.test(text.slice(at, at + 2));
      set(
        reading,
        'year',
        isShort ? longYear(number.value, centuryStartMs, reading) : number.value,
      );
      return number.end;
    }
    case 'z':
    case 'Z':
      return readZone(parseZone(text, at), reading);
    case 'X':
      return readZone(parseIsoZone(text, at, count), reading);
    case 'u':
      return number?.end;
    default: {
      const field = numericFieldOf[letter];
      if (!number || !field) return undefined;
      const isMidnight =
        (letter === 'k' && number.value === 24) || (letter === 'h' && number.value === 12);
      set(reading, field, isMidnight ? 0 : number.value);
      return number.end;
    }
  }
}

function readZone(zone: ParsedZone | undefined, reading: Reading): number | undefined {
  if (!zone) return undefined;
  reading.zoneMs = zone.offsetMs;
  return zone.end;
}

/** A year of two digits is one of the 100 years that began 80 years ago. */
function longYear(value: number, centuryStartMs: number, reading: Reading): number {
  const firstYear = dayOf(centuryStartMs).year;
  const firstShort = firstYear % 100;
  reading.isYearAmbiguous = value === firstShort;
  return value + Math.floor(firstYear / 100) * 100 + (value < firstShort ? 100 : 0);
}

function readNumber(text: string, at: number): { value: number; end: number } | undefined {
  const [digits] = /^-?\d+/.exec(text.slice(at)) ?? [];
  if (digits === undefined) return undefined;
  return { value: javaInt(BigInt(digits)), end: at + digits.length };
}

/** Number.intValue: of a long the lowest bits, of a double the nearest int. */
function javaInt(exact: bigint): number {
  if (BigInt.asIntN(64, exact) === exact) return Number(BigInt.asIntN(32, exact));
  return exact > 0n ? 2 ** 31 - 1 : -(2 ** 31);
}

/** The longest of the names that stands here, in any case. */
function matchName(
  text: string,
  at: number,
  names: readonly string[],
): { index: number; end: number } | undefined {
  let found: { index: number; end: number } | undefined;
  for (const [index, name] of names.entries()) {
    const end = at + name.length;
    if (end > (found?.end ?? at) && text.slice(at, end).toLowerCase() === name.toLowerCase())
      found = { index, end };
  }
  return found;
}

function shortNames(names: readonly string[]): string[] {
  return names.map((name) => name.slice(0, 3));
}

function set({ order, values }: Reading, field: FieldName, value: number): void {
  values.set(field, value);
  order.delete(field);
  order.set(field, order.size);
  // Keeps the numbers growing although one was taken out.
  let stamp = 0;
  for (const name of order.keys()) order.set(name, stamp++);
}

function establish({ order, values, zoneMs }: Reading): number {
  const read = (field: FieldName, fallback: number): number => values.get(field) ?? fallback;
  const isLater = (one: FieldName, other: FieldName): boolean =>
    (order.get(one) ?? -1) > (order.get(other) ?? -1);
  const shownYear = read('year', 1970);
  const year = values.get('era') === 0 ? 1 - shownYear : shownYear;
  const epochDay = isLater('dayOfYear', 'day')
    ? epochDayOf(year, 1, 1) + read('dayOfYear', 1) - 1
    : epochDayOf(year, read('month', 1), read('day', 1));
  return (
    epochDay * 86_400_000 +
    hourOf(read, order) * 3_600_000 +
    read('minute', 0) * 60_000 +
    read('second', 0) * 1_000 +
    read('millisecond', 0) -
    zoneMs
  );
}

/** Half a day and its hour count only together against an hour of the day. */
function hourOf(
  read: (field: FieldName, fallback: number) => number,
  order: ReadonlyMap<FieldName, number>,
): number {
  const hour = order.get('hour');
  const half = order.get('half');
  const hourOfDay = order.get('hourOfDay');
  const together = hour === undefined || half === undefined ? -1 : Math.max(hour, half);
  if (hourOfDay !== undefined && hourOfDay >= together) return read('hourOfDay', 0);
  return read('hour', 0) + 12 * read('half', 0);
}
