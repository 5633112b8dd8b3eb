/** Lines that wait for their batch: a bounded number with a bounded number of characters, and how many more there were. */
import { logLineLimits } from '@sluice/coordination';

export interface LineBatch<Line> {
  readonly lines: readonly Line[];
  readonly dropped: number;
}

/** As many as all lines have that are kept: longer ones, of which only so much is kept, leave room for fewer. */
const charactersMax = logLineLimits.perSecond * logLineLimits.characters;

export class LineBuffer<Line extends { readonly message: string }> {
  readonly #max: number;
  #lines: Line[] = [];
  #characters = 0;
  #dropped = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0 && this.#dropped === 0;
  }

  add(line: Line): void {
    const { length } = line.message;
    if (this.#lines.length < this.#max && this.#characters + length <= charactersMax) {
      this.#lines.push(line);
      this.#characters += length;
    } else this.#dropped += 1;
  }

  /** What somebody else had to drop. */
  drop(count: number): void {
    this.#dropped += count;
  }

  take(): LineBatch<Line> {
    const batch = { lines: this.#lines, dropped: this.#dropped };
    this.#lines = [];
    this.#characters = 0;
    this.#dropped = 0;
    return batch;
  }
}
