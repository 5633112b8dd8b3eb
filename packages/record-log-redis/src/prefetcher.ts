import { backoffMs, isRetriable, type SluiceError, type Timer } from '@sluice/kernel';
import { partitionName } from '@sluice/record-log';

import type { AssignedPartition, FetchReply, Place } from './assigned-partition.ts';
import type { Connection } from './connection.ts';
import { toLogError } from './errors.ts';
import type { Keys } from './keys.ts';
import type { CompiledRedisLogOptions } from './options.ts';
import { scripts } from './scripts.ts';

const fetchBytesMax = 1024 * 1024; // Redis executes nothing else while it runs a script.

export interface PrefetcherParts {
  readonly fetches: Connection;
  readonly keys: Keys;
  readonly options: CompiledRedisLogOptions;
}

export interface PrefetcherOwner {
  readonly group: string;
  readonly reset: 'earliest' | 'latest';
  readonly prefetchBytesMax: number;
  /** The assignment, beginning with another partition each time. */
  readonly partitions: () => readonly AssignedPartition[];
  /** Where the group goes on in a partition. */
  readonly placeOf: (partition: AssignedPartition) => Promise<Place>;
  /** There may be something to poll, or `takeError` has something. */
  readonly onChange: () => void;
}

/**
 * Fetches the partitions of one reader ahead, as far as `prefetchBytesMax` allows.
 *
 * Nothing is asked while there is nothing to ask: a fetch goes out when a partition is not known to be at
 * its end and the prefetched bytes are below half of their bound; one fetch at a time. A partition at
 * its end is left alone until somebody wakes it.
 *
 * - A fetch fails: it is repeated with a back-off of at most a second. An error that no repetition mends is
 *   kept for the next poll.
 * - Redis was restarted and has lost the end of a partition: the first fetch of a new session finds that
 *   the batch read last is not there any more. The group's committed offset, which was lost alike, says
 *   where to go on, so that records written since at the same offsets are not skipped.
 */
export class Prefetcher {
  readonly #parts: PrefetcherParts;
  readonly #owner: PrefetcherOwner;
  #isFetching = false;
  #failures = 0;
  #retry: Timer | undefined;
  #error: SluiceError | undefined;
  #closed = false;

  constructor(parts: PrefetcherParts, owner: PrefetcherOwner) {
    this.#parts = parts;
    this.#owner = owner;
  }

  /** Sends a fetch if there is reason to, and none under way. */
  fetch(): void {
    if (this.#isFetching || this.#retry || this.#closed) return;
    const partitions = this.#owner.partitions();
    let bytes = 0;
    for (const partition of partitions) bytes += partition.prefetchedBytes;
    const { prefetchBytesMax } = this.#owner;
    if (bytes > 0 && bytes * 2 > prefetchBytesMax) return;
    const wanted = partitions.filter(({ isPaused, isAtEnd }) => !isPaused && !isAtEnd);
    if (wanted.length === 0) return;
    this.#isFetching = true;
    void this.#run(wanted, Math.min(fetchBytesMax, prefetchBytesMax - bytes));
  }

  /** An error that repeating does not mend, once. */
  takeError(): SluiceError | undefined {
    const error = this.#error;
    this.#error = undefined;
    return error;
  }

  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
  }

  /** Never rejects. */
  async #run(wanted: readonly AssignedPartition[], budget: number): Promise<void> {
    const before = wanted.map(({ epoch, wakes }) => ({ epoch, wakes }));
    try {
      const replies = await this.#ask(wanted, budget);
      this.#failures = 0;
      for (const [index, partition] of wanted.entries()) {
        const [reply, then] = [replies[index], before[index]];
        if (reply && then && then.epoch === partition.epoch) {
          await this.#accept(partition, reply, then.wakes);
        }
      }
    } catch (error) {
      this.#failed(wanted, toLogError(error, this.#parts.options.address));
    }
    this.#isFetching = false;
    this.#owner.onChange();
    this.fetch();
  }

  async #ask(wanted: readonly AssignedPartition[], budget: number): Promise<FetchReply[]> {
    const { fetches, keys } = this.#parts;
    const scriptKeys = wanted.flatMap((each) => [keys.stream(each), keys.meta(each)]);
    const replies = await fetches.use(({ redis, number }) => {
      const args: (string | number)[] = [budget];
      for (const partition of wanted) {
        const mustCheck = partition.seenInSession !== number;
        args.push(partition.fetchFrom, mustCheck ? partition.lastId : '');
        partition.seenInSession = number;
      }
      const { sha1 } = scripts.fetch;
      return redis.callBuffer('EVALSHA', sha1, scriptKeys.length, ...scriptKeys, ...args);
    });
    return (replies as [low: number, high: number, lost: number, ...entries: Buffer[]][]).map(
      ([low, high, lost, ...entries]) => ({ low, high, isLost: lost === 1, entries }),
    );
  }

  async #accept(partition: AssignedPartition, reply: FetchReply, wakes: number): Promise<void> {
    const { low, high, isLost } = reply;
    if (isLost || partition.fetchFrom < low || partition.fetchFrom > high) {
      await this.#relocate(partition, reply);
      return;
    }
    partition.accept(reply);
    if (partition.fetchFrom >= high && partition.wakes === wakes) partition.isAtEnd = true;
  }

  /** The position is outside of what the log holds, or the log has lost what was read. */
  async #relocate(partition: AssignedPartition, { low, high, isLost }: FetchReply): Promise<void> {
    const { epoch, fetchFrom } = partition;
    const { group, reset } = this.#owner;
    // Also makes the group known again in a topic that was created anew.
    const place = await this.#owner.placeOf(partition);
    if (partition.epoch !== epoch) return;
    const offset = isLost ? place.position : reset === 'latest' ? high : low;
    this.#parts.options.logger.warn(
      { group, partition: partitionName(partition), fetchFrom, low, high, offset },
      isLost ? 'log lost records, going back' : 'position out of range, reset',
    );
    partition.moveTo(offset, isLost ? place.lastId : '');
  }

  #failed(wanted: readonly AssignedPartition[], error: SluiceError): void {
    const { logger, clock, random } = this.#parts.options;
    if (this.#closed || this.#parts.fetches.isClosed) return;
    for (const partition of wanted) partition.seenInSession = 0; // It may not have been checked.
    if (!isRetriable(error)) this.#error = error;
    this.#failures += 1;
    if (this.#failures === 1) {
      logger.warn({ group: this.#owner.group, code: error.code }, `fetch failed: ${error.message}`);
    }
    const delayMs = backoffMs(this.#failures, { initialMs: 20, maxMs: 1_000 }, random);
    this.#retry = clock.after(delayMs, () => {
      this.#retry = undefined;
      this.fetch();
    });
  }
}
