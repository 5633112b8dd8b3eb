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

export interface ReadLimits {
  /** Of records that were taken. */
  readonly countMax?: number;
  readonly limitMs: number;
  /** It ends when nothing came for so long: what a topic has is not known by its offsets, which markers of transactions take up, too. */
  readonly quietMs?: number;
}

/** Returns whether it is one of those that are waited for. */
export type Take = (record: FetchedRecord) => boolean;

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

  /** Records, and the few markers of transactions among them. */
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

  /** Records from an offset on, each as soon as it can be read, until enough of them were taken or a limit is over. */
  async read(from: number, limits: ReadLimits, take: Take): Promise<number> {
    const id = `bench-cdc-${newShortId()}`;
    const reader = await this.#log.openReader({
      identity: { id, fence: 1 },
      group: id,
      pollRecordsMax: recordsPerPoll,
    });
    try {
      const partition = { topic: this.name, partition: 0 };
      await reader.assign([partition]);
      reader.seek(partition, from);
      return await readInto(reader, limits, take);
    } finally {
      await reader.close();
    }
  }

  async delete(): Promise<void> {
    await this.#log.topics.delete(this.name);
  }
}

async function readInto(reader: LogReader, limits: ReadLimits, take: Take): Promise<number> {
  const { countMax = Number.POSITIVE_INFINITY, quietMs } = limits;
  const endsMs = systemClock.monotonicMs() + limits.limitMs;
  let quietSinceMs = systemClock.monotonicMs();
  let taken = 0;
  for (;;) {
    const batches = await reader.poll(pollMs);
    const nowMs = systemClock.monotonicMs();
    if (batches.length > 0) quietSinceMs = nowMs;
    for (const record of batches.flatMap(({ records }) => records)) {
      if (take(record)) taken += 1;
      if (taken === countMax) return taken;
    }
    if (nowMs > endsMs || (quietMs !== undefined && nowMs > quietSinceMs + quietMs)) return taken;
  }
}
