/** java.text.SimpleDateFormat in UTC and English. */
import { type Clock, systemClock } from '@sluice/kernel';
import { formatDate } from './format.ts';
import { assertReadable, parseDate } from './parse.ts';
import { type PatternPart, parseDatePattern } from './pattern.ts';

export class JavaDateFormat {
  readonly pattern: string;
  readonly #parts: readonly PatternPart[];
  readonly #clock: Pick<Clock, 'wallMs'>;

  /**
   * `clock` decides the century of years with two digits: they are within 80 years before and 20 years after now.
   * @throws DatePatternProblem
   */
  constructor(pattern: string, clock: Pick<Clock, 'wallMs'> = systemClock) {
    this.pattern = pattern;
    this.#parts = parseDatePattern(pattern);
    this.#clock = clock;
  }

  /** `ms` since 1970. */
  format(ms: number): string {
    return formatDate(this.#parts, ms);
  }

  /** @throws DatePatternProblem for letters that text is not read by. */
  assertReadable(): void {
    assertReadable(this.#parts);
  }

  /** ms since 1970; undefined if the text does not match. */
  parse(text: string): number | undefined {
    return parseDate(this.#parts, text, this.#clock.wallMs());
  }
}
