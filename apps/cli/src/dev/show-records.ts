import { toJson } from '@sluice/preview';
import type { LocalRecord } from '@sluice/runtime';

import type { ShownRecord } from './messages.ts';

/** More than anybody reads; the rest is counted. */
const shownPerSecondMax = 500;
const windowMs = 1_000;

export function showRecord(record: LocalRecord): ShownRecord {
  const sourceOffset = 'sourceOffset' in record ? record.sourceOffset : undefined;
  return {
    topic: record.topic,
    partition: record.partition,
    logOffset: record.offset,
    key: toJson(record.key),
    value: toJson(record.value),
    offset: sourceOffset === undefined ? undefined : toJson(sourceOffset),
  };
}

/** Lets through what can be read and counts the rest, so that a fast source does not drown the screen. */
export class RecordThrottle {
  #windowStartMs = Number.NEGATIVE_INFINITY;
  #shownInWindow = 0;
  #skipped = 0;

  /** Those of `records` that are to be shown. */
  admit<Item>(records: readonly Item[], nowMs: number): readonly Item[] {
    if (nowMs - this.#windowStartMs >= windowMs) {
      this.#windowStartMs = nowMs;
      this.#shownInWindow = 0;
    }
    const admitted = records.slice(0, shownPerSecondMax - this.#shownInWindow);
    this.#shownInWindow += admitted.length;
    this.#skipped += records.length - admitted.length;
    return admitted;
  }

  /** How many were left out since the last call. */
  takeSkipped(): number {
    const skipped = this.#skipped;
    this.#skipped = 0;
    return skipped;
  }
}
