/**
 * What was seen from outside: for each task, which of its numbers came, and when. Knows nothing of the cluster,
 * nor of where the numbers were seen.
 */
import { systemClock } from '@sluice/kernel';
import { waitFor } from '@sluice/testkit';

/** Surely delivered by then, and far shorter than any lease. */
const signalMs = 100;

interface Sequence {
  /** Every number seen, how often. */
  readonly seen: Map<number, number>;
  highest: number;
  lastSeenMs: number;
  longestGapMs: number;
}

interface Watch {
  readonly sinceMs: number;
  readonly sinceWallMs: number;
  /** Task → ms from the start of the watch to its first record that was written after it. */
  readonly first: Map<number, number>;
}

export interface Integrity {
  readonly records: number;
  readonly missing: number;
  readonly duplicates: number;
}

export class Observer {
  readonly #tasks = new Map<number, Sequence>();
  #watch: Watch | undefined;

  /** A number of a task was seen now. `writtenWallMs`: when its writer says that it acted. */
  note(id: number, seqno: number, writtenWallMs: number): void {
    const nowMs = systemClock.monotonicMs();
    let task = this.#tasks.get(id);
    if (!task) {
      task = { seen: new Map(), highest: -1, lastSeenMs: nowMs, longestGapMs: 0 };
      this.#tasks.set(id, task);
    }
    task.seen.set(seqno, (task.seen.get(seqno) ?? 0) + 1);
    task.highest = Math.max(task.highest, seqno);
    task.longestGapMs = Math.max(task.longestGapMs, nowMs - task.lastSeenMs);
    task.lastSeenMs = nowMs;
    const watch = this.#watch;
    // The victim's last records are still under way when the watch begins, and a signal takes a moment.
    const isAfter = watch && writtenWallMs > watch.sinceWallMs + signalMs;
    if (isAfter && !watch.first.has(id)) watch.first.set(id, nowMs - watch.sinceMs);
  }

  /** Starts the clock: call it right before the fault. */
  begin(): void {
    this.#watch = {
      sinceMs: systemClock.monotonicMs(),
      sinceWallMs: systemClock.wallMs(),
      first: new Map(),
    };
    for (const task of this.#tasks.values()) task.longestGapMs = 0;
  }

  /** ms from `begin()` to the first number written after it, for each of the tasks. */
  async firstRecords(tasks: readonly number[], timeoutMs: number): Promise<number[]> {
    const watch = this.#watch;
    if (!watch) throw new Error('begin() was not called');
    await waitFor(async () => tasks.filter((task) => !watch.first.has(task)), {
      what: 'every lost task to go on',
      until: (left) => left.length === 0,
      timeoutMs,
    });
    return tasks.map((task) => watch.first.get(task) ?? Number.NaN);
  }

  /** Longest silence of each task since `begin()`. */
  longestGaps(tasks: readonly number[]): number[] {
    const nowMs = systemClock.monotonicMs();
    return tasks.map((id) => {
      const task = this.#tasks.get(id);
      return task ? Math.max(task.longestGapMs, nowMs - task.lastSeenMs) : Number.NaN;
    });
  }

  /** Highest number of a task that was seen; -1 if none was. */
  highest(id: number): number {
    return this.#tasks.get(id)?.highest ?? -1;
  }

  /** Below the highest of each task, nothing may be missing. */
  integrity(): Integrity {
    let records = 0;
    let missing = 0;
    let duplicates = 0;
    for (const { seen, highest } of this.#tasks.values()) {
      for (const count of seen.values()) {
        records += count;
        duplicates += count - 1;
      }
      missing += highest + 1 - seen.size;
    }
    return { records, missing, duplicates };
  }
}
