import {
  assertOffsets,
  closedError,
  type FetchedBatch,
  type GroupOffset,
  type LogReader,
  notAssignedError,
  PollWait,
  partitionName,
  pollRecordsMaxDefault,
  prefetchBytesMaxDefault,
  type ReaderOptions,
  type TopicPartition,
  unknownPartitionError,
} from '@sluice/record-log';

import { AssignedPartition, type Place } from './assigned-partition.ts';
import type { Connection } from './connection.ts';
import { withFence } from './fence.ts';
import { GroupPresence } from './group-presence.ts';
import { committedOffset } from './place.ts';
import { Prefetcher, type PrefetcherParts } from './prefetcher.ts';
import { scripts } from './scripts.ts';
import type { Wakes, Watcher } from './wakes.ts';

export interface ReaderParts extends PrefetcherParts {
  /** For commits and positions. */
  readonly connection: Connection;
  readonly wakes: Wakes;
  readonly onClosed: (reader: RedisReader) => void;
}

/**
 * Gives out what its prefetcher has fetched. Partitions at their end are woken by `Wakes`. Commits and
 * positions go through scripts that check the owner's fence.
 */
export class RedisReader implements LogReader {
  readonly #options: ReaderOptions;
  readonly #parts: ReaderParts;
  readonly #wait: PollWait;
  readonly #prefetcher: Prefetcher;
  readonly #presence: GroupPresence;
  readonly #watchers = new Map<string, Watcher>();
  #assigned = new Map<string, AssignedPartition>();
  /** One assignment at a time. */
  #assigning: Promise<void> = Promise.resolve();
  /** Count polls and fetches: each begins with another partition, so that a busy one starves no other. */
  #polls = 0;
  #fetches = 0;
  #closed = false;

  constructor(options: ReaderOptions, parts: ReaderParts) {
    this.#options = options;
    this.#parts = parts;
    this.#wait = new PollWait(parts.options.clock);
    this.#prefetcher = new Prefetcher(parts, {
      group: options.group,
      reset: options.reset ?? 'earliest',
      prefetchBytesMax: options.prefetchBytesMax ?? prefetchBytesMaxDefault,
      partitions: () => this.#inTurn(this.#fetches++),
      placeOf: (partition) => this.#placeOf(partition),
      onChange: () => this.#wait.wake(),
    });
    this.#presence = new GroupPresence(options, parts, () => [...this.#assigned.values()]);
  }

  assign(partitions: readonly TopicPartition[]): Promise<void> {
    const run = this.#assigning.then(() => this.#assign(partitions));
    this.#assigning = run.catch(() => {}); // The caller sees the rejection.
    return run;
  }

  async poll(maxWaitMs: number, signal?: AbortSignal): Promise<FetchedBatch[]> {
    this.#assertOpen();
    const { clock } = this.#parts.options;
    const deadlineMs = clock.monotonicMs() + maxWaitMs;
    for (;;) {
      const batches = this.#take();
      this.#prefetcher.fetch();
      if (batches.length > 0) return batches;
      const error = this.#prefetcher.takeError();
      if (error) throw error;
      const leftMs = deadlineMs - clock.monotonicMs();
      if (leftMs <= 0 || this.#closed || signal?.aborted) return [];
      await this.#wait.wait(leftMs, signal);
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) {
      const assigned = this.#find(each);
      if (assigned.isPaused) continue;
      assigned.isPaused = true;
      // What a paused partition has prefetched would take the room of the others.
      assigned.moveTo(assigned.position, assigned.takenId);
    }
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.#find(each).isPaused = false;
    this.#prefetcher.fetch();
  }

  seek(partition: TopicPartition, offset: number): void {
    this.#find(partition).moveTo(offset);
    this.#prefetcher.fetch();
  }

  position(partition: TopicPartition): number | undefined {
    return this.#assigned.get(partitionName(partition))?.position;
  }

  async commit(offsets: readonly GroupOffset[]): Promise<void> {
    this.#assertOpen();
    if (offsets.length === 0) return;
    assertOffsets(offsets);
    const { connection, keys, options } = this.#parts;
    const { identity, group } = this.#options;
    const perPartition = offsets.flatMap((each) => [
      keys.offsets(each),
      keys.stream(each),
      keys.meta(each),
      keys.segments(each),
    ]);
    const args = offsets.flatMap((each) => [partitionName(each), each.offset]);
    await withFence(identity, this.#parts, () =>
      connection.run(
        scripts.commitGroup,
        [keys.fence(identity.id), keys.group(group), keys.usage, keys.time, ...perPartition],
        [identity.fence, group, options.groupRetentionMs, ...args],
      ),
    );
  }

  async committed(partitions: readonly TopicPartition[]): Promise<(number | undefined)[]> {
    this.#assertOpen();
    const { connection, keys } = this.#parts;
    return connection.use(({ redis }) =>
      Promise.all(
        partitions.map(async (each) => {
          return committedOffset(await redis.hget(keys.offsets(each), this.#options.group));
        }),
      ),
    );
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#prefetcher.close();
    this.#presence.close();
    for (const [channel, watcher] of this.#watchers) this.#parts.wakes.unwatch(channel, watcher);
    this.#watchers.clear();
    this.#assigned.clear();
    this.#wait.wake();
    this.#parts.onClosed(this);
  }

  #assertOpen(): void {
    if (this.#closed || this.#parts.connection.isClosed) {
      throw closedError(`the reader of group '${this.#options.group}'`);
    }
  }

  #find(partition: TopicPartition): AssignedPartition {
    const assigned = this.#assigned.get(partitionName(partition));
    if (!assigned) throw notAssignedError(partition.topic, partition.partition);
    return assigned;
  }

  async #assign(partitions: readonly TopicPartition[]): Promise<void> {
    this.#assertOpen();
    const wanted = new Map(partitions.map((each) => [partitionName(each), each]));
    const added = [...wanted.values()].filter((each) => !this.#assigned.has(partitionName(each)));
    const places = await this.#places(added);
    if (this.#closed) return;
    const next = new Map<string, AssignedPartition>();
    for (const [name, partition] of wanted) {
      const kept = this.#assigned.get(name);
      const place = places.get(name) ?? { position: 0, lastId: '' };
      next.set(name, kept ?? new AssignedPartition(partition, place));
    }
    const removed = [...this.#assigned.values()].filter((each) => !next.has(partitionName(each)));
    this.#assigned = next;
    for (const each of removed) this.#unwatch(this.#parts.keys.channel(each));
    this.#prefetcher.fetch();
    if (added.length > 0) await this.#presence.announce();
    await this.#watch(added);
  }

  async #places(partitions: readonly TopicPartition[]): Promise<Map<string, Place>> {
    if (partitions.length === 0) return new Map();
    const { connection, keys, options } = this.#parts;
    const { logger } = options;
    const { identity, group, reset = 'earliest' } = this.#options;
    const [outcome, ...facts] = await withFence(identity, this.#parts, () =>
      connection.run(
        scripts.assign,
        [
          keys.fence(identity.id),
          keys.group(group),
          keys.topics,
          keys.time,
          ...partitions.flatMap((each) => [keys.offsets(each), keys.meta(each)]),
        ],
        [
          identity.fence,
          group,
          reset,
          ...partitions.flatMap(({ topic, partition }) => [topic, partition]),
        ],
      ),
    );
    if (outcome === 'unknown') {
      const [topic, count, partition] = facts as [string, number, number];
      throw unknownPartitionError(topic, partition, count);
    }
    const places = facts as [number, string, number][];
    return new Map(
      partitions.map((each, index) => {
        const [position, lastId, committed] = places[index] ?? [0, '', -1];
        if (committed >= 0 && committed !== position) {
          logger.warn(
            { group, partition: partitionName(each), committed, position },
            'the log does not hold the committed offset any more, reset',
          );
        }
        return [partitionName(each), { position, lastId }];
      }),
    );
  }

  async #placeOf(partition: TopicPartition): Promise<Place> {
    const places = await this.#places([partition]);
    return places.get(partitionName(partition)) ?? { position: 0, lastId: '' };
  }

  async #watch(partitions: readonly TopicPartition[]): Promise<void> {
    const channels = new Map(
      partitions.map((each) => [this.#parts.keys.channel(each), partitionName(each)]),
    );
    await this.#parts.wakes.watch([...channels.keys()], (channel) => {
      const name = channels.get(channel) ?? '';
      const watcher: Watcher = (nextOffset) => {
        this.#assigned.get(name)?.wake(nextOffset);
        this.#prefetcher.fetch();
      };
      this.#watchers.set(channel, watcher);
      return watcher;
    });
  }

  #unwatch(channel: string): void {
    const watcher = this.#watchers.get(channel);
    if (watcher) this.#parts.wakes.unwatch(channel, watcher);
    this.#watchers.delete(channel);
  }

  #take(): FetchedBatch[] {
    const batches: FetchedBatch[] = [];
    let recordsLeft = this.#options.pollRecordsMax ?? pollRecordsMaxDefault;
    for (const assigned of this.#inTurn(this.#polls++)) {
      if (recordsLeft <= 0) break;
      if (assigned.isPaused) continue;
      const batch = assigned.take(recordsLeft);
      if (!batch) continue;
      recordsLeft -= batch.records.length;
      batches.push(batch);
    }
    return batches;
  }

  #inTurn(turn: number): AssignedPartition[] {
    const all = [...this.#assigned.values()];
    if (all.length < 2) return all;
    const start = turn % all.length;
    return [...all.slice(start), ...all.slice(0, start)];
  }
}
