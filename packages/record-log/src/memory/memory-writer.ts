import type { Clock, SluiceError } from '@sluice/kernel';

import {
  assertPartitions,
  assertRecords,
  closedError,
  KeylessPartitions,
  type LogWriter,
  nothingAppended,
  type ProduceAck,
  partitionForKey,
  RecordsRefusedError,
  type RefusedRecord,
  recordBytes,
  recordTooLargeError,
  type SourceOffset,
  type SourceTransaction,
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
    return this.#produce(this.#ownedStore(), batches);
  }

  /** Waits for nothing, so that nobody sees a part of it. */
  async transact({ batches, connector, offsets }: SourceTransaction): Promise<ProduceAck[]> {
    const store = this.#ownedStore();
    // Else found out halfway.
    const refused = batches.flatMap(({ topic, records }, batch) =>
      records.flatMap((record, index) => {
        const [bytes, bytesMax] = [recordBytes(record), store.recordBytesMax(topic)];
        if (bytes <= bytesMax) return [];
        return [{ batch, index, error: recordTooLargeError(topic, bytes, bytesMax) }];
      }),
    );
    if (refused.length > 0) throw new RecordsRefusedError(refused, nothingAppended(batches));
    const acks = this.#produce(store, batches);
    store.commitSource(connector, offsets);
    return acks;
  }

  async commitSourceOffsets(connector: string, offsets: readonly SourceOffset[]): Promise<void> {
    this.#ownedStore().commitSource(connector, offsets);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #produce(store: MemoryLogStore, batches: readonly TopicBatch[]): ProduceAck[] {
    const { defaultPartitions, recordBytesMax } = this.#options;
    assertRecords(batches, recordBytesMax);
    const partitionsOf = (topic: string): number => store.topic(topic)?.length ?? defaultPartitions;
    assertPartitions(batches, partitionsOf);
    const refused: RefusedRecord[] = [];
    const acks = batches.map((batch, number) => {
      const partitions = this.#choosePartitions(batch, partitionsOf(batch.topic));
      const refuse = (index: number, error: SluiceError): void =>
        void refused.push({ batch: number, index, error });
      return this.#append(store, batch, partitions, refuse);
    });
    store.wakeReaders();
    if (refused.length > 0) throw new RecordsRefusedError(refused, acks);
    return acks;
  }

  #ownedStore(): MemoryLogStore {
    if (this.#closed) throw closedError(`the writer of '${this.#identity.id}'`);
    const store = this.#openStore();
    store.assertFence(this.#identity);
    return store;
  }

  #choosePartitions({ topic, records }: TopicBatch, count: number): number[] {
    let keyless: number | undefined;
    return records.map(({ key, partition }) => {
      if (partition !== undefined) return partition;
      if (key !== null) return partitionForKey(key, count);
      keyless ??= this.#keyless.next(topic, count);
      return keyless;
    });
  }

  /** Record by record, so that one that is above the topic's own limit is left out as a broker leaves it out. */
  #append(
    store: MemoryLogStore,
    { topic, records }: TopicBatch,
    partitions: readonly number[],
    refuse: (index: number, error: SluiceError) => void,
  ): ProduceAck {
    if (!store.topic(topic)) store.createTopic(topic, this.#options.defaultPartitions);
    const nowMs = this.#options.clock.wallMs();
    const bytesMax = store.recordBytesMax(topic);
    const offsets = records.map((record, index) => {
      const bytes = recordBytes(record);
      if (bytes > bytesMax) {
        refuse(index, recordTooLargeError(topic, bytes, bytesMax));
        return -1;
      }
      return store.append(topic, partitions[index] ?? 0, {
        key: copyOf(record.key),
        value: copyOf(record.value),
        headers: (record.headers ?? []).map(([name, value]) => [name, copyOf(value)] as const),
        timestampMs: record.timestampMs ?? nowMs,
      });
    });
    return { topic, partitions, offsets };
  }
}

/** The caller may reuse its buffers once the call is acknowledged. */
function copyOf(bytes: Uint8Array | null): Uint8Array | null {
  return bytes === null ? null : Buffer.from(bytes);
}
