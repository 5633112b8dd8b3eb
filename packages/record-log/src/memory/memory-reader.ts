import type { Clock } from '@sluice/kernel';

import {
  assertOffsets,
  closedError,
  type FetchedBatch,
  type FetchedRecord,
  type GroupOffset,
  type LogReader,
  notAssignedError,
  PollWait,
  partitionName,
  pollRecordsMaxDefault,
  prefetchBytesMaxDefault,
  type ReaderOptions,
  recordBytes,
  type TopicPartition,
} from '../index.ts';
import type { MemoryLogStore } from './memory-log-store.ts';

interface Assigned extends TopicPartition {
  position: number;
  paused: boolean;
}

export interface MemoryReaderOwner {
  readonly openStore: () => MemoryLogStore;
  readonly onClosed: () => void;
}

/** Reads straight from the store at each poll; nothing is fetched ahead. */
export class MemoryReader implements LogReader {
  readonly #store: MemoryLogStore;
  readonly #options: ReaderOptions;
  readonly #clock: Clock;
  readonly #owner: MemoryReaderOwner;
  readonly #wait: PollWait;
  readonly #ignoreStore: () => void;
  #assigned = new Map<string, Assigned>();
  /** Where the next poll begins, so that a busy partition does not starve the others. */
  #turn = 0;
  #closed = false;

  constructor(
    store: MemoryLogStore,
    options: ReaderOptions,
    clock: Clock,
    owner: MemoryReaderOwner,
  ) {
    this.#store = store;
    this.#options = options;
    this.#clock = clock;
    this.#owner = owner;
    this.#wait = new PollWait(clock);
    this.#ignoreStore = store.onChange(() => this.#wait.wake());
  }

  async assign(partitions: readonly TopicPartition[]): Promise<void> {
    const store = this.#openStore();
    const assigned = new Map<string, Assigned>();
    for (const { topic, partition } of partitions) {
      const name = partitionName({ topic, partition });
      const kept = this.#assigned.get(name);
      const position =
        store.groupOffset(this.#options.group, topic, partition) ??
        this.#resetPosition(store, { topic, partition });
      assigned.set(name, kept ?? { topic, partition, position, paused: false });
    }
    this.#assigned = assigned;
    this.#wait.wake();
  }

  async poll(maxWaitMs: number, signal?: AbortSignal): Promise<FetchedBatch[]> {
    if (this.#closed) this.#openStore();
    const deadlineMs = this.#clock.monotonicMs() + maxWaitMs;
    for (;;) {
      const batches = this.#store.outage || this.#closed ? [] : this.#take();
      const leftMs = deadlineMs - this.#clock.monotonicMs();
      if (batches.length > 0 || leftMs <= 0 || this.#closed || signal?.aborted) return batches;
      await this.#wait.wait(leftMs, signal);
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.#find(each).paused = true;
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.#find(each).paused = false;
    this.#wait.wake();
  }

  seek(partition: TopicPartition, offset: number): void {
    this.#find(partition).position = offset;
    this.#wait.wake();
  }

  position(partition: TopicPartition): number | undefined {
    return this.#assigned.get(partitionName(partition))?.position;
  }

  async commit(offsets: readonly GroupOffset[]): Promise<void> {
    assertOffsets(offsets);
    const store = this.#openStore();
    store.assertFence(this.#options.identity);
    store.commitGroup(this.#options.group, offsets);
  }

  async committed(partitions: readonly TopicPartition[]): Promise<(number | undefined)[]> {
    const store = this.#openStore();
    return partitions.map(({ topic, partition }) =>
      store.groupOffset(this.#options.group, topic, partition),
    );
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#ignoreStore();
    this.#wait.wake();
    this.#owner.onClosed();
  }

  #openStore(): MemoryLogStore {
    if (this.#closed) throw closedError(`the reader of group '${this.#options.group}'`);
    return this.#owner.openStore();
  }

  #find(partition: TopicPartition): Assigned {
    const assigned = this.#assigned.get(partitionName(partition));
    if (!assigned) throw notAssignedError(partition.topic, partition.partition);
    return assigned;
  }

  #resetPosition(store: MemoryLogStore, { topic, partition }: TopicPartition): number {
    const stored = store.partition(topic, partition);
    return (this.#options.reset === 'latest' ? stored?.high : stored?.low) ?? 0;
  }

  #take(): FetchedBatch[] {
    const partitions = [...this.#assigned.values()];
    const batches: FetchedBatch[] = [];
    let recordsLeft = this.#options.pollRecordsMax ?? pollRecordsMaxDefault;
    let bytesLeft = this.#options.prefetchBytesMax ?? prefetchBytesMaxDefault;
    const start = this.#turn++;
    for (let index = 0; index < partitions.length; index += 1) {
      const assigned = partitions[(start + index) % partitions.length];
      if (!assigned || assigned.paused || recordsLeft <= 0 || bytesLeft <= 0) continue;
      const stored = this.#store.topic(assigned.topic)?.[assigned.partition];
      if (!stored) {
        assigned.position = 0;
        continue;
      }
      if (assigned.position < stored.low || assigned.position > stored.high) {
        assigned.position = this.#resetPosition(this.#store, assigned);
      }
      const records: FetchedRecord[] = [];
      while (recordsLeft > 0 && bytesLeft > 0) {
        const record = stored.at(assigned.position);
        if (!record) break;
        records.push(record);
        recordsLeft -= 1;
        bytesLeft -= recordBytes(record);
        assigned.position += 1;
      }
      if (records.length === 0) continue;
      const { topic, partition, position } = assigned;
      batches.push({
        topic,
        partition,
        records,
        nextOffset: position,
        highWatermark: stored.high,
      });
    }
    return batches;
  }
}
