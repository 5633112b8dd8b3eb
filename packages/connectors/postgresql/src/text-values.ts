/**
 * Values as PostgreSQL writes them with the settings of our sessions: DateStyle ISO, IntervalStyle iso_8601, TimeZone
 * UTC, bytea_output hex. Pure.
 */
import { ConnectError } from '@sluice/connector-api';
import { daysOfCivil, type LocalMoment } from '@sluice/connector-capture';

/** What the sessions are started with, so that texts mean the same on every server. */
export const sessionSettings: Readonly<Record<string, string>> = {
  DateStyle: 'ISO',
  IntervalStyle: 'iso_8601',
  TimeZone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '3',
  lc_monetary: 'C',
};

/** Days of `infinity` and `-infinity`: the ends of 32 bits. */
const daysMax = 2_147_483_647;
const daysMin = -2_147_483_648;

/** As Debezium writes them, which takes 64 bits of microseconds. */
const momentMax = momentOfMicros(9_223_372_036_825_200_000n);
const momentMin = momentOfMicros(-9_223_372_036_832_400_000n);

function momentOfMicros(micros: bigint): LocalMoment {
  const perDay = 86_400_000_000n;
  const microsOfDay = ((micros % perDay) + perDay) % perDay;
  return { days: Number((micros - microsOfDay) / perDay), microsOfDay: Number(microsOfDay) };
}

const datePattern = /^(\d+)-(\d\d)-(\d\d)( BC)?$/;

/** `2024-05-01`, `0044-03-15 BC`, `infinity`: days since 1970. */
export function daysOfText(text: string): number {
  if (text === 'infinity') return daysMax;
  if (text === '-infinity') return daysMin;
  const match = datePattern.exec(text);
  if (!match) throw unreadable('date');
  const [, year, month, day, isBefore] = match;
  return daysOfCivil(yearOf(year, isBefore), Number(month), Number(day));
}

/** There is no year 0: 1 BC is before 1. */
function yearOf(year: string | undefined, isBefore: string | undefined): number {
  return isBefore === undefined ? Number(year) : 1 - Number(year);
}

const timePattern = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?([+-].*)?$/;

/** `10:00:00.25`, `24:00:00`; with an offset it becomes the time in UTC. Microseconds since midnight. */
export function microsOfTime(text: string): number {
  const match = timePattern.exec(text);
  if (!match) throw unreadable('time');
  const [, hours, minutes, seconds, fraction = '', offset] = match;
  const micros =
    ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1e6 +
    Number(fraction.padEnd(6, '0'));
  if (offset === undefined) return micros;
  const day = 86_400_000_000;
  return (((micros - offsetSeconds(offset) * 1e6) % day) + day) % day;
}

function offsetSeconds(text: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = text.slice(1).split(':').map(Number);
  const total = (hours * 60 + minutes) * 60 + seconds;
  return text.startsWith('-') ? -total : total;
}

const momentPattern = /^(\d+-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(?:\+00)?( BC)?$/;

/** `2024-05-01 10:00:00.25`, with `+00` behind it if the type has a time zone. */
export function momentOfText(text: string): LocalMoment {
  if (text === 'infinity') return momentMax;
  if (text === '-infinity') return momentMin;
  const match = momentPattern.exec(text);
  if (!match) throw unreadable('timestamp');
  const [, date = '', time = '', isBefore = ''] = match;
  return { days: daysOfText(`${date}${isBefore}`), microsOfDay: microsOfTime(time) };
}

export interface Interval {
  readonly years: number;
  readonly months: number;
  readonly days: number;
  readonly hours: number;
  readonly minutes: number;
  /** With its fraction, as a text without zeros at the end. */
  readonly seconds: string;
}

const intervalPattern =
  /^P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)D)?(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?[\d.]+)S)?)?$/;

/** `P1Y2M3DT4H5M6.78S` */
export function intervalOfText(text: string): Interval {
  const match = intervalPattern.exec(text);
  if (!match) throw unreadable('interval');
  const [, years, months, days, hours, minutes, seconds = '0'] = match;
  return {
    years: Number(years ?? 0),
    months: Number(months ?? 0),
    days: Number(days ?? 0),
    hours: Number(hours ?? 0),
    minutes: Number(minutes ?? 0),
    seconds: seconds.includes('.') ? seconds.replace(/\.?0+$/, '') : seconds,
  };
}

/** The last double below 2^63; the longest intervals have more microseconds. */
const int64Max = 9_223_372_036_854_774_784;

/** Of which Debezium says that a month has. */
const daysPerMonth = 365.25 / 12;

export function microsOfInterval(interval: Interval): number {
  const days = (interval.years * 12 + interval.months) * daysPerMonth + interval.days;
  const minutes = (days * 24 + interval.hours) * 60 + interval.minutes;
  const micros = Math.trunc(minutes * 60e6 + Math.round(Number(interval.seconds) * 1e6));
  return Math.max(-int64Max, Math.min(int64Max, micros));
}

export function isoInterval({ years, months, days, hours, minutes, seconds }: Interval): string {
  const parts = [years, 'Y', months, 'M', days, 'DT', hours, 'H', minutes, 'M', seconds, 'S'];
  return `P${parts.join('')}`;
}

/** `{1,NULL,"a,b"}`: its elements as texts. @throws ConnectError for more than one dimension. */
export function elementsOfArray(text: string): (string | null)[] {
  // Bounds other than 1 stand before it.
  const start = text.indexOf('{');
  const elements: (string | null)[] = [];
  let at = start + 1;
  if (start < 0 || !text.endsWith('}')) throw unreadable('array');
  while (at < text.length - 1) {
    if (text[at] === '{')
      throw new ConnectError(
        'an array of more than one dimension has no schema: leave the column out (column.exclude.list)',
      );
    if (text[at] === '"') {
      const { value, end } = quoted(text, at);
      elements.push(value);
      at = end + 1;
    } else {
      const comma = text.indexOf(',', at);
      const end = comma < 0 ? text.length - 1 : comma;
      const value = text.slice(at, end);
      elements.push(value === 'NULL' ? null : value);
      at = end + 1;
    }
  }
  return elements;
}

/** A text in quotes that begins at `at`; `end` is behind the closing quote. */
function quoted(text: string, at: number): { readonly value: string; readonly end: number } {
  let value = '';
  let index = at + 1;
  while (index < text.length) {
    const character = text[index];
    if (character === '"') return { value, end: index + 1 };
    if (character === '\\') index += 1;
    value += text[index] ?? '';
    index += 1;
  }
  throw unreadable('quoted text');
}

/** `"a"=>"1", "b"=>NULL` */
export function entriesOfHstore(text: string): [string, string | null][] {
  const entries: [string, string | null][] = [];
  let at = 0;
  while (at < text.length) {
    const key = quoted(text, at);
    at = key.end + '=>'.length;
    if (text[at] === '"') {
      const value = quoted(text, at);
      entries.push([key.value, value.value]);
      at = value.end;
    } else {
      entries.push([key.value, null]);
      at += 'NULL'.length;
    }
    at += ', '.length;
  }
  return entries;
}

/** `\x00ff` */
export function bytesOfText(text: string): Buffer {
  return Buffer.from(text.slice(2), 'hex');
}

/** `-$1,234.56` */
export function decimalOfMoney(text: string): string {
  return text.replaceAll(/[^\d.-]/g, '');
}

/** The value itself may be private. */
function unreadable(what: string): ConnectError {
  return new ConnectError(`PostgreSQL wrote a ${what} in a form that is not known`);
}
