/** A file that grows by numbered lines, and what of them has arrived in another one. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

import { systemClock } from '@sluice/kernel';

const tickMs = 5;

export class NumberedFile {
  readonly path: string;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #count = 0;

  /** Begins to append lines `0`, `1`, `2`, … at once. */
  constructor(path: string) {
    this.path = path;
    this.#running = this.#write();
  }

  /** Lines so far. */
  get count(): number {
    return this.#count;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #write(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      appendFileSync(this.path, `${this.#count}\n`);
      this.#count += 1;
      await systemClock.sleep(tickMs, signal).catch(() => {});
    }
  }
}

/** The numbers in a file, line by line; empty while there is no file. */
export function numbersIn(path: string): number[] {
  return linesIn(path).map(Number);
}

/** Complete lines only; what stands after the last end of a line is still being written. */
export function linesIn(path: string): string[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .filter((line) => line !== '');
}
