/** How many records are due when: the steady rate of all sources here that number their records. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Pace {
  /** Records a second; -1: as many as are taken; 0: none. */
  readonly throughput: number;
  /** First number. */
  readonly from: number;
  /** Ends before this number; default: never. */
  readonly end?: number;
  readonly signal: AbortSignal;
}

export interface Due {
  readonly from: number;
  readonly count: number;
}

/** Records of one batch when there is no limit on the rate. */
const batchRecordsMax = 500;
/** A throttled task yields at most so often, and makes up for at most so much lost time. */
const tickMs = 10;
const arrearsMsMax = 1_000;

/** Consecutive ranges of numbers, each as soon as it is due, until `end` or until the signal is aborted. */
export async function* pacedRanges(pace: Pace): AsyncGenerator<Due> {
  const { throughput, signal, end = Number.POSITIVE_INFINITY } = pace;
  let from = pace.from;
  if (throughput < 0) {
    while (!signal.aborted && from < end) {
      const count = Math.min(batchRecordsMax, end - from);
      yield { from, count };
      from += count;
    }
    return;
  }
  const intervalMs = Math.max(tickMs, throughput === 0 ? arrearsMsMax : 1_000 / throughput);
  let owed = 1; // The first record goes out at once: whoever waits for a sign of life sees one.
  let last = performance.now();
  while (!signal.aborted && from < end) {
    const count = throughput === 0 ? 0 : Math.min(Math.floor(owed), end - from);
    if (count > 0) {
      yield { from, count };
      from += count;
      owed -= count;
    }
    await sleep(intervalMs, undefined, { signal });
    const now = performance.now();
    owed += (Math.min(now - last, arrearsMsMax) * throughput) / 1_000;
    last = now;
  }
}
