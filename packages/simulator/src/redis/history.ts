/**
 * What it takes to go back: for each command that wrote, how to undo its writes. A point is the number of such
 * commands before it. Numbers are not used again after going back, so a point that was undone itself means
 * the older one that was gone back to.
 */

export type Undo = () => void;

export interface HistoryOptions {
  /** Commands that can be undone. */
  readonly commandsMax: number;
  /** Older ones cannot be undone. */
  readonly ageMsMax: number;
}

interface Step {
  readonly point: number;
  readonly atMs: number;
  readonly undos: Undo[];
}

/** Steps that are let go before the array is moved, so that each costs nothing to speak of. */
const forgottenMax = 1_024;

export class History {
  readonly #options: HistoryOptions;
  #steps: Step[] = [];
  #forgotten = 0;
  #current: Step | undefined;
  #point = 0;
  #oldest = 0;

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  get point(): number {
    return this.#point;
  }

  /** The oldest point that can be gone back to. */
  get oldest(): number {
    return this.#oldest;
  }

  /** The last point that was reached by a time, or the oldest one that is left. */
  pointAt(atMs: number): number {
    const later = this.#steps.findIndex(
      (step, index) => index >= this.#forgotten && step.atMs > atMs,
    );
    if (later < 0) return this.#point;
    return later === this.#forgotten
      ? this.#oldest
      : (this.#steps[later - 1]?.point ?? this.#oldest);
  }

  /** A command is over: what comes now belongs to the next. */
  endCommand(): void {
    this.#current = undefined;
  }

  note(undo: Undo, nowMs: number): void {
    if (!this.#current) {
      this.#current = { point: ++this.#point, atMs: nowMs, undos: [] };
      this.#steps.push(this.#current);
      this.#forget(nowMs);
    }
    this.#current.undos.push(undo);
  }

  /** @throws Error for a point that was forgotten. */
  revertTo(point: number): void {
    if (point < this.#oldest) throw new Error(`the point ${point} is older than ${this.#oldest}`);
    this.#current = undefined;
    for (;;) {
      const step = this.#steps.at(-1);
      if (!step || step.point <= point) break;
      for (const undo of step.undos.toReversed()) undo();
      this.#steps.pop();
    }
  }

  #forget(nowMs: number): void {
    const { commandsMax, ageMsMax } = this.#options;
    for (;;) {
      const step = this.#steps[this.#forgotten];
      if (!step || step === this.#current) break;
      const isLeft = this.#steps.length - this.#forgotten <= commandsMax;
      if (isLeft && nowMs - step.atMs <= ageMsMax) break;
      this.#oldest = step.point;
      this.#forgotten++;
    }
    if (this.#forgotten < forgottenMax) return;
    this.#steps = this.#steps.slice(this.#forgotten);
    this.#forgotten = 0;
  }
}
