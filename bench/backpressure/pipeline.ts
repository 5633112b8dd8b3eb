/** What flows: a source that never waits, and two slow sinks, one in shared executors, one in processes of its own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { RecordLog } from '@sluice/record-log';
import { KafkaLog } from '@sluice/record-log-kafka';
import { RedisLog } from '@sluice/record-log-redis';
import type { Cluster, KafkaHandle } from '@sluice/testkit';

import type { SinkCounts } from './slow-sink.ts';

const topic = 'flood';
const mebibyte = 1024 * 1024;

export interface PipelineOptions {
  readonly tasks: number;
  /** Of each sink, records a second. */
  readonly rate: number;
  readonly payloadBytes: number;
  readonly partitions: number;
  readonly partitionMb: number;
  /** For the counts of the sinks. */
  readonly folder: string;
}

export const sinks = ['slow-in-thread', 'slow-in-process'] as const;
const sourceName = 'flood';

/** What the log holds of the topic. */
export interface LogContent {
  /** Undefined where the log does not say so. */
  readonly bytes: number | undefined;
  readonly written: number;
  /** Removed: read by all, or, with Kafka, taken by its retention. */
  readonly removed: number;
}

export class FloodedPipeline {
  readonly #cluster: Cluster;
  readonly #log: RecordLog;
  readonly #options: PipelineOptions;

  constructor(cluster: Cluster, kafka: KafkaHandle | undefined, options: PipelineOptions) {
    const names = { cluster: cluster.name, clientId: 'bench-observer' };
    this.#cluster = cluster;
    this.#options = options;
    this.#log =
      kafka === undefined
        ? new RedisLog({ url: cluster.redisUrl, ...names })
        : new KafkaLog({ brokers: kafka.brokers, ...names });
  }

  async start(): Promise<void> {
    const { folder, partitionMb, partitions, payloadBytes, rate, tasks } = this.#options;
    await this.#log.start();
    const isKafka = this.#log instanceof KafkaLog;
    await this.#log.topics.create(topic, {
      partitions,
      // On Redis it is the quota, of all topics.
      ...(isKafka ? { config: kafkaRetention(partitionMb) } : {}),
    });
    for (const name of sinks) {
      await this.#cluster.apply(name, {
        'connector.class': 'SlowSink',
        'tasks.max': String(tasks),
        topics: topic,
        rate: String(Math.ceil(rate / tasks)),
        file: join(folder, `${name}-{task}`),
        ...(name === 'slow-in-process' ? { 'sluice.executor': 'dedicated' } : {}),
        ...converters,
      });
    }
    // They are there before the first record, so that none can be trimmed without them.
    await Promise.all(sinks.map((name) => this.#cluster.waitForRunning(name, tasks)));
    await this.#cluster.apply(sourceName, {
      'connector.class': 'VerifiableSource',
      'tasks.max': String(tasks),
      topic,
      throughput: '-1',
      'payload.bytes': String(payloadBytes),
      ...converters,
    });
    await this.#cluster.waitForRunning(sourceName, tasks);
  }

  async content(): Promise<LogContent> {
    const all = Array.from({ length: this.#options.partitions }, (_, partition) => ({
      topic,
      partition,
    }));
    const marks = await this.#log.topics.watermarks(all);
    const usage = this.#log instanceof RedisLog ? await this.#log.usage() : undefined;
    return {
      bytes: usage
        ?.filter((each) => each.topic === topic)
        .reduce((sum, { bytes }) => sum + bytes, 0),
      written: marks.reduce((sum, { high }) => sum + high, 0),
      removed: marks.reduce((sum, { low }) => sum + low, 0),
    };
  }

  /** Of all tasks of a sink, as of their last commits. */
  delivered(name: (typeof sinks)[number]): SinkCounts {
    const counts = Array.from({ length: this.#options.tasks }, (_, task) =>
      readCounts(join(this.#options.folder, `${name}-${task}`)),
    );
    return {
      delivered: counts.reduce((sum, { delivered }) => sum + delivered, 0),
      missing: counts.reduce((sum, { missing }) => sum + missing, 0),
    };
  }

  async stop(): Promise<void> {
    await this.#log.stop();
  }
}

const converters = {
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'key.converter.schemas.enable': 'false',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
};

/** Deleted are whole segments. */
function kafkaRetention(partitionMb: number): Readonly<Record<string, string>> {
  return {
    'retention.bytes': String(partitionMb * mebibyte),
    'segment.bytes': String(Math.max(1, Math.ceil(partitionMb / 8)) * mebibyte),
  };
}

/** None before its first commit. */
function readCounts(file: string): SinkCounts {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as SinkCounts;
  } catch {
    return { delivered: 0, missing: 0 };
  }
}
