/**
 * Reads partitions that it was assigned, ahead of its polls and within a bound of bytes, and commits their
 * offsets to a consumer group as a plain consumer would, so that Kafka's own tools show its lag; but in a
 * transaction of the owner's transactional id, so that an older owner's commit is refused.
 *
 * It owns positions and what was fetched. A group with live members is refused: somebody else consumes it. Of one
 * that joins later a commit tells, since the broker takes commits of transactions all the same; when it is
 * gone, the next commit puts back what it may have moved.
 * A log that does not answer is waited for by `poll`, and reported by everything else.
 */
import { assert, backoffMs, hasCode, isRetriable, toError } from '@sluice/kernel';
import {
  assertOffsets,
  assertPartition,
  closedError,
  type FetchedBatch,
  type GroupOffset,
  type LogReader,
  notAssignedError,
  PollWait,
  parsePartitionName,
  partitionName,
  pollRecordsMaxDefault,
  type ReaderOptions,
  type TopicPartition,
} from '@sluice/record-log';

import { AssignedPartition, type PartitionOwner } from './assigned-partition.ts';
import type { Call } from './call.ts';
import type { KafkaCluster } from './cluster.ts';
import { isGroupInUse, toLogError } from './errors.ts';
import type { Fetcher } from './fetcher.ts';
import type { GroupOffsets } from './group-offsets.ts';
import type { CompiledKafkaLogOptions } from './options.ts';
import type { OwnerSession } from './owner-session.ts';
import type { Watermarks } from './watermarks.ts';

export interface KafkaReaderParts {
  readonly cluster: KafkaCluster;
  readonly options: CompiledKafkaLogOptions;
  readonly session: OwnerSession;
  readonly fetcher: Fetcher;
  readonly groups: GroupOffsets;
  readonly watermarks: Watermarks;
  /** Of this client, this one included. */
  readonly openReaders: () => number;
  readonly onClosed: (reader: KafkaReader) => void;
}

/** Twice Kafka's `max.partition.fetch.bytes`: of a broker's answer, the batch that is cut off is fetched again. */
const partitionFetchBytesMax = 2 * 1024 * 1024;
const partitionFetchBytesMin = 64 * 1024;
/**
 * What a reader may hold ahead unless it was given a bound. A few fetches of that size keep it busy all the time; many
 * readers share what a process can bear.
 */
const prefetchBytesMaxDefault = 8 * 1024 * 1024;
const prefetchBytesMaxOfAll = 128 * 1024 * 1024;
const resetRetry = { initialMs: 200, maxMs: 5_000 };
/** How often a commit looks whether somebody else consumes the group. */
const unusedForMs = 5_000;

export class KafkaReader implements LogReader {
  readonly #parts: KafkaReaderParts;
  readonly #group: string;
  readonly #recordsMax: number;
  readonly #prefetchBytesMaxGiven: number | undefined;
  readonly #reset: 'earliest' | 'latest';
  readonly #wait: PollWait;
  readonly #partitionOwner: PartitionOwner;
  #assigned = new Map<string, AssignedPartition>();
  /** Where the next poll begins, so that a busy partition does not starve the others. */
  #turn = 0;
  /** Of a partition; the run that gets it fails. */
  #failure: Error | undefined;
  /** By partition: what the group should have, as we found or committed it. */
  readonly #committed = new Map<string, GroupOffset>();
  #unusedUntilMs = 0;
  /** Somebody else may have committed. */
  #isGroupDisturbed = false;
  #isClosed = false;

  constructor(options: ReaderOptions, parts: KafkaReaderParts) {
    this.#parts = parts;
    this.#group = options.group;
    this.#recordsMax = options.pollRecordsMax ?? pollRecordsMaxDefault;
    this.#prefetchBytesMaxGiven = options.prefetchBytesMax;
    this.#reset = options.reset ?? 'earliest';
    this.#wait = new PollWait(parts.options.clock);
    this.#partitionOwner = {
      isolation: options.isolation ?? 'read_uncommitted',
      room: (partition) => this.#room(partition),
      onChange: () => this.#wait.wake(),
      onOutOfRange: (partition) => void this.#resetPosition(partition, 1),
      onFailure: (partition, failure) => this.#fail(partition, failure),
    };
  }

  async assign(partitions: readonly TopicPartition[]): Promise<void> {
    this.#assertOpen();
    const added = partitions.filter((each) => !this.#assigned.has(partitionName(each)));
    const positions = await this.#startPositions(added);
    this.#assertOpen();
    const assigned = new Map<string, AssignedPartition>();
    for (const each of partitions) {
      const name = partitionName(each);
      const kept = this.#assigned.get(name);
      assigned.set(
        name,
        kept ?? new AssignedPartition(each, positions.get(name) ?? 0, this.#partitionOwner),
      );
    }
    for (const [name, partition] of this.#assigned) {
      if (assigned.has(name)) continue;
      this.#parts.fetcher.remove(partition);
      this.#committed.delete(name);
    }
    for (const [name, partition] of assigned) {
      if (!this.#assigned.has(name)) this.#parts.fetcher.add(partition);
    }
    this.#assigned = assigned;
    this.#wait.wake();
  }

  async poll(maxWaitMs: number, signal?: AbortSignal): Promise<FetchedBatch[]> {
    this.#assertOpen();
    const { clock } = this.#parts.options;
    const deadlineMs = clock.monotonicMs() + maxWaitMs;
    for (;;) {
      if (this.#isClosed) return [];
      if (this.#failure) throw this.#failure;
      const batches = this.#take();
      const leftMs = deadlineMs - clock.monotonicMs();
      if (batches.length > 0 || leftMs <= 0 || signal?.aborted) return batches;
      await this.#wait.wait(leftMs, signal);
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.#find(each).isPaused = true;
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.#find(each).isPaused = false;
    this.#parts.fetcher.wake();
    this.#wait.wake();
  }

  seek(partition: TopicPartition, offset: number): void {
    this.#find(partition).seek(offset);
    this.#parts.fetcher.wake();
    this.#wait.wake();
  }

  position(partition: TopicPartition): number | undefined {
    return this.#assigned.get(partitionName(partition))?.position;
  }

  async commit(offsets: readonly GroupOffset[]): Promise<void> {
    assertOffsets(offsets);
    this.#assertOpen();
    if (offsets.length === 0) return;
    const { cluster, groups, session } = this.#parts;
    const call = cluster.begin();
    await this.#assertGroupUnused(call);
    const merged = this.#isGroupDisturbed ? this.#restored(offsets) : offsets;
    await groups.commit(call, session, this.#group, merged);
    this.#isGroupDisturbed = false;
    for (const each of offsets) this.#committed.set(partitionName(each), each);
  }

  async committed(partitions: readonly TopicPartition[]): Promise<(number | undefined)[]> {
    this.#assertOpen();
    if (partitions.length === 0) return [];
    const { cluster, groups } = this.#parts;
    const known = await groups.fetch(cluster.begin(), this.#group, partitions);
    return partitions.map((each) => known.get(partitionName(each)));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const partition of this.#assigned.values()) this.#parts.fetcher.remove(partition);
    this.#wait.wake();
    this.#parts.onClosed(this);
  }

  #assertOpen(): void {
    if (this.#isClosed || this.#parts.cluster.isClosed) {
      throw closedError(`the reader of group '${this.#group}'`);
    }
  }

  #find(partition: TopicPartition): AssignedPartition {
    const assigned = this.#assigned.get(partitionName(partition));
    if (!assigned) throw notAssignedError(partition.topic, partition.partition);
    return assigned;
  }

  /** Committed offsets; without one, as `reset` says. A topic that does not exist yet begins with 0. */
  async #startPositions(added: readonly TopicPartition[]): Promise<Map<string, number>> {
    const positions = new Map<string, number>();
    if (added.length === 0) return positions;
    const { cluster, groups, watermarks } = this.#parts;
    const call = cluster.begin();
    await this.#assertGroupUnused(call, 'now');
    const committed = await groups.fetch(call, this.#group, added);
    const topics = await cluster.topicsWith(call, added);
    const existing = added.filter(({ topic }) => topics.has(topic));
    for (const { topic, partition } of existing) {
      assertPartition(topic, partition, topics.get(topic)?.leaders.length ?? 0);
    }
    const without = existing.filter((each) => !committed.has(partitionName(each)));
    const starts = await watermarks.offsets(call, without, this.#reset);
    for (const [index, each] of without.entries()) {
      positions.set(partitionName(each), starts[index] ?? 0);
    }
    for (const [name, offset] of committed) {
      positions.set(name, offset);
      this.#committed.set(name, { ...parsePartitionName(name), offset });
    }
    return positions;
  }

  async #assertGroupUnused(
    call: Call,
    when: 'now' | 'now and then' = 'now and then',
  ): Promise<void> {
    const { groups, options } = this.#parts;
    const nowMs = options.clock.monotonicMs();
    if (when === 'now and then' && nowMs < this.#unusedUntilMs) return;
    this.#unusedUntilMs = 0;
    try {
      await groups.assertUnused(call, this.#group);
    } catch (error) {
      if (isGroupInUse(error)) this.#isGroupDisturbed = true;
      throw error;
    }
    this.#unusedUntilMs = nowMs + unusedForMs;
  }

  /** These, and what the group should have of the other partitions. */
  #restored(offsets: readonly GroupOffset[]): GroupOffset[] {
    const all = new Map(this.#committed);
    for (const each of offsets) all.set(partitionName(each), each);
    return [...all.values()];
  }

  async #resetPosition(partition: AssignedPartition, attempt: number): Promise<void> {
    const { cluster, watermarks, options } = this.#parts;
    try {
      const [offset] = await watermarks.offsets(cluster.begin(), [partition], this.#reset);
      // Somebody sought meanwhile: what they said holds.
      if (!partition.isStuck) return;
      const { topic, partition: number, position } = partition;
      options.logger.warn(
        { group: this.#group, topic, partition: number, position, offset },
        `the log does not hold the position: going on with the ${this.#reset} record`,
      );
      partition.fetchFrom(offset ?? 0);
      this.#parts.fetcher.wake();
      this.#wait.wake();
    } catch (error) {
      if (this.#isClosed || cluster.isClosed || !partition.isStuck) return;
      const { topic, partition: number } = partition;
      // A topic that is being deleted may be made anew; what is refused stays so.
      if (!isRetriable(error) && !hasCode(error, 'log.unknown_partition')) {
        this.#failure = toError(error);
        this.#wait.wake();
        return;
      }
      const facts = { group: this.#group, topic, partition: number, error: toError(error).message };
      const message = 'the log does not hold the position, and does not say where to go on';
      if (attempt === 1) options.logger.warn(facts, message);
      else options.logger.debug(facts, message);
      const pauseMs = backoffMs(attempt, resetRetry, options.random);
      options.clock.after(pauseMs, () => void this.#resetPosition(partition, attempt + 1));
    }
  }

  #fail({ topic, partition }: AssignedPartition, errorCode: number): void {
    const { address } = this.#parts.options;
    this.#failure = toLogError(errorCode, `partition ${partition} of topic '${topic}'`, address);
    this.#wait.wake();
  }

  /** A share of the bound for each partition, and the bound for all together. */
  #room(partition: AssignedPartition): number {
    const bytesMax = this.#prefetchBytesMax();
    const share = Math.max(
      partitionFetchBytesMin,
      Math.ceil(bytesMax / Math.max(1, this.#assigned.size)),
    );
    // Filled again at half, so that fetches stay large.
    if (partition.bytes * 2 > share) return 0;
    let bytes = 0;
    for (const each of this.#assigned.values()) bytes += each.bytes;
    if (bytes >= bytesMax) return 0;
    return Math.min(partitionFetchBytesMax, share - partition.bytes);
  }

  #prefetchBytesMax(): number {
    const share = Math.ceil(prefetchBytesMaxOfAll / this.#parts.openReaders());
    return this.#prefetchBytesMaxGiven ?? Math.min(prefetchBytesMaxDefault, share);
  }

  #take(): FetchedBatch[] {
    const partitions = [...this.#assigned.values()];
    const batches: FetchedBatch[] = [];
    let recordsLeft = this.#recordsMax;
    const start = this.#turn++;
    for (let index = 0; index < partitions.length && recordsLeft > 0; index += 1) {
      const partition = partitions[(start + index) % partitions.length];
      assert(partition, 'an index within the assignment has a partition');
      if (partition.isPaused || !partition.hasRecords) continue;
      const batch = partition.take(recordsLeft);
      if (!batch) continue;
      recordsLeft -= batch.records.length;
      batches.push(batch);
    }
    if (batches.length > 0) this.#parts.fetcher.wake();
    return batches;
  }
}
