/**
 * Lines of the standard input on their way to a sink: handed on a batch at a time, the next one when the
 * one before is stored. What a thread had not stored when it ended goes to the one that follows it.
 */
import { createInterface, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';

const batchLinesMax = 100;
const waitingLinesMax = 1_000;

export class InputLines {
  readonly #send: (lines: readonly string[]) => void;
  #lines: Interface | undefined;
  #waiting: string[] = [];
  #inFlight: string[] = [];
  #stored = 0;
  #hasEnded = false;
  #isOpen = false;

  constructor(send: (lines: readonly string[]) => void) {
    this.#send = send;
  }

  /** All lines that there will be, once they are stored; undefined before that. */
  get total(): number | undefined {
    const isDone = this.#hasEnded && this.#waiting.length === 0 && this.#inFlight.length === 0;
    return isDone ? this.#stored : undefined;
  }

  /** A thread is ready to store lines. */
  open(input: Readable): void {
    this.#isOpen = true;
    this.#waiting.unshift(...this.#inFlight);
    this.#inFlight = [];
    this.#lines ??= this.#read(input);
    this.#pump();
  }

  /** The thread stored what it was sent. */
  stored(): void {
    this.#stored += this.#inFlight.length;
    this.#inFlight = [];
    this.#pump();
  }

  /** The thread is gone. */
  closed(): void {
    this.#isOpen = false;
  }

  stop(): void {
    this.#lines?.close();
  }

  #read(input: Readable): Interface {
    const lines = createInterface({ input });
    lines.on('line', (line) => {
      this.#waiting.push(line);
      if (this.#waiting.length >= waitingLinesMax) lines.pause();
      this.#pump();
    });
    lines.on('close', () => {
      this.#hasEnded = true;
    });
    return lines;
  }

  #pump(): void {
    if (!this.#isOpen || this.#inFlight.length > 0 || this.#waiting.length === 0) return;
    this.#inFlight = this.#waiting.splice(0, batchLinesMax);
    this.#send(this.#inFlight);
    if (!this.#hasEnded && this.#waiting.length < waitingLinesMax) this.#lines?.resume();
  }
}
