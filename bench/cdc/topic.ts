/** A topic of one partition, as whoever consumes it sees it. */
import { newShortId, systemClock } from '@sluice/kernel';
import type { FetchedRecord, LogReader } from '@sluice/record-log';
import type { KafkaLog } from '@sluice/record-log-kafka';

const pollMs = 200;
/** How often it is looked how many records there are. */
const lookMs = 25;
/** Whoever captures is asked how it is when so long nothing came: to answer costs it CPU time, too. */
const silentMs = 3_000;
const recordsPerPoll = 10_000;

/** When the first of the records was there, and when all were. */
export interface Arrival {
  readonly firstMs: number;
  readonly lastMs: number;
}

export class CapturedTopic {
  readonly name: string;
  readonly #log: KafkaLog;

  private constructor(log: KafkaLog, name: string) {
    this.#log = log;
    this.name = name;
  }

  static async create(log: KafkaLog, name: string): Promise<CapturedTopic> {
    await log.topics.create(name, { partitions: 1, replicationFactor: 1 });
    return new CapturedTopic(log, name);
  }

  async count(): Promise<number> {
    const [marks] = await this.#log.topics.watermarks([{ topic: this.name, partition: 0 }]);
    return marks?.high ?? 0;
  }

  /** Until there are `total` records; before it, there were `before`. */
  async arrivalOf(
    before: number,
    total: number,
    options: { readonly limitMs: number; readonly failure: () => Promise<string | undefined> },
  ): Promise<Arrival> {
    const deadlineMs = systemClock.monotonicMs() + options.limitMs;
    let firstMs: number | undefined;
    let seen = { count: -1, atMs: 0 };
    for (;;) {
      const count = await this.count();
      const nowMs = systemClock.monotonicMs();
      if (count > before) firstMs ??= nowMs;
      if (firstMs !== undefined && count >= total) return { firstMs, lastMs: nowMs };
      if (count > seen.count) seen = { count, atMs: nowMs };
      const isSilent = nowMs - seen.atMs > silentMs;
      if (isSilent) seen = { count, atMs: nowMs };
      const failure = isSilent ? await options.failure() : undefined;
      if (failure !== undefined) throw new Error(`${this.name}: the task failed: ${failure}`);
      if (nowMs > deadlineMs)
        throw new Error(`${this.name} has ${count} of ${total} records, which is all that came`);
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  }

  /** Records from an offset on, each as soon as it can be read, until there are `count` or the limit is over. */
  async read(
    from: number,
    count: number,
    limitMs: number,
    take: (record: FetchedRecord) => void,
  ): Promise<number> {
    const id = `bench-cdc-${newShortId()}`;
    const reader = await this.#log.openReader({
      identity: { id, fence: 1 },
      group: id,
      pollRecordsMax: recordsPerPoll,
    });
    try {
      return await readInto(reader, { topic: this.name, from, count, limitMs, take });
    } finally {
      await reader.close();
    }
  }

  async delete(): Promise<void> {
    await this.#log.topics.delete(this.name);
  }
}

async function readInto(
  reader: LogReader,
  options: {
    readonly topic: string;
    readonly from: number;
    readonly count: number;
    readonly limitMs: number;
    readonly take: (record: FetchedRecord) => void;
  },
): Promise<number> {
  const partition = { topic: options.topic, partition: 0 };
  await reader.assign([partition]);
  reader.seek(partition, options.from);
  const deadlineMs = systemClock.monotonicMs() + options.limitMs;
  let read = 0;
  while (read < options.count && systemClock.monotonicMs() < deadlineMs)
    for (const { records } of await reader.poll(pollMs))
      for (const record of records.slice(0, options.count - read)) {
        options.take(record);
        read += 1;
      }
  return read;
}
