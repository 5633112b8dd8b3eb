import { type Clock, systemClock } from '@sluice/kernel';

import {
  closedError,
  type FetchedBatch,
  type GroupOffset,
  type LogCapabilities,
  type LogReader,
  type LogTopics,
  type ReaderOptions,
  type RecordLog,
  recordBytesMaxDefault,
  type SourceOffset,
  sourcePartitionName,
  type TopicPartition,
  unknownPartitionError,
  type WriterIdentity,
} from '../index.ts';
import type { MemoryLogStore } from './memory-log-store.ts';
import type { MemoryPartition } from './memory-partition.ts';
import { MemoryReader } from './memory-reader.ts';
import { MemoryWriter } from './memory-writer.ts';

export interface MemoryLogOptions {
  /** Partitions of a topic that is created by a produce. Default 1. */
  readonly defaultPartitions?: number;
  readonly recordBytesMax?: number;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** One client of a store in memory. Nothing is ever in flight, so `disconnect` has nothing to cut. */
export class MemoryLog implements RecordLog {
  readonly capabilities: LogCapabilities = {
    durability: 'volatile',
    meaning: 'Records are in the memory of one process, and end with it.',
    fencing: true,
    transactions: true,
  };
  readonly topics: LogTopics;
  readonly #store: MemoryLogStore;
  readonly #options: Required<MemoryLogOptions>;
  readonly #readers = new Set<MemoryReader>();
  #closed = false;

  constructor(store: MemoryLogStore, options: MemoryLogOptions = {}) {
    this.#store = store;
    this.#options = {
      defaultPartitions: options.defaultPartitions ?? 1,
      recordBytesMax: options.recordBytesMax ?? recordBytesMaxDefault,
      clock: options.clock ?? systemClock,
      random: options.random ?? Math.random,
    };
    this.topics = {
      create: async (topic, { config = {}, partitions }) => {
        const bytesMax = config['max.message.bytes'];
        const limit = bytesMax === undefined ? undefined : Number(bytesMax);
        this.#openStore().createTopic(topic, partitions, limit);
      },
      describe: async (names) => {
        const opened = this.#openStore();
        const found = new Map<string, { partitions: number }>();
        for (const name of names) {
          const partitions = opened.topic(name);
          if (partitions) found.set(name, { partitions: partitions.length });
        }
        return found;
      },
      list: async () => this.#openStore().topicNames(),
      delete: async (topic) => this.#openStore().deleteTopic(topic),
      watermarks: async (partitions) =>
        partitions.map((each) => {
          const { low, high } = this.#partition(each);
          return { low, high };
        }),
      offsetsSince: async (partitions, timeMs) =>
        partitions.map((each) => this.#partition(each).since(timeMs)),
    };
  }

  async start(): Promise<void> {
    this.#openStore();
  }

  async stop(): Promise<void> {
    this.destroy();
  }

  destroy(): void {
    this.#closed = true;
    for (const reader of this.#readers) void reader.close();
  }

  disconnect(): void {}

  async openWriter(identity: WriterIdentity): Promise<MemoryWriter> {
    this.#openStore().takeOver(identity);
    return new MemoryWriter(identity, this.#options, () => this.#openStore());
  }

  async openReader(options: ReaderOptions): Promise<LogReader> {
    const store = this.#openStore();
    store.takeOver(options.identity);
    const reader = new MemoryReader(store, options, this.#options.clock, {
      openStore: () => this.#openStore(),
      onClosed: () => this.#readers.delete(reader),
    });
    this.#readers.add(reader);
    return reader;
  }

  async readSourceOffsets(
    connector: string,
    partitions: readonly Readonly<Record<string, unknown>>[],
  ): Promise<(Readonly<Record<string, unknown>> | undefined)[]> {
    const offsets = this.#openStore().sourceOffsets(connector);
    return partitions.map((each) => offsets.get(sourcePartitionName(each))?.offset ?? undefined);
  }

  async listSourceOffsets(connector: string): Promise<SourceOffset[]> {
    return [...this.#openStore().sourceOffsets(connector).values()];
  }

  async listGroupOffsets(group: string): Promise<GroupOffset[]> {
    return this.#openStore().groupOffsets(group);
  }

  async forgetGroup(group: string): Promise<void> {
    this.#openStore().forgetGroup(group);
  }

  async clearGroupOffsets(group: string, partitions: readonly TopicPartition[]): Promise<void> {
    this.#openStore().clearGroup(group, partitions);
  }

  async peek(
    from: readonly GroupOffset[],
    { bytesMax }: { readonly bytesMax: number },
  ): Promise<FetchedBatch[]> {
    const share = bytesMax / from.length;
    return from.map(({ topic, partition, offset }) => {
      const { high, ...found } = this.#partition({ topic, partition }).from(offset, share);
      return { topic, partition, ...found, highWatermark: high };
    });
  }

  #partition({ topic, partition }: TopicPartition): MemoryPartition {
    const stored = this.#openStore().partition(topic, partition);
    if (!stored) throw unknownPartitionError(topic, partition, 0);
    return stored;
  }

  #openStore(): MemoryLogStore {
    if (this.#closed) throw closedError('this client of the log');
    if (this.#store.outage) throw this.#store.outage;
    return this.#store;
  }
}
