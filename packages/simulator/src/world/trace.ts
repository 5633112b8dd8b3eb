/**
 * What happened, in order: all of it goes into a hash, by which two runs are compared, and the last lines are
 * kept for people. `12.340 s  w2   claims task/orders/3 fence 17`.
 */
import { TraceHash } from './trace-hash.ts';
import type { VirtualTime } from './virtual-time.ts';

interface Line {
  readonly atMs: number;
  readonly who: string;
  readonly what: string;
}

/** Kept for people: what happens in an hour or two. */
const linesMax = 50_000;

export class Trace {
  readonly #time: VirtualTime;
  readonly #hash = new TraceHash();
  #lines: Line[] = [];

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  get hash(): string {
    return this.#hash.text;
  }

  note(who: string, what: string): void {
    this.noteQuietly(who, what);
    this.#lines.push({ atMs: this.#time.nowMs, who, what });
    if (this.#lines.length > 2 * linesMax) this.#lines = this.#lines.slice(-linesMax);
  }

  /** What happens all the time, and would hide the rest: it counts, but is not shown. */
  noteQuietly(who: string, what: string): void {
    this.#hash.add(`${this.#time.nowMs} ${who} ${what}`);
  }

  /** The last lines, oldest first. */
  last(count: number): string[] {
    return this.#lines.slice(-count).map(({ atMs, who, what }) => {
      const seconds = (atMs / 1_000).toFixed(3);
      return `${seconds.padStart(9)} s  ${who.padEnd(6)} ${what}`;
    });
  }
}
