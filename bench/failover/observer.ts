/**
 * The outside observer: reads the topic that all tasks write their sequences to, and notes when each
 * number was seen. Knows nothing of the cluster.
 */
import { systemClock } from '@sluice/kernel';
import type { LogReader } from '@sluice/record-log';
import { RedisLog } from '@sluice/record-log-redis';
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
  readonly #log: RedisLog;
  readonly #topic: string;
  readonly #tasks = new Map<number, Sequence>();
  readonly #stopping = new AbortController();
  #reader: LogReader | undefined;
  #running: Promise<void> | undefined;
  #watch: Watch | undefined;

  constructor(options: { redisUrl: string; cluster: string; topic: string }) {
    this.#log = new RedisLog({
      url: options.redisUrl,
      cluster: options.cluster,
      clientId: 'bench-observer',
    });
    this.#topic = options.topic;
  }

  async start(): Promise<void> {
    await this.#log.start();
    this.#reader = await this.#log.openReader({
      identity: { id: 'bench-observer', fence: 1 },
      group: 'bench-observer',
      pollRecordsMax: 10_000,
    });
    await this.#reader.assign([{ topic: this.#topic, partition: 0 }]);
    this.#running = this.#read(this.#reader);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#reader?.close();
    await this.#log.stop();
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
      what: 'every lost task to write again',
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

  async #read(reader: LogReader): Promise<void> {
    const decoder = new TextDecoder();
    while (!this.#stopping.signal.aborted) {
      const batches = await reader.poll(1_000, this.#stopping.signal);
      const nowMs = systemClock.monotonicMs();
      for (const { records } of batches) {
        for (const { value } of records) {
          if (!value) continue;
          const { task, seqno, time_ms } = JSON.parse(decoder.decode(value)) as {
            task: number;
            seqno: number;
            time_ms: number;
          };
          this.#note(task, seqno, time_ms, nowMs);
        }
      }
    }
  }

  #note(id: number, seqno: number, writtenWallMs: number, nowMs: number): void {
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
    if (isAfter && !watch.first.has(id)) {
      watch.first.set(id, nowMs - watch.sinceMs);
    }
  }
}
