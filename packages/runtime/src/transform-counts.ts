/**
 * What each transform of a task did, counted once a batch: records that came and went on, and the time between, waits
 * between attempts included.
 */
import type { Clock } from '@sluice/kernel';
import type { StageObserver, TransformationChain, TransformationStage } from '@sluice/transforms';

import type { TransformCounters } from './payloads.ts';

/** Of one task; those behind them are not counted. */
const countedMax = 20;

export type MutableTransformCounters = {
  -readonly [Name in keyof TransformCounters]: TransformCounters[Name];
};

export class TransformCounts implements StageObserver {
  readonly #clock: Clock;
  readonly #counters = new Map<string, MutableTransformCounters>();
  #beganMs = 0;

  /** `counters`: of the task, which outlive its runs. */
  constructor(chain: TransformationChain, counters: MutableTransformCounters[], clock: Clock) {
    this.#clock = clock;
    for (const { alias: name } of chain.stages.slice(0, countedMax)) {
      let own = counters.find((each) => each.name === name);
      if (!own) {
        own = { name, recordsIn: 0, recordsOut: 0, seconds: 0 };
        counters.push(own);
      }
      this.#counters.set(name, own);
    }
  }

  began({ alias }: TransformationStage, records: number): void {
    this.#beganMs = this.#clock.monotonicMs();
    const counters = this.#counters.get(alias);
    if (counters) counters.recordsIn += records;
  }

  ended({ alias }: TransformationStage, records: number): void {
    const counters = this.#counters.get(alias);
    if (!counters) return;
    counters.recordsOut += records;
    counters.seconds += (this.#clock.monotonicMs() - this.#beganMs) / 1_000;
  }
}
