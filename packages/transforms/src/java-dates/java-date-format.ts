/** java.text.SimpleDateFormat in UTC and English. */
import { type Clock, systemClock } from '@sluice/kernel';
import { type CalendarDay, dayOf } from './calendar.ts';
import { formatDate } from './format.ts';
import { parseDate, readingProblem } from './parse.ts';
import { DatePatternProblem, type PatternPart, parseDatePattern } from './pattern.ts';

const dayMs = 86_400_000;

export class JavaDateFormat {
  readonly pattern: string;
  readonly #parts: readonly PatternPart[];
  readonly #clock: Pick<Clock, 'wallMs'>;
  readonly #unreadable: string | undefined;
  /** The same text for all of a day. */
  readonly #isOfDays: boolean;
  /** Most records are of the same day as the one before. */
  #last:
    | { readonly epochDay: number; readonly day: CalendarDay; text: string | undefined }
    | undefined;

  /**
   * `clock` decides the century of years with two digits: they are within 80 years before and 20 years after now.
   * @throws DatePatternProblem
   */
  constructor(pattern: string, clock: Pick<Clock, 'wallMs'> = systemClock) {
    this.pattern = pattern;
    this.#parts = parseDatePattern(pattern);
    this.#clock = clock;
    this.#unreadable = readingProblem(this.#parts);
    this.#isOfDays = !this.#parts.some(
      (part) => part.kind === 'field' && 'aHkKhmsS'.includes(part.letter),
    );
  }

  /** `ms` since 1970. */
  format(ms: number): string {
    const epochDay = Math.floor(ms / dayMs);
    if (this.#last?.epochDay !== epochDay)
      this.#last = { epochDay, day: dayOf(ms), text: undefined };
    const last = this.#last;
    if (!this.#isOfDays) return formatDate(this.#parts, last.day, ms - epochDay * dayMs);
    last.text ??= formatDate(this.#parts, last.day, 0);
    return last.text;
  }

  /** @throws DatePatternProblem for letters that text is not read by. */
  assertReadable(): void {
    if (this.#unreadable !== undefined) throw new DatePatternProblem(this.#unreadable);
  }

  /** ms since 1970; undefined if the text does not match, or the pattern is for writing only. */
  parse(text: string): number | undefined {
    if (this.#unreadable !== undefined) return undefined;
    return parseDate(this.#parts, text, this.#clock.wallMs());
  }
}
