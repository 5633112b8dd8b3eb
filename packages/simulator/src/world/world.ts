/** What all parts of a simulated cluster share: its time, its chance, its memory of what happened. */
import { Coverage } from './coverage.ts';
import { PlayedProcess } from './played-process.ts';
import { Random } from './random.ts';
import { Trace } from './trace.ts';
import type { InvariantName, Violation } from './violations.ts';
import { VirtualTime } from './virtual-time.ts';

export class World {
  readonly seed: number;
  readonly time = new VirtualTime();
  readonly trace = new Trace(this.time);
  readonly coverage = new Coverage();
  violation: Violation | undefined;
  /** Until then, what a store without memory may have given to two is excused: see `dataLost`. */
  excusedUntilMs = Number.NEGATIVE_INFINITY;
  /** Of the last loss. */
  lostAtMs: number | undefined;
  /** Data was lost, and the cluster was not at rest since. */
  isRecovering = false;
  #lives = 0;

  constructor(seed: number) {
    this.seed = seed;
  }

  random(purpose: string): Random {
    return new Random(this.seed, purpose);
  }

  process(name: string, rate: number): PlayedProcess {
    const random = this.random(`process ${name} ${this.#lives++}`);
    return new PlayedProcess({ name, rate, time: this.time, random });
  }

  violated(invariant: InvariantName, message: string): void {
    if (this.violation) return;
    this.violation = { invariant, atMs: this.time.nowMs, message };
    this.trace.note('!', `${invariant} violated: ${message}`);
  }

  /** Redis forgot something: who owns what may not be known to it for so long. */
  dataLost(forMs: number): void {
    this.lostAtMs = this.time.nowMs;
    this.isRecovering = true;
    this.excusedUntilMs = Math.max(this.excusedUntilMs, this.time.nowMs + forMs);
  }

  /**
   * Whether an ownership that began then may have been lost: its unit is its former owner's again, under a fence that
   * is lower than one that had effects. Where fences are compared it is refused once, and asks for a new one.
   */
  isTakenBack(sinceMs: number): boolean {
    return this.lostAtMs !== undefined && sinceMs <= this.lostAtMs;
  }

  get isExcused(): boolean {
    return this.time.nowMs < this.excusedUntilMs;
  }
}
