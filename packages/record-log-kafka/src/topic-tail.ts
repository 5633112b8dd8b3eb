/**
 * Follows a compacted topic, all of its partitions from their first record on, so that what it says is in
 * memory when it is asked for.
 *
 * What is in a transaction is told when that is committed, and never if it is aborted. It is told apart here and not by
 * the broker, which would give nothing behind a transaction that a dead owner left open: that must not hold up
 * anybody else.
 *
 *     new ──readToEnd──▶ following ──the topic was emptied or made anew──▶ from the start again
 *
 * A partition that may not be read, or cannot, fails who waits for it; the next who asks tries again.
 */
import { toError } from '@sluice/kernel';
import type { FetchedRecord } from '@sluice/record-log';

import type { Call } from './call.ts';
import type { KafkaCluster } from './cluster.ts';
import { toLogError } from './errors.ts';
import type { Fetcher, FetchTarget } from './fetcher.ts';
import { OpenTransactions } from './open-transactions.ts';
import type { CompiledKafkaLogOptions } from './options.ts';
import { SharedRun } from './shared-run.ts';
import type { Watermarks } from './watermarks.ts';
import { batchesApart } from './wire/batches-apart.ts';
import { errorCodes } from './wire/error-codes.ts';
import type { FetchedPartition } from './wire/fetch.ts';

export interface TopicTailParts {
  readonly topic: string;
  readonly cluster: KafkaCluster;
  readonly fetcher: Fetcher;
  readonly watermarks: Watermarks;
  readonly options: CompiledKafkaLogOptions;
  /** In the order of each partition, as far as they are committed together. Must not throw. */
  readonly onRecord: (record: FetchedRecord, partition: number) => void;
}

const fetchBytesMax = 1024 * 1024;

export class TopicTail {
  readonly #parts: TopicTailParts;
  /** One question for all that want to be up to date: many owners open at the same time. */
  readonly #ends: SharedRun<readonly number[]>;
  #followed: FollowedPartition[] = [];
  #waiters = new Set<() => void>();
  #failure: Error | undefined;

  constructor(parts: TopicTailParts) {
    this.#parts = parts;
    const { watermarks, cluster } = parts;
    this.#ends = new SharedRun(() =>
      watermarks.offsets(cluster.begin(), [...this.#followed], 'latest'),
    );
  }

  /** Resolves when everything was read that is in the topic now. The topic must exist. */
  async readToEnd(call: Call): Promise<void> {
    await this.#follow(call);
    if (this.#failure) this.#tryAgain();
    const { options, topic } = this.#parts;
    const ends = await call.within(this.#ends.ask(), `the end of ${topic}`);
    const isBehind = (): boolean =>
      this.#followed.some((each, index) => each.position < (ends[index] ?? 0));
    while (isBehind()) {
      call.assertGoing();
      if (this.#failure) throw this.#failure;
      if (call.isOver) {
        throw toLogError(errorCodes.REQUEST_TIMED_OUT, `topic '${topic}'`, options.address);
      }
      await this.#progress(Math.min(call.leftMs, 1_000));
    }
  }

  /**
   * Resolves when no transaction is open any more that has such a record, or after the limit: its owner may be dead, and
   * what it began is ended by the next one.
   */
  async untilEnded(isMeant: (record: FetchedRecord) => boolean, limitMs: number): Promise<void> {
    const { clock } = this.#parts.options;
    const deadlineMs = clock.monotonicMs() + limitMs;
    const isOpen = (): boolean => this.#followed.some((each) => each.hasOpen(isMeant));
    for (;;) {
      const leftMs = deadlineMs - clock.monotonicMs();
      if (leftMs <= 0 || this.#failure || !isOpen()) return;
      await this.#progress(leftMs);
    }
  }

  close(): void {
    for (const each of this.#followed) this.#parts.fetcher.remove(each);
    this.#followed = [];
  }

  /** Partitions that were added since are followed too. */
  async #follow(call: Call): Promise<void> {
    const { cluster, topic, fetcher, watermarks } = this.#parts;
    const known = (await cluster.topics(call, [topic])).get(topic);
    const added = Array.from({ length: known?.leaders.length ?? 0 }, (_, partition) => ({
      topic,
      partition,
    })).slice(this.#followed.length);
    if (added.length === 0) return;
    const starts = await watermarks.offsets(call, added, 'earliest');
    // Somebody else may have been faster.
    if (added[0]?.partition !== this.#followed.length) return;
    for (const [index, { partition }] of added.entries()) {
      const followed = new FollowedPartition(topic, partition, starts[index] ?? 0, {
        onRecord: this.#parts.onRecord,
        onProgress: () => this.#wake(),
        onRefused: (code) => void this.#refused(followed, code),
        onFailure: (error) => {
          this.#failure = error;
          this.#wake();
        },
      });
      this.#followed.push(followed);
      fetcher.add(followed);
    }
  }

  async #refused(followed: FollowedPartition, code: number): Promise<void> {
    const { cluster, watermarks, options, fetcher, topic } = this.#parts;
    if (code !== errorCodes.OFFSET_OUT_OF_RANGE) {
      this.#failure = toLogError(code, `topic '${topic}'`, options.address);
      this.#wake();
      return;
    }
    try {
      const [first] = await watermarks.offsets(cluster.begin(), [followed], 'earliest');
      followed.beginAt(first ?? 0);
      fetcher.wake();
    } catch (error) {
      if (cluster.isClosed) return;
      options.logger.debug({ topic, error: toError(error).message }, 'start not found out');
      options.clock.after(retryMs, () => void this.#refused(followed, code));
    }
  }

  /** Somebody may have mended it: whoever asks next finds out. */
  #tryAgain(): void {
    this.#failure = undefined;
    for (const each of this.#followed) each.tryAgain();
    this.#parts.fetcher.wake();
  }

  async #progress(limitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.add(resolve);
    const timer = this.#parts.options.clock.after(limitMs, resolve);
    await promise;
    timer.cancel();
    this.#waiters.delete(resolve);
  }

  #wake(): void {
    for (const resolve of this.#waiters) resolve();
  }
}

const retryMs = 500;

interface FollowedHooks {
  readonly onRecord: (record: FetchedRecord, partition: number) => void;
  readonly onProgress: () => void;
  readonly onRefused: (code: number) => void;
  readonly onFailure: (error: Error) => void;
}

class FollowedPartition implements FetchTarget {
  readonly topic: string;
  readonly partition: number;
  readonly isolation = 'read_uncommitted';
  readonly #hooks: FollowedHooks;
  #position: number;
  #isStuck = false;
  readonly #transactions = new OpenTransactions();

  constructor(topic: string, partition: number, position: number, hooks: FollowedHooks) {
    this.topic = topic;
    this.partition = partition;
    this.#position = position;
    this.#hooks = hooks;
  }

  get position(): number {
    return this.#position;
  }

  hasOpen(isMeant: (record: FetchedRecord) => boolean): boolean {
    for (const record of this.#transactions.records()) if (isMeant(record)) return true;
    return false;
  }

  /** It is not the topic that it was. */
  beginAt(offset: number): void {
    this.#position = offset;
    this.#transactions.clear();
    this.#isStuck = false;
  }

  tryAgain(): void {
    this.#isStuck = false;
  }

  wanted(): { offset: number; bytesMax: number } | undefined {
    return this.#isStuck ? undefined : { offset: this.#position, bytesMax: fetchBytesMax };
  }

  received({ records }: FetchedPartition, offset: number): void {
    if (offset !== this.#position || records.length === 0) return;
    try {
      for (const batch of batchesApart(records, offset)) {
        for (const record of this.#transactions.committedBy(batch)) {
          this.#hooks.onRecord(record, this.partition);
        }
        this.#position = batch.nextOffset;
      }
    } catch (error) {
      this.#isStuck = true;
      this.#hooks.onFailure(toError(error));
      return;
    }
    this.#hooks.onProgress();
  }

  refused(errorCode: number, offset: number): void {
    if (offset !== this.#position) return;
    this.#isStuck = true;
    this.#hooks.onRefused(errorCode);
  }
}
