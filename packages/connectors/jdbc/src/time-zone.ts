/** Times as databases write them, with up to nine digits of a second, in any time zone. */
import { DataError } from '@sluice/connector-api';

/** As Java's Timestamp: milliseconds since 1970, and the nanoseconds of the second they are in. */
export interface Instant {
  readonly ms: number;
  readonly nanos: number;
}

export function compareInstants(one: Instant, other: Instant): number {
  return one.ms - other.ms || one.nanos - other.nanos;
}

export function instantOfMs(ms: number): Instant {
  return { ms, nanos: (((ms % 1000) + 1000) % 1000) * 1_000_000 };
}

/** Whole units of `10^-digits` seconds since 1970. */
export function unitsOf({ ms, nanos }: Instant, digits: 6 | 9): bigint {
  const seconds = BigInt(Math.floor(ms / 1000));
  return digits === 9
    ? seconds * 1_000_000_000n + BigInt(nanos)
    : seconds * 1_000_000n + BigInt(Math.floor(nanos / 1000));
}

export function instantOfUnits(units: bigint, digits: 6 | 9): Instant {
  const perSecond = digits === 9 ? 1_000_000_000n : 1_000_000n;
  let seconds = units / perSecond;
  let rest = units % perSecond;
  if (rest < 0n) {
    rest += perSecond;
    seconds -= 1n;
  }
  const nanos = Number(digits === 9 ? rest : rest * 1000n);
  return { ms: Number(seconds) * 1000 + Math.floor(nanos / 1_000_000), nanos };
}

const pattern =
  /^(\d{4,})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?(?::?\d\d)?)?( BC)?$/;

/** A date and time; without an offset of its own it is of the zone. @throws DataError */
export function parseInstant(text: string, zone: string): Instant {
  const match = pattern.exec(text);
  if (!match || text.startsWith('0000'))
    throw new DataError(
      `a date or time that Kafka Connect's types do not hold: ${text.slice(0, 40)}`,
    );
  const [, year = '', month = '', day = '', hours, minutes, seconds, fraction, offset, era] = match;
  const nanos = Number((fraction ?? '').padEnd(9, '0'));
  const localMs =
    utcMs(
      era === undefined ? Number(year) : 1 - Number(year),
      Number(month),
      Number(day),
      Number(hours ?? 0),
      Number(minutes ?? 0),
      Number(seconds ?? 0),
    ) + Math.floor(nanos / 1_000_000);
  const ms =
    offset === undefined ? localMs - offsetBefore(localMs, zone) : localMs - offsetMs(offset);
  return { ms, nanos };
}

/** `2026-11-30 21:05:00.123456`, as it is in the zone; with as many digits as there are. */
export function formatInstant(instant: Instant, zone: string, digitsMin = 0): string {
  const local = new Date(instant.ms + offsetAt(instant.ms, zone));
  const year = local.getUTCFullYear();
  const date = `${pad(year > 0 ? year : 1 - year, 4)}-${pad(local.getUTCMonth() + 1)}-${pad(local.getUTCDate())}`;
  const time = `${pad(local.getUTCHours())}:${pad(local.getUTCMinutes())}:${pad(local.getUTCSeconds())}`;
  const fraction = pad(instant.nanos, 9).replace(/0+$/, '').padEnd(digitsMin, '0');
  return `${date} ${time}${fraction === '' ? '' : `.${fraction}`}${year > 0 ? '' : ' BC'}`;
}

/** Without the time: `2026-11-30`, `0044-03-15 BC`. */
export function dateText(instant: Instant): string {
  const [date = '', , era] = formatInstant(instant, 'UTC').split(' ');
  return era === undefined ? date : `${date} ${era}`;
}

/** Since midnight, also before it and after the day, as MySQL's times may be: `24:00:00`, `-12:34:56.5`. */
export function clockText(instant: Instant): string {
  const units = unitsOf(instant, 9);
  const absolute = units < 0n ? -units : units;
  const seconds = Number(absolute / 1_000_000_000n);
  const hours = Math.floor(seconds / 3600);
  const time = `${pad(hours)}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
  const fraction = pad(Number(absolute % 1_000_000_000n), 9).replace(/0+$/, '');
  return `${units < 0n ? '-' : ''}${time}${fraction === '' ? '' : `.${fraction}`}`;
}

export function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** By zone and quarter of an hour: asking for it takes some microseconds. */
const offsets = new Map<string, number>();
const offsetsMax = 10_000;
const formats = new Map<string, Intl.DateTimeFormat>();
const quarterMs = 900_000;

/** Of the zone's time from UTC at a time, ms. */
function offsetAt(ms: number, zone: string): number {
  if (zone === 'UTC') return 0;
  const quarter = Math.floor(ms / quarterMs);
  const key = `${zone} ${String(quarter)}`;
  let offset = offsets.get(key);
  if (offset === undefined) {
    if (offsets.size >= offsetsMax) offsets.clear();
    offset = askedOffset(quarter * quarterMs, zone);
    offsets.set(key, offset);
  }
  return offset;
}

function askedOffset(ms: number, zone: string): number {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      era: 'short',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  const part = (name: Intl.DateTimeFormatPartTypes): number => Number(parts.get(name) ?? 0);
  const year = parts.get('era')?.startsWith('B') ? 1 - part('year') : part('year');
  const local = utcMs(
    year,
    part('month'),
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return local - Math.floor(ms / 1000) * 1000;
}

/**
 * Of a time that the clocks of a zone show. Where they show it twice it is the second, as for PostgreSQL and Java: what
 * is compared by the database would come again and again otherwise. Where never, it is an hour later.
 */
function offsetBefore(localMs: number, zone: string): number {
  if (zone === 'UTC') return 0;
  const after = offsetAt(localMs + 86_400_000, zone);
  return offsetAt(localMs - after, zone) === after ? after : offsetAt(localMs - 86_400_000, zone);
}

function offsetMs(text: string): number {
  if (text === 'Z') return 0;
  const digits = text.slice(1).replaceAll(':', '');
  const [hours, minutes, seconds] = [0, 2, 4].map((at) => Number(digits.slice(at, at + 2) || 0));
  const ms = ((hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0)) * 1000;
  return text.startsWith('-') ? -ms : ms;
}

/** `Date.UTC` takes the years 0 to 99 for those of the last century. */
function utcMs(
  year: number,
  month: number,
  day: number,
  hours: number,
  minutes: number,
  seconds: number,
): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hours, minutes, seconds);
  return date.getTime();
}

function pad(value: number, digits = 2): string {
  return String(value).padStart(digits, '0');
}
