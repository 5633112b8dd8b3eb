/** The parts of a SimpleDateFormat pattern. */

/** Says what of a pattern is wrong, or not supported. */
export class DatePatternProblem extends Error {
  override readonly name: string = 'DatePatternProblem';
}

export type DateLetter =
  | 'G'
  | 'y'
  | 'Y'
  | 'M'
  | 'L'
  | 'w'
  | 'W'
  | 'D'
  | 'd'
  | 'F'
  | 'E'
  | 'u'
  | 'a'
  | 'H'
  | 'k'
  | 'K'
  | 'h'
  | 'm'
  | 's'
  | 'S'
  | 'z'
  | 'Z'
  | 'X';

export type PatternPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'field'; readonly letter: DateLetter; readonly count: number };

const letters = 'GyYMLwWDdFEuaHkKhmsSzZX';

/** @throws DatePatternProblem in Java's words. */
export function parseDatePattern(pattern: string): PatternPart[] {
  const parts: PatternPart[] = [];
  let text = '';
  const flush = (): void => {
    if (text !== '') parts.push({ kind: 'text', text });
    text = '';
  };
  let at = 0;
  while (at < pattern.length) {
    const rest = pattern.slice(at);
    const [quoted] = /^'(?:[^']|'')*'/.exec(rest) ?? [];
    const [run] = /^([a-zA-Z])\1*/.exec(rest) ?? [];
    if (rest.startsWith("''")) {
      text += "'";
      at += 2;
    } else if (quoted !== undefined) {
      text += quoted.slice(1, -1).replaceAll("''", "'");
      at += quoted.length;
    } else if (rest.startsWith("'")) {
      throw new DatePatternProblem('Unterminated quote');
    } else if (run === undefined) {
      text += rest[0] ?? '';
      at += 1;
    } else {
      const letter = run[0] ?? '';
      if (!letters.includes(letter))
        throw new DatePatternProblem(`Illegal pattern character '${letter}'`);
      if (letter === 'X' && run.length > 3)
        throw new DatePatternProblem(`invalid ISO 8601 format: length=${String(run.length)}`);
      flush();
      parts.push({ kind: 'field', letter: letter as DateLetter, count: run.length });
      at += run.length;
    }
  }
  flush();
  return parts;
}

export const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

export const dayNames = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
] as const;

export const eraNames = ['BC', 'AD'] as const;
export const halfDayNames = ['AM', 'PM'] as const;
