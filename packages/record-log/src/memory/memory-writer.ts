import type { Clock } from '@sluice/kernel';

import {
  assertPartition,
  assertTopicName,
  closedError,
  KeylessPartitions,
  type LogWriter,
  type ProduceAck,
  partitionForKey,
  recordBytes,
  recordTooLargeError,
  type SourceOffset,
  type TopicBatch,
  type WriterIdentity,
} from '../index.ts';
import type { MemoryLogStore } from './memory-log-store.ts';

export interface MemoryWriterOptions {
  readonly defaultPartitions: number;
  readonly recordBytesMax: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Appends synchronously within the call, which is what keeps the order of calls. */
export class MemoryWriter implements LogWriter {
  readonly #identity: WriterIdentity;
  readonly #options: MemoryWriterOptions;
  readonly #openStore: () => MemoryLogStore;
  readonly #keyless: KeylessPartitions;
  #closed = false;

  constructor(
    identity: WriterIdentity,
    options: MemoryWriterOptions,
    openStore: () => MemoryLogStore,
  ) {
    this.#identity = identity;
    this.#options = options;
    this.#openStore = openStore;
    this.#keyless = new KeylessPartitions(options.random);
  }

  async produce(batches: readonly TopicBatch[]): Promise<ProduceAck[]> {
    const store = this.#ownedStore();
    const chosen = batches.map((batch) => this.#choosePartitions(store, batch));
    const acks = batches.map((batch, index) => this.#append(store, batch, chosen[index] ?? []));
    store.wakeReaders();
    return acks;
  }

  async commitSourceOffsets(connector: string, offsets: readonly SourceOffset[]): Promise<void> {
    this.#ownedStore().commitSource(connector, offsets);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #ownedStore(): MemoryLogStore {
    if (this.#closed) throw closedError(`the writer of '${this.#identity.id}'`);
    const store = this.#openStore();
    store.assertFence(this.#identity);
    return store;
  }

  /** Refuses the whole call before anything of it is appended. */
  #choosePartitions(store: MemoryLogStore, { topic, records }: TopicBatch): number[] {
    assertTopicName(topic);
    const { recordBytesMax, defaultPartitions } = this.#options;
    const count = store.topic(topic)?.length ?? defaultPartitions;
    let keyless: number | undefined;
    return records.map((record) => {
      const bytes = recordBytes(record);
      if (bytes > recordBytesMax) throw recordTooLargeError(topic, bytes, recordBytesMax);
      if (record.partition !== undefined) {
        assertPartition(topic, record.partition, count);
        return record.partition;
      }
      if (record.key !== null) return partitionForKey(record.key, count);
      keyless ??= this.#keyless.next(topic, count);
      return keyless;
    });
  }

  #append(
    store: MemoryLogStore,
    { topic, records }: TopicBatch,
    partitions: readonly number[],
  ): ProduceAck {
    if (!store.topic(topic)) store.createTopic(topic, this.#options.defaultPartitions);
    const nowMs = this.#options.clock.wallMs();
    const offsets = records.map((record, index) =>
      store.append(topic, partitions[index] ?? 0, {
        key: copyOf(record.key),
        value: copyOf(record.value),
        headers: (record.headers ?? []).map(([name, value]) => [name, copyOf(value)] as const),
        timestampMs: record.timestampMs ?? nowMs,
      }),
    );
    return { topic, partitions, offsets };
  }
}

/** The caller may reuse its buffers once the call is acknowledged. */
function copyOf(bytes: Uint8Array | null): Uint8Array | null {
  return bytes === null ? null : Buffer.from(bytes);
}
