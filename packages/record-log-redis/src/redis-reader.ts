import { backoffMs, isRetriable, type SluiceError, type Timer } from '@sluice/kernel';
import {
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

import { AssignedPartition, type FetchReply, type Place } from './assigned-partition.ts';
import type { Connection } from './connection.ts';
import { toLogError } from './errors.ts';
import { withFence } from './fence.ts';
import type { Keys } from './keys.ts';
import type { CompiledRedisLogOptions } from './options.ts';

import { scripts } from './scripts.ts';
import type { Wakes, Watcher } from './wakes.ts';

const fetchBytesMax = 1024 * 1024; // Redis executes nothing else while it runs a script.

export interface ReaderParts {
  /** For commits and positions. */
  readonly connection: Connection;
  readonly fetches: Connection;
  readonly wakes: Wakes;
  readonly keys: Keys;
  readonly options: CompiledRedisLogOptions;
  readonly onClosed: (reader: RedisReader) => void;
}

/**
 * Reads assigned partitions ahead, as far as `prefetchBytesMax` allows.
 *
 * Nothing is asked while there is nothing to ask: a fetch goes out when a partition is not known to be at
 * its end and the prefetched bytes are below half of their bound; one fetch at a time. A partition at
 * its end is left alone until `Wakes` tells of new records.
 *
 * - A fetch fails: it is repeated with a back-off of at most a second; polls wait meanwhile. An error that
 *   no repetition mends is thrown by the next poll.
 * - Redis was restarted and has lost the end of a partition: the first fetch of a new session finds that
 *   the batch read last is not there any more. The group's committed offset, which was lost alike, says
 *   where to go on, so that records written since at the same offsets are not skipped.
 */
export class RedisReader implements LogReader {
  readonly #options: ReaderOptions;
  readonly #parts: ReaderParts;
  readonly #wait: PollWait;
  readonly #prefetchBytesMax: number;
  readonly #watchers = new Map<string, Watcher>();
  #assigned = new Map<string, AssignedPartition>();
  #assigning: Promise<void> = Promise.resolve();
  #isFetching = false;
  #failures = 0;
  #retry: Timer | undefined;
  #fatal: SluiceError | undefined;
  /** Where the next poll and fetch begin, so that a busy partition does not starve the others. */
  #turn = 0;
  #closed = false;

  constructor(options: ReaderOptions, parts: ReaderParts) {
    this.#options = options;
    this.#parts = parts;
    this.#wait = new PollWait(parts.options.clock);
    this.#prefetchBytesMax = options.prefetchBytesMax ?? prefetchBytesMaxDefault;
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
      this.#fetch();
      if (batches.length > 0) return batches;
      if (this.#fatal) {
        const fatal = this.#fatal;
        this.#fatal = undefined;
        throw fatal;
      }
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
      assigned.moveTo(assigned.position);
    }
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.#find(each).isPaused = false;
    this.#fetch();
  }

  seek(partition: TopicPartition, offset: number): void {
    this.#find(partition).moveTo(offset);
    this.#fetch();
  }

  position(partition: TopicPartition): number | undefined {
    return this.#assigned.get(partitionName(partition))?.position;
  }

  async commit(offsets: readonly GroupOffset[]): Promise<void> {
    this.#assertOpen();
    if (offsets.length === 0) return;
    const { connection, keys } = this.#parts;
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
        [keys.fence(identity.id), keys.group(group), keys.usage, ...perPartition],
        [identity.fence, group, ...args],
      ),
    );
  }

  committed(partitions: readonly TopicPartition[]): Promise<(number | undefined)[]> {
    this.#assertOpen();
    const { connection, keys } = this.#parts;
    return connection.use(({ redis }) =>
      Promise.all(
        partitions.map(async (each) => {
          const offset = await redis.hget(keys.offsets(each), this.#options.group);
          return committedOffset(offset);
        }),
      ),
    );
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#retry?.cancel();
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
    this.#fetch();
    await this.#watch(added);
  }

  async #places(partitions: readonly TopicPartition[]): Promise<Map<string, Place>> {
    if (partitions.length === 0) return new Map();
    const { connection, keys } = this.#parts;
    const { identity, group, reset = 'earliest' } = this.#options;
    const [outcome, ...facts] = await withFence(identity, this.#parts, () =>
      connection.run(
        scripts.assign,
        [
          keys.fence(identity.id),
          keys.group(group),
          keys.topics,
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
    const places = facts as [number, string][];
    return new Map(
      partitions.map((each, index) => {
        const [position, lastId] = places[index] ?? [0, ''];
        return [partitionName(each), { position, lastId }];
      }),
    );
  }

  async #watch(partitions: readonly TopicPartition[]): Promise<void> {
    const channels = new Map(
      partitions.map((each) => [this.#parts.keys.channel(each), partitionName(each)]),
    );
    await this.#parts.wakes.watch([...channels.keys()], (channel) => {
      const name = channels.get(channel) ?? '';
      const watcher: Watcher = (nextOffset) => {
        this.#assigned.get(name)?.wake(nextOffset);
        this.#fetch();
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
    for (const assigned of this.#inTurn()) {
      if (recordsLeft <= 0) break;
      if (assigned.isPaused) continue;
      const batch = assigned.take(recordsLeft);
      if (!batch) continue;
      recordsLeft -= batch.records.length;
      batches.push(batch);
    }
    return batches;
  }

  #inTurn(): AssignedPartition[] {
    const all = [...this.#assigned.values()];
    const start = all.length === 0 ? 0 : this.#turn++ % all.length;
    return [...all.slice(start), ...all.slice(0, start)];
  }

  /** Sends a fetch if there is reason to, and none under way. */
  #fetch(): void {
    if (this.#isFetching || this.#retry || this.#closed) return;
    let bytes = 0;
    for (const assigned of this.#assigned.values()) bytes += assigned.prefetchedBytes;
    if (bytes > 0 && bytes * 2 > this.#prefetchBytesMax) return;
    const wanted = this.#inTurn().filter(({ isPaused, isAtEnd }) => !isPaused && !isAtEnd);
    if (wanted.length === 0) return;
    this.#isFetching = true;
    void this.#run(wanted, Math.min(fetchBytesMax, this.#prefetchBytesMax - bytes));
  }

  /** Never rejects. */
  async #run(wanted: readonly AssignedPartition[], budget: number): Promise<void> {
    const before = wanted.map(({ epoch, wakes }) => ({ epoch, wakes }));
    try {
      const replies = await this.#ask(wanted, budget);
      this.#failures = 0;
      for (const [index, assigned] of wanted.entries()) {
        const reply = replies[index];
        const then = before[index];
        if (reply && then && then.epoch === assigned.epoch) {
          await this.#accept(assigned, reply, then.wakes);
        }
      }
    } catch (error) {
      this.#failed(toLogError(error, this.#parts.options.address));
    }
    this.#isFetching = false;
    this.#wait.wake();
    this.#fetch();
  }

  async #ask(wanted: readonly AssignedPartition[], budget: number): Promise<FetchReply[]> {
    const { fetches, keys } = this.#parts;
    const { sha1 } = scripts.fetch;
    const replies = await fetches.use(({ redis, number }) => {
      const args: (string | number)[] = [budget];
      for (const assigned of wanted) {
        const mustCheck = assigned.seenInSession !== number;
        args.push(assigned.fetchFrom, mustCheck ? assigned.lastId : '');
        assigned.seenInSession = number;
      }
      const scriptKeys = wanted.flatMap((each) => [keys.stream(each), keys.meta(each)]);
      return redis.callBuffer('EVALSHA', sha1, scriptKeys.length, ...scriptKeys, ...args);
    });
    return (replies as [number, number, number, ...Buffer[]][]).map(
      ([low, high, lost, ...entries]) => ({ low, high, isLost: lost === 1, entries }),
    );
  }

  async #accept(
    assigned: AssignedPartition,
    reply: FetchReply,
    wakesBefore: number,
  ): Promise<void> {
    const { low, high, isLost } = reply;
    if (isLost || assigned.fetchFrom < low || assigned.fetchFrom > high) {
      await this.#relocate(assigned, reply);
      return;
    }
    assigned.accept(reply);
    if (assigned.fetchFrom >= high && assigned.wakes === wakesBefore) assigned.isAtEnd = true;
  }

  /** The position is outside of what the log holds, or the log has lost what was read. */
  async #relocate(assigned: AssignedPartition, { low, high, isLost }: FetchReply): Promise<void> {
    const { epoch, fetchFrom } = assigned;
    const { reset = 'earliest', group } = this.#options;
    // Also makes the group known again in a topic that was created anew.
    const place = (await this.#places([assigned])).get(partitionName(assigned));
    if (assigned.epoch !== epoch || !place) return;
    const offset = isLost ? place.position : reset === 'latest' ? high : low;
    this.#parts.options.logger.warn(
      { group, topic: assigned.topic, partition: assigned.partition, fetchFrom, low, high, offset },
      isLost ? 'log lost records, going back' : 'position out of range, reset',
    );
    assigned.moveTo(offset, isLost ? place.lastId : '');
  }

  #failed(error: SluiceError): void {
    const { logger, clock, random } = this.#parts.options;
    if (this.#closed || this.#parts.connection.isClosed) return;
    for (const assigned of this.#assigned.values()) assigned.seenInSession = 0;
    if (!isRetriable(error)) this.#fatal = error;
    this.#failures += 1;
    if (this.#failures === 1) {
      logger.warn(
        { group: this.#options.group, code: error.code },
        `fetch failed: ${error.message}`,
      );
    }
    const delayMs = backoffMs(this.#failures, { initialMs: 20, maxMs: 1_000 }, random);
    this.#retry = clock.after(delayMs, () => {
      this.#retry = undefined;
      this.#fetch();
    });
  }
}

/** What the hash of offsets holds for a group; `~` marks one that has not committed yet. */
export function committedOffset(stored: string | null | undefined): number | undefined {
  return stored === null || stored === undefined || stored.startsWith('~')
    ? undefined
    : Number(stored);
}
