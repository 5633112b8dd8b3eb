/** Turns many calls made at about the same time into few that carry many items. */
import { type Clock, toError } from '@sluice/kernel';

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

export class Coalescer<Item, Result> {
  readonly #clock: Clock;
  readonly #gatherMs: number;
  readonly #batchMax: number;
  readonly #call: (items: readonly Item[]) => Promise<readonly Result[]>;
  #waiting: Waiting<Item, Result>[] = [];
  #isScheduled = false;

  constructor(
    clock: Clock,
    gatherMs: number,
    batchMax: number,
    call: (items: readonly Item[]) => Promise<readonly Result[]>,
  ) {
    this.#clock = clock;
    this.#gatherMs = gatherMs;
    this.#batchMax = batchMax;
    this.#call = call;
  }

  /** Rejects with what the call rejected with. */
  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#waiting.length >= this.#batchMax) void this.#flush();
      else if (!this.#isScheduled) {
        this.#isScheduled = true;
        this.#clock.after(this.#gatherMs, () => {
          this.#isScheduled = false;
          void this.#flush();
        });
      }
    });
  }

  /** Never rejects: each waiting caller is told. */
  async #flush(): Promise<void> {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    try {
      const results = await this.#call(batch.map(({ item }) => item));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const result = results[index];
        if (result === undefined) reject(new Error('a batch call answered with too few results'));
        else resolve(result);
      }
    } catch (error) {
      for (const { reject } of batch) reject(toError(error));
    }
  }
}
