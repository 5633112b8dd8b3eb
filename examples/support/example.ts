/** What the examples have in common: a cluster of their own that loses a worker, and a reader of what is in its topics. */

import { newShortId, SettingsReader } from '@sluice/kernel';
import { openLog, readLogSettings } from '@sluice/log-choice';
import type { LogReader, RecordLog, TopicPartition } from '@sluice/record-log';
import { type Cluster, type KafkaHandle, startCluster, startKafka, waitFor } from '@sluice/testkit';
import { obtainKafka } from '../../scripts/kafka.ts';
import { step } from '../../scripts/progress.ts';
import { obtainRedisServer } from '../../scripts/redis.ts';
import type { Outcome } from './outcome.ts';

export interface ExampleOptions {
  readonly kafka: boolean;
  readonly count: number;
}

export interface Example {
  readonly main: (options: ExampleOptions) => Promise<Outcome>;
}

const partitions = 2;

export interface ExampleLog {
  /**
   * What was acknowledged must survive the loss of a machine, since the source cannot read it again: with Kafka that takes
   * three brokers.
   */
  readonly isDurable: boolean;
}

const replicated = { 'default.replication.factor': '3', 'min.insync.replicas': '2' };

/** Redis, perhaps Kafka, a coordinator and two workers, with the leases of the `fast` profile. */
export class ExampleCluster implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly log: RecordLog;
  readonly #kafka: KafkaHandle | undefined;

  static async start(
    { kafka: isKafka }: ExampleOptions,
    { isDurable }: ExampleLog,
  ): Promise<ExampleCluster> {
    await obtainRedisServer();
    if (isKafka) await obtainKafka();
    const kafka = isKafka
      ? await step('start Kafka', () =>
          startKafka(isDurable ? { brokers: 3, config: replicated } : {}),
        )
      : undefined;
    try {
      const env = kafka ? { KAFKA_BROKERS: kafka.bootstrap } : {};
      const cluster = await step('start Redis, a coordinator and two workers', () =>
        startCluster({ workers: 2, env }),
      );
      const settings = readLogSettings(new SettingsReader(env), cluster.redisUrl);
      const log = await openLog(settings, { cluster: cluster.name, clientId: 'example' });
      await log.start();
      return new ExampleCluster(cluster, log, kafka);
    } catch (error) {
      await kafka?.stop();
      throw error;
    }
  }

  private constructor(cluster: Cluster, log: RecordLog, kafka: KafkaHandle | undefined) {
    this.cluster = cluster;
    this.log = log;
    this.#kafka = kafka;
  }

  /** The worker that runs the first task of the connector ends without a word; a new one comes. */
  async killWorkerOf(connector: string): Promise<string> {
    const { tasks } = await this.cluster.waitForRunning(connector);
    const owner = tasks[0]?.worker_id ?? '';
    const worker = this.cluster.workers.findLast(
      ({ name, port }) => owner === name || owner.endsWith(`:${String(port)}`),
    );
    if (!worker) throw new Error(`no worker ${owner} was started`);
    await worker.process.kill('SIGKILL');
    await this.cluster.addWorker();
    return worker.name;
  }

  /** Creates the topics, and returns a reader of all of them. */
  async watch(...topics: readonly string[]): Promise<TopicWatch> {
    for (const topic of topics) await this.log.topics.create(topic, { partitions });
    const id = `example-${newShortId()}`;
    const reader = await this.log.openReader({ identity: { id, fence: 1 }, group: id });
    await reader.assign(partitionsOf(topics));
    return new TopicWatch(reader);
  }

  /** Records of the topics that a sink has not stored yet. */
  async lagOf(sink: string, topics: readonly string[]): Promise<number> {
    const committed = await this.log.listGroupOffsets(`connect-${sink}`);
    const all = partitionsOf(topics);
    const ends = await this.log.topics.watermarks(all);
    return all.reduce((sum, { partition, topic }, at) => {
      const done = committed.find((each) => each.topic === topic && each.partition === partition);
      return sum + (ends[at]?.high ?? 0) - (done?.offset ?? 0);
    }, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.log.destroy();
    await this.log.stop();
    await this.cluster.stop();
    await this.#kafka?.stop();
  }
}

function partitionsOf(topics: readonly string[]): TopicPartition[] {
  return topics.flatMap((topic) =>
    Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
  );
}

/** Reads what is in topics; how often each value came. */
export class TopicWatch implements AsyncDisposable {
  readonly values = new Map<string, number>();
  readonly #reader: LogReader;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;

  constructor(reader: LogReader) {
    this.#reader = reader;
    this.#running = this.#run();
  }

  get records(): number {
    return [...this.values.values()].reduce((sum, times) => sum + times, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#reader.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted)
      for (const { records } of await this.#reader.poll(500, signal))
        for (const { value } of records) {
          const text = value ? Buffer.from(value).toString() : '';
          this.values.set(text, (this.values.get(text) ?? 0) + 1);
        }
  }
}

/** Until a number has not changed for a while: nothing more is on its way. */
export async function untilQuiet(
  what: string,
  count: () => number,
  quietMs = 2_000,
): Promise<void> {
  let last = -1;
  let sinceMs = performance.now();
  await waitFor(
    () => {
      if (count() !== last) {
        last = count();
        sinceMs = performance.now();
      }
      return performance.now() - sinceMs >= quietMs;
    },
    { what, timeoutMs: 60_000, intervalMs: 100 },
  );
}
