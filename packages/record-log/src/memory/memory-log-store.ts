import { parseExactJson, type SluiceError, stringifyExactJson } from '@sluice/kernel';

import {
  assertTopicName,
  type FetchedRecord,
  fencedError,
  type GroupOffset,
  parsePartitionName,
  partitionName,
  type SourceOffset,
  sourcePartitionName,
  type TopicPartition,
  topicExistsError,
  unknownPartitionError,
  type WriterIdentity,
} from '../index.ts';
import { MemoryPartition } from './memory-partition.ts';

export interface MemoryLogStoreOptions {
  /** Beyond it, a partition forgets its oldest records, read or not. Default 64 MiB. */
  readonly partitionBytesMax?: number;
}

/**
 * What a log holds, in the memory of this process. Shared by the clients (`MemoryLog`) that tests or
 * `sluice dev` open. It is gone with the process.
 */
export class MemoryLogStore {
  readonly #partitionBytesMax: number;
  readonly #topics = new Map<string, MemoryPartition[]>();
  readonly #recordBytesMax = new Map<string, number>();
  readonly #fences = new Map<string, number>();
  readonly #groups = new Map<string, Map<string, number>>();
  readonly #sources = new Map<string, Map<string, SourceOffset>>();
  readonly #listeners = new Set<() => void>();
  #outage: SluiceError | undefined;

  constructor(options: MemoryLogStoreOptions = {}) {
    this.#partitionBytesMax = options.partitionBytesMax ?? 64 * 1024 * 1024;
  }

  /** For tests: until `endOutage`, all that clients ask is refused with `error`, and polls find nothing. */
  beginOutage(error: SluiceError): void {
    this.#outage = error;
  }

  endOutage(): void {
    this.#outage = undefined;
    this.wakeReaders();
  }

  get outage(): SluiceError | undefined {
    return this.#outage;
  }

  /** Raises the fence of an identity. */
  takeOver(identity: WriterIdentity): void {
    this.assertFence(identity);
    this.#fences.set(identity.id, identity.fence);
  }

  assertFence(identity: WriterIdentity): void {
    const current = this.#fences.get(identity.id);
    if (current !== undefined && current > identity.fence) throw fencedError(identity, current);
  }

  /** `recordBytesMax`: as Kafka's `max.message.bytes`. */
  createTopic(
    topic: string,
    partitions: number,
    recordBytesMax = Number.POSITIVE_INFINITY,
  ): MemoryPartition[] {
    assertTopicName(topic);
    const existing = this.#topics.get(topic);
    if (existing) {
      if (existing.length !== partitions) {
        throw topicExistsError(topic, existing.length, partitions);
      }
      return existing;
    }
    const created = Array.from(
      { length: partitions },
      () => new MemoryPartition(this.#partitionBytesMax),
    );
    this.#topics.set(topic, created);
    this.#recordBytesMax.set(topic, recordBytesMax);
    return created;
  }

  recordBytesMax(topic: string): number {
    return this.#recordBytesMax.get(topic) ?? Number.POSITIVE_INFINITY;
  }

  topic(topic: string): readonly MemoryPartition[] | undefined {
    return this.#topics.get(topic);
  }

  topicNames(): string[] {
    return [...this.#topics.keys()].sort();
  }

  partition(topic: string, partition: number): MemoryPartition | undefined {
    const partitions = this.#topics.get(topic);
    if (partitions && !partitions[partition]) {
      throw unknownPartitionError(topic, partition, partitions.length);
    }
    return partitions?.[partition];
  }

  deleteTopic(topic: string): void {
    this.#topics.delete(topic);
    this.#recordBytesMax.delete(topic);
    for (const offsets of this.#groups.values()) {
      for (const name of offsets.keys()) {
        if (parsePartitionName(name).topic === topic) offsets.delete(name);
      }
    }
    this.wakeReaders();
  }

  append(topic: string, partition: number, record: Omit<FetchedRecord, 'offset'>): number {
    const stored = this.partition(topic, partition);
    if (!stored) throw unknownPartitionError(topic, partition, 0);
    return stored.append(record);
  }

  commitGroup(group: string, offsets: readonly GroupOffset[]): void {
    const committed = this.#groups.get(group) ?? new Map<string, number>();
    this.#groups.set(group, committed);
    for (const each of offsets) committed.set(partitionName(each), each.offset);
  }

  groupOffset(group: string, topic: string, partition: number): number | undefined {
    return this.#groups.get(group)?.get(partitionName({ topic, partition }));
  }

  groupOffsets(group: string): GroupOffset[] {
    const committed = this.#groups.get(group) ?? new Map<string, number>();
    return [...committed].map(([name, offset]) => ({ ...parsePartitionName(name), offset }));
  }

  forgetGroup(group: string): void {
    this.#groups.delete(group);
  }

  clearGroup(group: string, partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.#groups.get(group)?.delete(partitionName(each));
  }

  commitSource(connector: string, offsets: readonly SourceOffset[]): void {
    const committed = this.#sources.get(connector) ?? new Map<string, SourceOffset>();
    this.#sources.set(connector, committed);
    for (const { partition, offset } of offsets) {
      const name = sourcePartitionName(partition);
      if (offset === null) committed.delete(name);
      // Through JSON, as every other log does, so that what is read back does not depend on the log.
      else
        committed.set(
          name,
          parseExactJson(stringifyExactJson({ partition, offset })) as SourceOffset,
        );
    }
  }

  sourceOffsets(connector: string): ReadonlyMap<string, SourceOffset> {
    return this.#sources.get(connector) ?? new Map();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  wakeReaders(): void {
    for (const listener of this.#listeners) listener();
  }
}
