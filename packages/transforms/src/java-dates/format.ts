/** Writes points in time as SimpleDateFormat does in UTC and English. */
import { type CalendarDay, weekOfMonth, weekOfYear } from './calendar.ts';
import {
  type DateLetter,
  dayNames,
  eraNames,
  halfDayNames,
  monthNames,
  type PatternPart,
} from './pattern.ts';

/** `time` is in ms since midnight. */
export function formatDate(parts: readonly PatternPart[], day: CalendarDay, time: number): string {
  let text = '';
  for (const part of parts)
    text += part.kind === 'text' ? part.text : formatField(part.letter, part.count, day, time);
  return text;
}

function formatField(letter: DateLetter, count: number, day: CalendarDay, time: number): string {
  const hour = Math.floor(time / 3_600_000);
  const padded = (value: number): string => String(value).padStart(count, '0');
  switch (letter) {
    case 'G':
      return eraNames[day.year > 0 ? 1 : 0];
    case 'y':
      return formatYear(day.year > 0 ? day.year : 1 - day.year, count);
    case 'Y':
      // Without an era, unlike y.
      return formatYear(weekOfYear(day).year, count);
    case 'M':
    case 'L':
      return count <= 2 ? padded(day.month) : nameOf(monthNames, day.month - 1, count);
    case 'w':
      return padded(weekOfYear(day).week);
    case 'W':
      return padded(weekOfMonth(day));
    case 'D':
      return padded(day.dayOfYear);
    case 'd':
      return padded(day.day);
    case 'F':
      return padded(Math.floor((day.day - 1) / 7) + 1);
    case 'E':
      return nameOf(dayNames, day.weekday, count);
    case 'u':
      return padded(day.weekday === 0 ? 7 : day.weekday);
    case 'a':
      return halfDayNames[hour < 12 ? 0 : 1];
    case 'H':
      return padded(hour);
    case 'k':
      return padded(hour === 0 ? 24 : hour);
    case 'K':
      return padded(hour % 12);
    case 'h':
      return padded(hour % 12 === 0 ? 12 : hour % 12);
    case 'm':
      return padded(Math.floor(time / 60_000) % 60);
    case 's':
      return padded(Math.floor(time / 1_000) % 60);
    case 'S':
      return padded(time % 1_000);
    case 'z':
      return count >= 4 ? 'Coordinated Universal Time' : 'UTC';
    case 'Z':
      return '+0000';
    case 'X':
      return 'Z';
    default:
      return letter satisfies never;
  }
}

function formatYear(year: number, count: number): string {
  const digits = count === 2 ? Math.abs(year) % 100 : Math.abs(year);
  return (year < 0 ? '-' : '') + String(digits).padStart(count, '0');
}

function nameOf(names: readonly string[], index: number, count: number): string {
  const name = names[index] ?? '';
  return count >= 4 ? name : name.slice(0, 3);
}
