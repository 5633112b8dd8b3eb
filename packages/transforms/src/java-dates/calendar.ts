/**
 * Java's GregorianCalendar in UTC: Julian before 1582-10-15, Gregorian from then on, and lenient: month 14 is
 * February of the next year. Databases' 0001-01-01 falls into the Julian part.
 */

const dayMs = 86_400_000;

export interface CalendarDay {
  /** Negative and 0: before Christ; 0 is 1 BC. */
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly dayOfYear: number;
  /** 0 is Sunday. */
  readonly weekday: number;
}

/** Days since 1970-01-01 of the first Gregorian day, 1582-10-15. */
const firstGregorianDay = -141_427;

export function dayOf(ms: number): CalendarDay {
  const epochDay = Math.floor(ms / dayMs);
  const weekday = modulo(epochDay + 4, 7);
  if (epochDay >= firstGregorianDay) {
    const date = new Date(epochDay * dayMs);
    const year = date.getUTCFullYear();
    const month = date.getUTCMonth() + 1;
    const dayOfYear = epochDay - gregorianEpochDay(year, 1, 1) + 1;
    // 1582 lost ten days, which Java does not count.
    const lost = year === 1582 ? 10 : 0;
    return { year, month, day: date.getUTCDate(), dayOfYear: dayOfYear - lost, weekday };
  }
  // Julian: 1461 days in four years, counted from the first of March of the year 0.
  const days = epochDay - julianEpochDay(0, 3, 1);
  const cycle = Math.floor(days / 1461);
  const inCycle = modulo(days, 1461);
  const yearOfCycle = Math.min(3, Math.floor(inCycle / 365));
  const inYear = inCycle - yearOfCycle * 365;
  const shifted = Math.floor((5 * inYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = cycle * 4 + yearOfCycle + (month <= 2 ? 1 : 0);
  const day = inYear - Math.floor((153 * shifted + 2) / 5) + 1;
  return { year, month, day, dayOfYear: epochDay - julianEpochDay(year, 1, 1) + 1, weekday };
}

/** Any month and day, in range or not. */
export function epochDayOf(year: number, month: number, day: number): number {
  const gregorian = gregorianEpochDay(year, month, day);
  if (gregorian >= firstGregorianDay && year >= 1582) return gregorian;
  return julianEpochDay(year, month, day);
}

function gregorianEpochDay(year: number, month: number, day: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, 1);
  return Math.round(date.getTime() / dayMs) + day - 1;
}

function julianEpochDay(year: number, month: number, day: number): number {
  const normalYear = year + Math.floor((month - 1) / 12);
  const normalMonth = modulo(month - 1, 12) + 1;
  const shiftedYear = normalMonth <= 2 ? normalYear - 1 : normalYear;
  const shiftedMonth = (normalMonth + 9) % 12;
  const sinceMarch = Math.floor((153 * shiftedMonth + 2) / 5);
  // 0000-03-01 of the Julian calendar is day -719470 of the epoch.
  return 365 * shiftedYear + Math.floor(shiftedYear / 4) + sinceMarch + day - 1 - 719_470;
}

export interface CalendarWeek {
  readonly week: number;
  readonly year: number;
}

/** Weeks as in the United States: they begin on Sunday, and the one with January 1 is the first. */
export function weekOfYear({ dayOfYear, weekday, year }: CalendarDay): CalendarWeek {
  const firstWeekday = modulo(weekday - (dayOfYear - 1), 7);
  const week = Math.floor((dayOfYear - 1 + firstWeekday) / 7) + 1;
  const daysLeft = epochDayOf(year + 1, 1, 1) - epochDayOf(year, 1, 1) - dayOfYear;
  return daysLeft < 6 - weekday ? { week: 1, year: year + 1 } : { week, year };
}

export function weekOfMonth({ day, weekday }: CalendarDay): number {
  return Math.floor((day - 1 + modulo(weekday - (day - 1), 7)) / 7) + 1;
}

export function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
