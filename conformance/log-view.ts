/** Kafka as the cases see it: topics made, filled and read, whatever runs beside. */
import { newShortId } from '@sluice/kernel';
import type { FetchedRecord, GroupOffset, ProduceRecord, SourceOffset } from '@sluice/record-log';
import { KafkaLog } from '@sluice/record-log-kafka';
import { type KafkaHandle, waitFor } from '@sluice/testkit';
import { Kafka, logLevel } from 'kafkajs';

export interface FoundRecord extends FetchedRecord {
  readonly partition: number;
}

export type TopicConfig = Readonly<Record<string, string>>;

/** Of one that was written. */
export interface Place {
  readonly partition: number;
  readonly offset: number;
}

const arriveLimitMs = 30_000;

export class LogView {
  readonly #log: KafkaLog;
  readonly #brokers: string[];

  private constructor(log: KafkaLog, brokers: readonly string[]) {
    this.#log = log;
    this.#brokers = [...brokers];
  }

  /** `offsetsTopic`: where the target keeps those of sources. */
  static async open(kafka: KafkaHandle, offsetsTopic: string): Promise<LogView> {
    const log = new KafkaLog({
      brokers: kafka.brokers,
      cluster: 'conformance',
      clientId: 'conformance',
      offsetStorageTopic: offsetsTopic,
    });
    await log.start();
    return new LogView(log, kafka.brokers);
  }

  close(): void {
    this.#log.destroy();
  }

  async create(topic: string, partitions: number, config: TopicConfig = {}): Promise<void> {
    await this.#log.topics.create(topic, { partitions, config });
  }

  /** undefined: there is no such topic. */
  async partitionsOf(topic: string): Promise<number | undefined> {
    return (await this.#log.topics.describe([topic])).get(topic)?.partitions;
  }

  /** Where each of them is. */
  async produce(topic: string, records: readonly ProduceRecord[]): Promise<Place[]> {
    const writer = await this.#log.openWriter({ id: `conformance.${newShortId()}`, fence: 1 });
    try {
      const [ack] = await writer.produce([{ topic, records }]);
      return records.map((_, index) => ({
        partition: ack?.partitions[index] ?? -1,
        offset: ack?.offsets[index] ?? -1,
      }));
    } finally {
      await writer.close();
    }
  }

  /** All that is in the topic, by partition and offset, once it is so many; more is more than was expected. */
  async read(topic: string, count: number): Promise<FoundRecord[]> {
    return await waitFor(() => this.readNow(topic), {
      what: `${String(count)} records in ${topic}`,
      until: (records) => records.length >= count,
      timeoutMs: arriveLimitMs,
      intervalMs: 100,
    });
  }

  /** All that is in it at this moment; nothing if there is no such topic. */
  async readNow(topic: string): Promise<FoundRecord[]> {
    const count = (await this.partitionsOf(topic)) ?? 0;
    const partitions = Array.from({ length: count }, (_, partition) => ({ topic, partition }));
    const ends = await this.#log.topics.watermarks(partitions);
    const reader = await this.#log.openReader({
      identity: { id: `conformance.${newShortId()}`, fence: 1 },
      group: `conformance-${newShortId()}`,
    });
    const isBehind = (): boolean =>
      partitions.some((each, index) => (reader.position(each) ?? 0) < (ends[index]?.high ?? 0));
    const records: FoundRecord[] = [];
    try {
      await reader.assign(partitions);
      while (isBehind())
        for (const { partition, records: found } of await reader.poll(1_000))
          for (const record of found) records.push({ ...record, partition });
    } finally {
      await reader.close();
    }
    return records.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
  }

  async sourceOffsets(connector: string): Promise<SourceOffset[]> {
    return await this.#log.listSourceOffsets(connector);
  }

  /** A consumer of another client, until it is disposed of. */
  async joinGroup(group: string, topic: string): Promise<AsyncDisposable> {
    const kafka = new Kafka({ brokers: this.#brokers, logLevel: logLevel.NOTHING });
    const consumer = kafka.consumer({ groupId: group, retry: { retries: 5 } });
    await consumer.connect();
    const joined = new Promise<void>((resolve) => {
      consumer.on(consumer.events.GROUP_JOIN, () => resolve());
    });
    await consumer.subscribe({ topics: [topic] });
    await consumer.run({ eachBatch: async () => {} });
    await joined;
    return { [Symbol.asyncDispose]: () => consumer.disconnect() };
  }

  async groupOffsets(group: string): Promise<GroupOffset[]> {
    return await this.#log.listGroupOffsets(group);
  }
}
