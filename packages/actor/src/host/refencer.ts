/**
 * Gets new fences for actors whose executor was lost: those of one turn together, tried again until it
 * succeeds, since what an abandoned executor had in flight can be refused only after that.
 */
import { backoffMs, type Clock, SluiceError, type Timer } from '@sluice/kernel';
import type { ActorHostOptions } from '../types.ts';
import type { ActorEntry } from './actor-entry.ts';

const answerLimitMs = 5_000;
const retry = { initialMs: 50, maxMs: 1_000 };

export interface RefencerOptions {
  readonly clock: Clock;
  readonly refence: ActorHostOptions['refence'];
  /** `fence` undefined: not ours any more. */
  readonly refenced: (entry: ActorEntry, fence: number | undefined) => void;
}

export class Refencer {
  readonly #options: RefencerOptions;
  #waiting = new Set<ActorEntry>();
  #scheduled: NodeJS.Immediate | undefined;
  #timer: Timer | undefined;
  #attempt = 0;
  #isClosed = false;

  constructor(options: RefencerOptions) {
    this.#options = options;
  }

  add(entry: ActorEntry): void {
    this.#waiting.add(entry);
    this.#schedule();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    if (this.#scheduled) clearImmediate(this.#scheduled);
    this.#waiting.clear();
  }

  #schedule(): void {
    if (this.#isClosed || this.#timer) return;
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      void this.#refence();
    });
  }

  /** Never rejects. */
  async #refence(): Promise<void> {
    const batch = [...this.#waiting].filter((entry) => entry.phase.kind === 'refencing');
    this.#waiting.clear();
    if (batch.length === 0) return;
    try {
      const fences = await this.#withinLimit(
        this.#options.refence(batch.map(({ address, fence }) => ({ address, fence }))),
      );
      this.#attempt = 0;
      for (const entry of batch) {
        if (entry.phase.kind === 'refencing') {
          this.#options.refenced(entry, fences.get(entry.address));
        }
      }
    } catch {
      // Redis does not answer, most likely; the actors stay stalled, which is what they are.
      this.#retry(batch);
    }
  }

  #retry(batch: readonly ActorEntry[]): void {
    if (this.#isClosed) return;
    for (const entry of batch) this.#waiting.add(entry);
    this.#attempt++;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(backoffMs(this.#attempt, retry), () => {
      this.#timer = undefined;
      this.#schedule();
    });
  }

  async #withinLimit<Result>(answer: Promise<Result>): Promise<Result> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = this.#options.clock.after(answerLimitMs, () =>
      reject(new SluiceError('actor.refence-timeout', `no new fences within ${answerLimitMs} ms`)),
    );
    try {
      return await Promise.race([answer, promise]);
    } finally {
      timer.cancel();
    }
  }
}
