/**
 * A process as the operating system sees it: it runs, is frozen or is dead, and has a clock that may be fast
 * or slow. What happens to it (a timer, a message) goes through `deliver`:
 *
 *     running ──freeze──▶ frozen ──thaw──▶ running      kept meanwhile, and delivered one by one
 *        └──────────────── kill ────────▶ dead          never delivered
 *
 * After a thaw, timers come before messages or in the order of their times, whichever the seed draws: both are
 * what real event loops do.
 */
import type { Clock, Timer } from '@sluice/kernel';

import type { Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

type Delivery = 'timer' | 'message';

/** 2023-11-14; what all wall clocks of a simulation begin with. */
export const wallOriginMs = 1_700_000_000_000;

export class PlayedProcess {
  readonly name: string;
  /** ms of its monotonic clock in a ms of the world. */
  readonly rate: number;
  /** The product's. */
  readonly clock: Clock;
  /** When it died; undefined while it lives. */
  diedAtMs: number | undefined;
  frozenAtMs: number | undefined;
  /** Timers of `clock` that were neither fired nor cancelled. */
  timers = 0;
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #bornMs: number;
  readonly #originMs: number;
  #kept: { readonly kind: Delivery; readonly action: () => void }[] = [];

  constructor(options: { name: string; rate: number; time: VirtualTime; random: Random }) {
    const { name, rate, time, random } = options;
    this.name = name;
    this.rate = rate;
    this.#time = time;
    this.#random = random;
    this.#bornMs = time.nowMs;
    // Monotonic clocks of two machines have nothing to do with each other.
    this.#originMs = random.whole(1, 1_000_000);
    this.clock = {
      monotonicMs: () => this.#originMs + (time.nowMs - this.#bornMs) * rate,
      wallMs: () => wallOriginMs + time.nowMs,
      after: (ms, action) => this.#counted(ms, action),
      sleep: (ms, signal) => this.#sleep(ms, signal),
    };
  }

  get isAlive(): boolean {
    return this.diedAtMs === undefined;
  }

  get isFrozen(): boolean {
    return this.frozenAtMs !== undefined;
  }

  /** Lets something happen to it, now or when it goes on. */
  deliver(action: () => void, kind: Delivery = 'message'): void {
    if (!this.isAlive) return;
    if (this.isFrozen) this.#kept.push({ kind, action });
    else action();
  }

  freeze(): void {
    this.frozenAtMs ??= this.#time.nowMs;
  }

  thaw(): void {
    if (!this.isFrozen) return;
    this.frozenAtMs = undefined;
    const kept = this.#kept;
    this.#kept = [];
    const ordered = this.#random.chance(0.5)
      ? kept
      : [
          ...kept.filter(({ kind }) => kind === 'timer'),
          ...kept.filter(({ kind }) => kind === 'message'),
        ];
    for (const { kind, action } of ordered) {
      this.#time.after(0, () => this.deliver(action, kind));
    }
  }

  /** As SIGKILL. */
  kill(): void {
    this.diedAtMs ??= this.#time.nowMs;
    this.frozenAtMs = undefined;
    this.#kept = [];
  }

  /** By its clock, for what is played around the product in it. */
  after(ms: number, action: () => void): Timer {
    let isOver = false;
    const fire = (): void => {
      if (isOver) return;
      isOver = true;
      action();
    };
    const event = this.#time.after(ms / this.rate, () => this.deliver(fire, 'timer'));
    return {
      cancel: () => {
        isOver = true;
        event.cancel();
      },
    };
  }

  #counted(ms: number, action: () => void): Timer {
    let isCounted = true;
    const end = (): void => {
      if (isCounted) this.timers--;
      isCounted = false;
    };
    this.timers++;
    const timer = this.after(ms, () => {
      end();
      action();
    });
    return {
      cancel: () => {
        end();
        timer.cancel();
      },
    };
  }

  #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const timer = this.#counted(ms, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      const onAbort = (): void => {
        timer.cancel();
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}
