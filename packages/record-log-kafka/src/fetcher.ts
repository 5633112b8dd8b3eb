/**
 * Fetches for all readers of one client: to each broker at most two requests at a time, each with all
 * partitions that want something and are in no other request. The first waits at the broker until
 * something comes; the second, for what is wanted meanwhile (an assignment, a seek, room again), only shortly.
 * (With readers of both isolation levels there are two that wait, since a request has one of them.)
 *
 * - Not the leader, an unknown topic, a broker that does not answer: the partition rests for a moment, its
 *   topic is asked for anew.
 * - What a partition alone must decide (out of range, not allowed) goes to its target.
 */
import { type Timer, toError } from '@sluice/kernel';
import { partitionName, type TopicPartition } from '@sluice/record-log';

import type { KafkaCluster, Purpose } from './cluster.ts';
import type { CompiledKafkaLogOptions } from './options.ts';
import { errorCodes } from './wire/error-codes.ts';
import { type FetchedPartition, fetchRequest } from './wire/fetch.ts';
import type { Isolation } from './wire/request.ts';

/** A partition that somebody reads. */
export interface FetchTarget extends TopicPartition {
  readonly isolation: Isolation;
  /** What to fetch now; undefined: nothing. */
  wanted(): { readonly offset: number; readonly bytesMax: number } | undefined;
  /** `offset`: what was asked for. Must not throw. */
  received(fetched: FetchedPartition, offset: number): void;
  /** The broker refuses it for a reason that does not pass by itself. Must not throw. */
  refused(errorCode: number, offset: number): void;
}

type Wants = ReadonlyMap<FetchTarget, { readonly offset: number; readonly bytesMax: number }>;

interface Slot {
  readonly purpose: Purpose;
  readonly maxWaitMs: number;
}

const long: Readonly<Record<Isolation, Slot>> = {
  read_uncommitted: { purpose: 'fetch', maxWaitMs: 500 },
  read_committed: { purpose: 'committed-fetch', maxWaitMs: 500 },
};
const short: Slot = { purpose: 'short-fetch', maxWaitMs: 20 };
/** A request that brings less has reached the end of what there is. */
const behindBytes = 64 * 1024;
/** Of a whole response; a single batch that is larger comes all the same. */
const responseBytesMax = 8 * 1024 * 1024;
const restMs = 100;
/** A topic that is not there, or not yet. */
const missingRestMs = 500;

/** What it needs of the cluster. */
export type FetchCluster = Pick<KafkaCluster, 'ask' | 'begin' | 'metadata' | 'refresh'>;
export type FetcherOptions = Pick<CompiledKafkaLogOptions, 'clock' | 'logger' | 'requestTimeoutMs'>;

export class Fetcher {
  readonly #cluster: FetchCluster;
  readonly #options: FetcherOptions;
  readonly #targets = new Set<FetchTarget>();
  readonly #fetching = new Set<FetchTarget>();
  readonly #resting = new Map<FetchTarget, Timer>();
  /** `<broker>/<purpose>` of the requests under way. */
  readonly #flights = new Set<string>();
  /** Of those that wait, the ones that brought little the last time. */
  readonly #caughtUp = new Set<string>();
  readonly #refreshing = new Set<string>();
  #isWaking = false;
  #isClosed = false;

  constructor(cluster: FetchCluster, options: FetcherOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  add(target: FetchTarget): void {
    this.#targets.add(target);
    this.wake();
  }

  remove(target: FetchTarget): void {
    this.#targets.delete(target);
    this.#resting.get(target)?.cancel();
    this.#resting.delete(target);
  }

  /** A target may want something. */
  wake(): void {
    if (this.#isWaking || this.#isClosed) return;
    this.#isWaking = true;
    queueMicrotask(() => {
      this.#isWaking = false;
      this.#plan();
    });
  }

  /** The sockets were cut. What was prefetched stays valid; fetches begin anew. */
  cut(): void {
    for (const timer of this.#resting.values()) timer.cancel();
    this.#resting.clear();
    this.wake();
  }

  close(): void {
    this.#isClosed = true;
    this.cut();
    this.#targets.clear();
  }

  #plan(): void {
    if (this.#isClosed) return;
    const byBroker = new Map<number, Map<FetchTarget, { offset: number; bytesMax: number }>>();
    const unknown = new Set<string>();
    for (const target of this.#targets) {
      if (this.#fetching.has(target) || this.#resting.has(target)) continue;
      const wanted = target.wanted();
      if (!wanted) continue;
      const { metadata } = this.#cluster;
      const leader = metadata.isFresh(target.topic)
        ? (metadata.topic(target.topic)?.leaders[target.partition] ?? -1)
        : -1;
      if (leader < 0) {
        unknown.add(target.topic);
        this.#rest(target, missingRestMs);
        continue;
      }
      const wants = byBroker.get(leader) ?? new Map();
      wants.set(target, wanted);
      byBroker.set(leader, wants);
    }
    for (const [broker, wants] of byBroker) this.#fill(broker, wants);
    if (unknown.size > 0) this.#learn([...unknown]);
  }

  #fill(broker: number, wants: Wants): void {
    for (const isolation of ['read_uncommitted', 'read_committed'] as const) {
      let left: Wants = new Map([...wants].filter(([target]) => target.isolation === isolation));
      while (left.size > 0) {
        const slot = this.#freeSlot(broker, isolation);
        if (!slot) break;
        const { now, later } = forOneRequest(left);
        void this.#fly(broker, slot, isolation, now);
        left = later;
      }
    }
  }

  /** None: the short one is under way, and soon ends; then this is planned again. */
  #freeSlot(broker: number, isolation: Isolation): Slot | undefined {
    const isShortFree = !this.#flights.has(`${broker}/${short.purpose}`);
    const name = `${broker}/${long[isolation].purpose}`;
    if (this.#flights.has(name)) return isShortFree ? short : undefined;
    // At the end of the log it goes on with those of the short one, which would stay with short ones for ever.
    return isShortFree || !this.#caughtUp.has(name) ? long[isolation] : undefined;
  }

  async #fly(
    broker: number,
    { purpose, maxWaitMs }: Slot,
    isolation: Isolation,
    wants: Wants,
  ): Promise<void> {
    const slot = `${broker}/${purpose}`;
    const asked = new Map([...wants].map(([target, { offset }]) => [target, offset]));
    this.#flights.add(slot);
    for (const target of asked.keys()) this.#fetching.add(target);
    try {
      const timeoutMs = this.#options.requestTimeoutMs + maxWaitMs;
      const answer = await this.#cluster.ask(
        this.#cluster.begin(timeoutMs),
        broker,
        fetchRequest({
          waitMs: maxWaitMs,
          bytesMin: 1,
          bytesMax: responseBytesMax,
          isolation,
          topics: byTopic(wants),
        }),
        { purpose, timeoutMs },
      );
      const bytes = answer.partitions.reduce((sum, { records }) => sum + records.length, 0);
      if (bytes < behindBytes) this.#caughtUp.add(slot);
      else this.#caughtUp.delete(slot);
      this.#land(asked, answer.partitions);
    } catch (error) {
      this.#options.logger.debug({ broker, error: toError(error).message }, 'fetch failed');
      for (const target of asked.keys()) {
        this.#cluster.metadata.suspect(target.topic);
        this.#rest(target, restMs);
      }
    } finally {
      for (const target of asked.keys()) this.#fetching.delete(target);
      this.#flights.delete(slot);
      this.wake();
    }
  }

  #land(asked: ReadonlyMap<FetchTarget, number>, partitions: readonly FetchedPartition[]): void {
    const answers = new Map(partitions.map((each) => [partitionName(each), each]));
    for (const [target, offset] of asked) {
      if (!this.#targets.has(target)) continue;
      const fetched = answers.get(partitionName(target));
      const code = fetched?.errorCode ?? errorCodes.UNKNOWN_SERVER_ERROR;
      if (fetched && code === 0) {
        target.received(fetched, offset);
        if (fetched.records.length > 0) this.#lastInLine(target);
      } else if (own.has(code)) target.refused(code, offset);
      else {
        this.#cluster.metadata.suspect(target.topic);
        this.#rest(target, restMs);
      }
    }
  }

  /**
   * A broker fills its answer in the order of the request, and cuts no batch for any but the first: where one partition
   * always is the first, another one's large batch would never come.
   */
  #lastInLine(target: FetchTarget): void {
    if (this.#targets.delete(target)) this.#targets.add(target);
  }

  #rest(target: FetchTarget, ms: number): void {
    if (this.#isClosed || this.#resting.has(target) || !this.#targets.has(target)) return;
    const timer = this.#options.clock.after(ms, () => {
      this.#resting.delete(target);
      this.wake();
    });
    this.#resting.set(target, timer);
  }

  #learn(topics: readonly string[]): void {
    const wanted = topics.filter((topic) => !this.#refreshing.has(topic));
    if (wanted.length === 0) return;
    for (const topic of wanted) this.#refreshing.add(topic);
    const refresh = async (): Promise<void> => {
      try {
        await this.#cluster.refresh(this.#cluster.begin(), wanted);
        this.#endRests(wanted);
      } catch (error) {
        this.#options.logger.debug({ error: toError(error).message }, 'topics not found out');
      } finally {
        for (const topic of wanted) this.#refreshing.delete(topic);
      }
    };
    void refresh();
  }

  /** Of those whose leader is known now. */
  #endRests(topics: readonly string[]): void {
    for (const [target, timer] of this.#resting) {
      if (!topics.includes(target.topic)) continue;
      const leader = this.#cluster.metadata.topic(target.topic)?.leaders[target.partition] ?? -1;
      if (leader < 0) continue;
      timer.cancel();
      this.#resting.delete(target);
    }
    this.wake();
  }
}

/**
 * A broker answers a partition once, for one of the offsets if a request names several: readers of a partition are in one
 * request only as long as they are at the same offset.
 */
function forOneRequest(wants: Wants): { now: Wants; later: Wants } {
  const offsets = new Map<string, number>();
  const now = new Map<FetchTarget, { readonly offset: number; readonly bytesMax: number }>();
  const later = new Map<FetchTarget, { readonly offset: number; readonly bytesMax: number }>();
  for (const [target, want] of wants) {
    const name = partitionName(target);
    const offset = offsets.get(name) ?? want.offset;
    offsets.set(name, offset);
    (offset === want.offset ? now : later).set(target, want);
  }
  return { now, later };
}

/** Each partition once. */
function byTopic(
  wants: Wants,
): { topic: string; partitions: { partition: number; offset: number; bytesMax: number }[] }[] {
  const named = new Set<string>();
  const topics = new Map<string, { partition: number; offset: number; bytesMax: number }[]>();
  for (const [target, { offset, bytesMax }] of wants) {
    const { topic, partition } = target;
    const name = partitionName(target);
    if (named.has(name)) continue;
    named.add(name);
    const partitions = topics.get(topic);
    if (partitions) partitions.push({ partition, offset, bytesMax });
    else topics.set(topic, [{ partition, offset, bytesMax }]);
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}

/** Codes that the target itself answers. */
const own: ReadonlySet<number> = new Set([
  errorCodes.OFFSET_OUT_OF_RANGE,
  errorCodes.TOPIC_AUTHORIZATION_FAILED,
]);
