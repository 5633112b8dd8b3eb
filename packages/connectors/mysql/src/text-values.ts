/** Values of the texts that MySQL writes in its answers. Pure. */
import type { LocalMoment } from '@sluice/connector-capture';
import { daysOf } from './binlog/row-values.ts';

const datePattern = /^(\d+)-(\d+)-(\d+)/;
const clockPattern = /(-?)(\d+):(\d+):(\d+)(?:\.(\d+))?$/;

/** Days since 1970; null for what is no date, such as 0000-00-00. */
export function daysOfText(text: string): number | null {
  const [, year, month, day] = datePattern.exec(text) ?? [];
  return daysOf(Number(year ?? 0), Number(month ?? 0), Number(day ?? 0));
}

/** µs; MySQL's times are durations of up to 838 hours. */
export function microsOfText(text: string): number {
  const [, sign, hours, minutes, seconds, fraction = ''] = clockPattern.exec(text) ?? [];
  const whole = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
  const micros = whole * 1_000_000 + Number(fraction.padEnd(6, '0'));
  return sign === '-' && micros !== 0 ? -micros : micros;
}

export function momentOfText(text: string): LocalMoment | null {
  const [date = '', clock = ''] = text.split(' ');
  const days = daysOfText(date);
  return days === null ? null : { days, microsOfDay: microsOfText(clock) };
}
