/**
 * Topics that tasks say they use, until the store has heard of them. A store that does not answer leaves them here; the
 * next acknowledged beat calls `flush`. Bounded by the tasks that this worker owns and the topics that they use.
 */
import type { Clock } from '@sluice/kernel';

import type { UnitId } from '../model.ts';
import type { UsedTopics } from '../store.ts';

export class TopicNotes {
  readonly #options: {
    readonly clock: Clock;
    /** How long notes are gathered before they are stored together. */
    readonly gatherMs: number;
    readonly batchMax: number;
  };
  readonly #store: (used: readonly UsedTopics[]) => Promise<unknown>;
  readonly #notes = new Map<UnitId, { readonly fence: number; readonly topics: Set<string> }>();
  #storing: Promise<void> | undefined;

  constructor(
    options: { clock: Clock; gatherMs: number; batchMax: number },
    store: (used: readonly UsedTopics[]) => Promise<unknown>,
  ) {
    this.#options = options;
    this.#store = store;
  }

  add(unit: UnitId, fence: number, topics: readonly string[]): void {
    this.#keep({ unit, fence, topics });
    this.flush();
  }

  flush(): void {
    if (this.#notes.size === 0) return;
    this.#storing ??= this.#storeAll().finally(() => {
      this.#storing = undefined;
    });
  }

  clear(): void {
    this.#notes.clear();
  }

  #keep({ unit, fence, topics }: UsedTopics): void {
    const known = this.#notes.get(unit);
    if (known && known.fence > fence) return;
    if (known?.fence === fence) for (const topic of topics) known.topics.add(topic);
    else this.#notes.set(unit, { fence, topics: new Set(topics) });
  }

  /** Never rejects. */
  async #storeAll(): Promise<void> {
    const { clock, gatherMs, batchMax } = this.#options;
    while (this.#notes.size > 0) {
      await clock.sleep(gatherMs);
      const used = [...this.#notes]
        .slice(0, batchMax)
        .map(([unit, { fence, topics }]) => ({ unit, fence, topics: [...topics] }));
      // They were cleared meanwhile.
      if (used.length === 0) return;
      for (const { unit } of used) this.#notes.delete(unit);
      try {
        // What is refused is of an owner of the past.
        await this.#store(used);
      } catch {
        for (const each of used) this.#keep(each);
        return;
      }
    }
  }
}
