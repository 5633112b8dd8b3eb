/**
 * Lines to entries: an entry begins at a line that matches, and has the lines behind it that do not, such as a stack
 * trace. Without a pattern each line is an entry. An entry is known to be complete when the next one begins; the last
 * one of a log that rests is taken by `flush`.
 */
export interface Entry {
  readonly text: string;
  /** Behind its last line. */
  readonly position: number;
}

/** An entry that goes on for ever, because nothing matches, is cut. */
const linesMax = 1_000;
const charactersMax = 1_000_000;

export class EntryAssembler {
  readonly #start: RegExp | undefined;
  #lines: string[] = [];
  #characters = 0;
  #position = 0;

  constructor(start: RegExp | undefined) {
    this.#start = start;
  }

  get isPending(): boolean {
    return this.#lines.length > 0;
  }

  /** The entry that is complete now, if one is. */
  push(line: string, position: number): Entry | undefined {
    if (!this.#start) return { text: line, position };
    const isFull = this.#lines.length >= linesMax || this.#characters >= charactersMax;
    const complete = isFull || this.#start.test(line) ? this.flush() : undefined;
    this.#lines.push(line);
    this.#characters += line.length;
    this.#position = position;
    return complete;
  }

  flush(): Entry | undefined {
    if (!this.isPending) return undefined;
    const entry = { text: this.#lines.join('\n'), position: this.#position };
    this.drop();
    return entry;
  }

  drop(): void {
    this.#lines = [];
    this.#characters = 0;
  }
}
