/** Lines that wait for their batch: a bounded number, and how many more there were. */
export interface LineBatch<Line> {
  readonly lines: readonly Line[];
  readonly dropped: number;
}

export class LineBuffer<Line> {
  readonly #max: number;
  #lines: Line[] = [];
  #dropped = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0 && this.#dropped === 0;
  }

  add(line: Line): void {
    if (this.#lines.length < this.#max) this.#lines.push(line);
    else this.#dropped += 1;
  }

  /** What somebody else had to drop. */
  drop(count: number): void {
    this.#dropped += count;
  }

  take(): LineBatch<Line> {
    const batch = { lines: this.#lines, dropped: this.#dropped };
    this.#lines = [];
    this.#dropped = 0;
    return batch;
  }
}
