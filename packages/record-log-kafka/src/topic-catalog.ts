import { SluiceError } from '@sluice/kernel';
import {
  assertTopicName,
  type LogTopics,
  type TopicPartition,
  topicExistsError,
} from '@sluice/record-log';

import type { Call } from './call.ts';
import type { KafkaCluster } from './cluster.ts';
import { toLogError } from './errors.ts';
import type { KnownTopic } from './metadata.ts';
import type { CompiledKafkaLogOptions } from './options.ts';
import type { Watermarks } from './watermarks.ts';
import { describeConfigsRequest } from './wire/configs.ts';
import { errorCodes } from './wire/error-codes.ts';
import { createTopicsRequest, deleteTopicsRequest, type TopicResults } from './wire/topics.ts';

type TopicConfig = Readonly<Record<string, string>>;

function codeOf({ topics }: TopicResults): number {
  return topics[0]?.errorCode ?? noAnswer.errorCode;
}

/** Of a broker that is back after it was silent: it creates topics again when it has told the controller that it is there. */
const noneIsUp = /all brokers are currently fenced/i;

const noAnswer = { errorCode: errorCodes.UNKNOWN_SERVER_ERROR, errorMessage: null };

/** The topics of the cluster. Those in which Sluice keeps its own state are not listed. */
export class TopicCatalog implements LogTopics {
  readonly #cluster: KafkaCluster;
  readonly #watermarks: Watermarks;
  readonly #options: CompiledKafkaLogOptions;
  /** Known to be compacted. */
  readonly #compacted = new Set<string>();

  constructor(cluster: KafkaCluster, watermarks: Watermarks, options: CompiledKafkaLogOptions) {
    this.#cluster = cluster;
    this.#watermarks = watermarks;
    this.#options = options;
  }

  async create(
    topic: string,
    {
      partitions,
      replicationFactor = this.#options.replicationFactor,
      config = {},
    }: { partitions: number; replicationFactor?: number; config?: TopicConfig },
  ): Promise<void> {
    assertTopicName(topic);
    const call = this.#cluster.begin();
    const known = await this.#create(call, topic, partitions, config, replicationFactor);
    if (known.leaders.length !== partitions) {
      throw topicExistsError(topic, known.leaders.length, partitions);
    }
  }

  async describe(
    topics: readonly string[],
  ): Promise<
    ReadonlyMap<string, { readonly partitions: number; readonly replicationFactor: number }>
  > {
    const call = this.#cluster.begin();
    if (topics.length > 0) await this.#cluster.refresh(call, topics);
    const known = this.#cluster.metadata.pick(topics);
    return new Map(
      [...known].map(([name, { leaders, replicationFactor }]) => [
        name,
        { partitions: leaders.length, replicationFactor },
      ]),
    );
  }

  async list(): Promise<string[]> {
    const names = await this.#cluster.topicNames(this.#cluster.begin());
    const { offsetStorageTopic, fenceStorageTopic, configStorageTopic } = this.#options;
    const own = new Set([offsetStorageTopic, fenceStorageTopic, configStorageTopic]);
    return names.filter((name) => !own.has(name)).sort();
  }

  /** Empty for who may not look. */
  async settings(topic: string): Promise<TopicConfig> {
    return await this.#settings(this.#cluster.begin(), topic);
  }

  /** Idempotent. */
  async delete(topic: string): Promise<void> {
    const call = this.#cluster.begin();
    const answer = await this.#cluster.askController(
      call,
      deleteTopicsRequest({ topics: [topic], timeoutMs: call.leftMs }),
      codeOf,
    );
    const errorCode = codeOf(answer);
    if (errorCode !== 0 && errorCode !== errorCodes.UNKNOWN_TOPIC_OR_PARTITION) {
      throw toLogError(errorCode, `topic '${topic}'`, this.#options.address);
    }
    this.#cluster.metadata.forget(topic);
  }

  async watermarks(
    partitions: readonly TopicPartition[],
  ): Promise<{ low: number; high: number }[]> {
    const call = this.#cluster.begin();
    const lows = await this.#watermarks.offsets(call, partitions, 'earliest');
    const highs = await this.#watermarks.offsets(call, partitions, 'latest');
    return partitions.map((_, index) => ({ low: lows[index] ?? 0, high: highs[index] ?? 0 }));
  }

  async offsetsSince(partitions: readonly TopicPartition[], timeMs: number): Promise<number[]> {
    const call = this.#cluster.begin();
    const at = { timestampMs: Math.max(0, timeMs) };
    const found = await this.#watermarks.offsets(call, partitions, at);
    const without = partitions.filter((_, index) => (found[index] ?? -1) < 0);
    const ends = await this.#watermarks.offsets(call, without, 'latest');
    return found.map((offset) => (offset < 0 ? (ends.shift() ?? 0) : offset));
  }

  /** Topics to produce to; missing ones are created as the broker, or `defaultPartitions`, says. */
  async forProduce(call: Call, names: readonly string[]): Promise<ReadonlyMap<string, KnownTopic>> {
    const known = new Map(await this.#cluster.topics(call, names));
    for (const name of names) {
      if (known.has(name)) continue;
      known.set(name, await this.#create(call, name, this.#options.defaultPartitions, {}));
    }
    return known;
  }

  /**
   * A compacted topic of Sluice's own, created if it is missing.
   * @throws `log.topic_exists_differently` if it exists and forgets what is old.
   */
  async ensureCompacted(call: Call, topic: string, partitions: number): Promise<KnownTopic> {
    const existing = (await this.#cluster.topics(call, [topic])).get(topic);
    if (!existing) {
      return await this.#create(call, topic, partitions, { 'cleanup.policy': 'compact' });
    }
    if (!this.#compacted.has(topic)) await this.#assertCompacted(call, topic);
    this.#compacted.add(topic);
    return existing;
  }

  async #settings(call: Call, topic: string, names?: readonly string[]): Promise<TopicConfig> {
    const request = describeConfigsRequest([
      { type: 'topic', name: topic, ...(names ? { names } : {}) },
    ]);
    const [found] = (await this.#cluster.askAny(call, request)).resources;
    if (found === undefined || found.errorCode !== 0) return {};
    return Object.fromEntries(
      found.configs.flatMap(({ name, value }) => (value === null ? [] : [[name, value]])),
    );
  }

  async #assertCompacted(call: Call, topic: string): Promise<void> {
    const policy = (await this.#settings(call, topic, ['cleanup.policy']))['cleanup.policy'];
    if (policy === undefined || policy === 'compact') return;
    throw new SluiceError(
      'log.topic_exists_differently',
      `topic '${topic}' has cleanup.policy=${policy}: what Sluice keeps there would be forgotten. ` +
        `Run kafka-configs.sh --alter --topic ${topic} --add-config cleanup.policy=compact, or name another topic`,
      { details: { topic, policy } },
    );
  }

  /** It is there, with leaders, when this resolves. Its partitions may be others if it existed before. */
  async #create(
    call: Call,
    topic: string,
    partitions: number,
    config: TopicConfig,
    replicationFactor = this.#options.replicationFactor,
  ): Promise<KnownTopic> {
    const { address } = this.#options;
    await call.retrying(async () => {
      const answer = await this.#cluster.askController(
        call,
        createTopicsRequest({
          topics: [{ topic, partitions, replicationFactor, config }],
          timeoutMs: call.leftMs,
        }),
        codeOf,
      );
      const { errorCode, errorMessage } = answer.topics[0] ?? noAnswer;
      if (errorCode === 0 || errorCode === errorCodes.TOPIC_ALREADY_EXISTS) return;
      throw this.#notCreated(topic, errorCode, errorMessage);
    });
    return await call.retrying(async () => {
      await this.#cluster.refresh(call, [topic]);
      const known = this.#cluster.metadata.topic(topic);
      if (known?.leaders.every((leader) => leader >= 0)) return known;
      throw toLogError(errorCodes.LEADER_NOT_AVAILABLE, `topic '${topic}'`, address);
    });
  }

  #notCreated(topic: string, code: number, reason: string | null): SluiceError {
    const cause = toLogError(
      code,
      `topic '${topic}', which it was asked to create`,
      this.#options.address,
    );
    if (cause.code !== 'log.failed') return cause;
    if (code === errorCodes.INVALID_REPLICATION_FACTOR && reason && noneIsUp.test(reason)) {
      return new SluiceError(
        'log.unreachable',
        `Kafka at ${this.#options.address} cannot create topic '${topic}' now: ${reason} Check that its brokers run`,
        { cause, retriable: true, details: { ...cause.details, topic } },
      );
    }
    return new SluiceError(
      'log.topic_not_created',
      `Kafka at ${this.#options.address} refused to create topic '${topic}': ${reason ?? cause.message}. Create it yourself, or change what the message names`,
      { cause, details: { ...cause.details, topic } },
    );
  }
}
