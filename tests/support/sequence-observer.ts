/**
 * Somebody outside of the cluster who reads a topic that sequences are written to, and keeps every number
 * in the order of the log. All that a test wants to know of a sequence is derived from that: what is
 * missing, what came twice, who wrote when, how long nobody wrote.
 */
import { newShortId } from '@sluice/kernel';
import type { LogReader, RecordLog, TopicPartition } from '@sluice/record-log';
import { RedisLog } from '@sluice/record-log-redis';
import { type Cluster, waitFor } from '@sluice/testkit';

export interface SeenRecord {
  readonly seqno: number;
  /** Wall clock of the writer, ms, when it made the record. */
  readonly writtenMs: number;
  /** Wall clock of this process, ms, when it was read from the log. */
  readonly seenMs: number;
  readonly partition: number;
  readonly offset: number;
  /** Process that wrote it, if the source says so. */
  readonly pid: number | undefined;
  /** Run of the task that wrote it, if the source says so. */
  readonly run: string | undefined;
}

export interface Integrity {
  readonly records: number;
  /** Numbers below the highest of their sequence that are not there. */
  readonly missing: readonly string[];
  readonly duplicates: number;
}

interface SequenceValue {
  readonly name: string;
  readonly task: number;
  readonly seqno: number;
  readonly time_ms: number;
  readonly pid?: number;
  readonly run?: string;
}

export class SequenceObserver {
  readonly #log: RecordLog;
  readonly #partitions: readonly TopicPartition[];
  readonly #stopping = new AbortController();
  /** `<connector>/<task>` → its records in the order of the log. */
  readonly #sequences = new Map<string, SeenRecord[]>();
  #reader: LogReader | undefined;
  #running: Promise<void> | undefined;

  /** Creates the topic, too: how many partitions it has decides who shares the work of a sink. */
  static async watch(cluster: Cluster, topic: string, partitions = 1): Promise<SequenceObserver> {
    const clientId = `observer-${newShortId()}`;
    const log = new RedisLog({ url: cluster.redisUrl, cluster: cluster.name, clientId });
    return SequenceObserver.watchLog(log, topic, partitions);
  }

  /** On another log than the cluster's Redis; it is started, and stopped, here. */
  static async watchLog(
    log: RecordLog,
    topic: string,
    partitions: number,
  ): Promise<SequenceObserver> {
    const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
    const observer = new SequenceObserver(log, all);
    await observer.#start(topic);
    return observer;
  }

  private constructor(log: RecordLog, partitions: readonly TopicPartition[]) {
    this.#log = log;
    this.#partitions = partitions;
  }

  get log(): RecordLog {
    return this.#log;
  }

  /** `<connector>/<task>` of every sequence that was seen. */
  names(): string[] {
    return [...this.#sequences.keys()].sort();
  }

  records(name: string): readonly SeenRecord[] {
    return this.#sequences.get(name) ?? [];
  }

  integrity(): Integrity {
    let records = 0;
    let duplicates = 0;
    const missing: string[] = [];
    for (const [name, seen] of this.#sequences) {
      const numbers = seen.map(({ seqno }) => seqno);
      records += numbers.length;
      duplicates += numbers.length - new Set(numbers).size;
      missing.push(...holesIn(numbers).map((seqno) => `${name}: ${seqno}`));
    }
    return { records, missing, duplicates };
  }

  /** ms from `sinceMs` to the first record that each of them wrote after it, once all have. */
  async firstAfter(
    names: readonly string[],
    sinceMs: number,
    timeoutMs = 30_000,
  ): Promise<number[]> {
    const first = (name: string): number | undefined =>
      this.records(name).find(({ writtenMs }) => writtenMs > sinceMs)?.writtenMs;
    await waitFor(() => names.filter((name) => first(name) === undefined), {
      what: `${names.join(', ')} to write again`,
      until: (late) => late.length === 0,
      timeoutMs,
    });
    return names.map((name) => (first(name) ?? Number.NaN) - sinceMs);
  }

  /**
   * Longest time between two records, looked at from `sinceMs` until the newest: between their being made, or between
   * their arrivals in the log.
   */
  longestGapMs(name: string, sinceMs: number, clock: 'writtenMs' | 'seenMs' = 'writtenMs'): number {
    let longestMs = 0;
    let beforeMs = sinceMs;
    for (const { [clock]: atMs } of this.records(name)) {
      if (atMs <= beforeMs) continue;
      longestMs = Math.max(longestMs, atMs - beforeMs);
      beforeMs = atMs;
    }
    return longestMs;
  }

  /** Every one of them goes on writing for as long as this. */
  async keepsWriting(names: readonly string[], forMs: number): Promise<void> {
    await this.firstAfter(names, Date.now() + forMs);
  }

  /** Until it has seen what is in the log by now. */
  async catchUp(): Promise<void> {
    const ends = await this.#log.topics.watermarks(this.#partitions);
    await waitFor(
      () =>
        this.#partitions.filter(
          (partition, index) => (this.#reader?.position(partition) ?? 0) < (ends[index]?.high ?? 0),
        ),
      { what: 'all records to be seen', until: ({ length }) => length === 0 },
    );
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#reader?.close();
    this.#log.destroy();
    await this.#log.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #start(topic: string): Promise<void> {
    await this.#log.start();
    await this.#log.topics.create(topic, { partitions: this.#partitions.length });
    const id = `observer-${newShortId()}`;
    this.#reader = await this.#log.openReader({
      identity: { id, fence: 1 },
      group: id,
      pollRecordsMax: 5_000,
    });
    await this.#reader.assign(this.#partitions);
    this.#running = this.#read(this.#reader);
  }

  async #read(reader: LogReader): Promise<void> {
    const decoder = new TextDecoder();
    while (!this.#stopping.signal.aborted) {
      const batches = await reader.poll(500, this.#stopping.signal);
      const seenMs = Date.now();
      for (const { partition, records } of batches) {
        for (const { value, offset } of records) {
          if (!value) continue;
          const { name, task, seqno, time_ms, pid, run } = JSON.parse(
            decoder.decode(value),
          ) as SequenceValue;
          const seen = { seqno, writtenMs: time_ms, seenMs, partition, offset, pid, run };
          const sequence = this.#sequences.get(`${name}/${task}`);
          if (sequence) sequence.push(seen);
          else this.#sequences.set(`${name}/${task}`, [seen]);
        }
      }
    }
  }
}

/** Numbers from the first to the highest that are not among them. */
export function holesIn(numbers: readonly number[], first = 0): number[] {
  const seen = new Set(numbers);
  const holes: number[] = [];
  const highest = numbers.reduce((max, number) => Math.max(max, number), -1);
  for (let number = first; number < highest; number += 1) {
    if (!seen.has(number)) holes.push(number);
  }
  return holes;
}
