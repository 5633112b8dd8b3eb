import { assert, SluiceError } from '@sluice/kernel';
import {
  assertTopicName,
  type LogTopics,
  type TopicPartition,
  topicExistsError,
  unknownPartitionError,
} from '@sluice/record-log';

import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';
import type { CompiledRedisLogOptions } from './options.ts';
import { scripts } from './scripts.ts';

const deleteAttemptsMax = 5;

/**
 * Topics and their partition counts. Counts are remembered: the produce script checks them anyway, and
 * says so when another client has deleted the topic or created it anew.
 */
export class TopicCatalog implements LogTopics {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #options: CompiledRedisLogOptions;
  readonly #partitions = new Map<string, number>();

  constructor(connection: Connection, keys: Keys, options: CompiledRedisLogOptions) {
    this.#connection = connection;
    this.#keys = keys;
    this.#options = options;
  }

  /** The remembered count. */
  known(topic: string): number | undefined {
    return this.#partitions.get(topic);
  }

  /** Creates those that do not exist, with the log's default partitions, and remembers all. */
  async ensure(topics: readonly string[]): Promise<void> {
    for (const topic of topics) await this.#create(topic, this.#options.defaultPartitions);
  }

  /** After another client has deleted it: as it was, unless it exists again. Returns its partitions. */
  recreate(topic: string): Promise<number> {
    return this.#create(topic, this.known(topic) ?? this.#options.defaultPartitions);
  }

  async create(topic: string, { partitions }: { partitions: number }): Promise<void> {
    assert(Number.isInteger(partitions) && partitions > 0, 'partitions must be 1 or more');
    const existing = await this.#create(topic, partitions);
    if (existing !== partitions) throw topicExistsError(topic, existing, partitions);
  }

  async describe(topics: readonly string[]): Promise<Map<string, { partitions: number }>> {
    const found = new Map<string, { partitions: number }>();
    if (topics.length === 0) return found;
    const counts = await this.#connection.use(({ redis }) =>
      redis.hmget(this.#keys.topics, ...topics),
    );
    for (const [index, topic] of topics.entries()) {
      const partitions = counts[index];
      if (partitions) found.set(topic, { partitions: Number(partitions) });
    }
    return found;
  }

  async list(): Promise<string[]> {
    const topics = await this.#connection.use(({ redis }) => redis.hkeys(this.#keys.topics));
    return topics.sort();
  }

  /** Of all topics. */
  async partitions(): Promise<TopicPartition[]> {
    const counts = await this.#connection.use(({ redis }) => redis.hgetall(this.#keys.topics));
    return Object.entries(counts)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([topic, count]) => partitionsOf(topic, Number(count)));
  }

  async delete(topic: string): Promise<void> {
    this.#partitions.delete(topic);
    for (let attempt = 0; attempt < deleteAttemptsMax; attempt += 1) {
      const found = (await this.describe([topic])).get(topic);
      if (!found) return;
      const partitions = partitionsOf(topic, found.partitions);
      const keys = partitions.flatMap((each) => [
        this.#keys.stream(each),
        this.#keys.meta(each),
        this.#keys.segments(each),
        this.#keys.offsets(each),
      ]);
      const [outcome] = (await this.#connection.run(
        scripts.deleteTopic,
        [this.#keys.topics, this.#keys.usage, ...keys],
        [topic, ...partitions.map((each) => this.#keys.channel(each))],
      )) as [string];
      if (outcome === 'ok') return;
    }
    throw new SluiceError(
      'log.unreachable',
      `topic '${topic}' is created anew as fast as it is deleted: stop what writes to it first`,
      { retriable: true, details: { topic } },
    );
  }

  async watermarks(
    partitions: readonly TopicPartition[],
  ): Promise<{ readonly low: number; readonly high: number }[]> {
    await this.#assertExist(partitions);
    return this.#connection.use(({ redis }) =>
      Promise.all(
        partitions.map(async (each) => {
          const [low, next] = await redis.hmget(this.#keys.meta(each), 'low', 'next');
          return { low: Number(low ?? 0), high: Number(next ?? 0) };
        }),
      ),
    );
  }

  /** By when records were appended: their own times are within the batches. */
  async offsetsSince(partitions: readonly TopicPartition[], timeMs: number): Promise<number[]> {
    await this.#assertExist(partitions);
    const keys = partitions.flatMap((each) => [this.#keys.stream(each), this.#keys.meta(each)]);
    if (keys.length === 0) return [];
    const timeUs = Math.max(0, timeMs) * 1_000;
    return (await this.#connection.run(scripts.since, keys, [timeUs])) as number[];
  }

  async #assertExist(partitions: readonly TopicPartition[]): Promise<void> {
    const topics = [...new Set(partitions.map(({ topic }) => topic))];
    const found = await this.describe(topics);
    for (const { topic, partition } of partitions) {
      const count = found.get(topic)?.partitions ?? 0;
      if (partition >= count) throw unknownPartitionError(topic, partition, count);
    }
  }

  async #create(topic: string, partitions: number): Promise<number> {
    assertTopicName(topic);
    const count = (await this.#connection.run(
      scripts.createTopic,
      [this.#keys.topics],
      [topic, partitions],
    )) as number;
    this.#partitions.set(topic, count);
    return count;
  }
}

function partitionsOf(topic: string, count: number): TopicPartition[] {
  return Array.from({ length: count }, (_, partition) => ({ topic, partition }));
}
