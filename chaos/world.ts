/**
 * The cluster that things are done to: real processes as a user starts them, with sources that write sequences and
 * sinks that deliver them all the time. Coordination has a Redis of its own, so that it can lose its data without the
 * records; records travel through another Redis or through Kafka.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { systemClock } from '@sluice/kernel';
import type { RecordLog } from '@sluice/record-log';
import { KafkaLog } from '@sluice/record-log-kafka';
import { RedisLog } from '@sluice/record-log-redis';
import {
  type Cluster,
  type KafkaHandle,
  type Member,
  makeOwnedFolder,
  type RedisClusterHandle,
  type RedisHandle,
  type SentinelHandle,
  startCluster,
  startKafka,
  startRedis,
  startRedisCluster,
  startSentinel,
  waitFor,
} from '@sluice/testkit';

import {
  nameOf,
  type UnitRow,
  units,
  type WorkerRow,
  workers,
} from '../tests/support/cluster-facts.ts';
import { SequenceObserver } from '../tests/support/sequence-observer.ts';

export type LogKind = 'redis' | 'kafka';

export interface WorldOptions {
  /** One Redis coordinates and carries the records, as by default in a deployment with the Redis log. */
  readonly hasOneRedis?: true;
  /** What coordinates is a master with replicas and sentinels. */
  readonly hasSentinels?: true;
  /** A Redis Cluster of three masters coordinates and carries the records. */
  readonly hasRedisCluster?: true;
}

/** What `/sluice/leader` tells; nobody leads for a moment after the leader has resigned. */
export interface LeaderAnswer {
  readonly leader: { readonly coordinator: string } | null;
}

const plugin = fileURLToPath(new URL('../tests/support/witness-plugin.ts', import.meta.url));
const json = {
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
};
const topic = 'sequences';
const partitions = 6;
const sequences = 6;
const workerCount = 3;
const coordinatorCount = 2;
/** From the end of a fault until everything runs again, at most. */
export const recoveryMsMax = 30_000;

export class ChaosWorld implements AsyncDisposable {
  readonly log: LogKind;
  /** Coordinates. */
  readonly redis: RedisHandle;
  readonly sentinels: SentinelHandle | undefined;
  readonly redisCluster: RedisClusterHandle | undefined;
  /** Carries the records of the Redis log. */
  readonly logRedis: RedisHandle | undefined;
  readonly kafka: KafkaHandle | undefined;
  readonly cluster: Cluster;
  readonly observer: SequenceObserver;
  readonly sinkFile: string;
  readonly #owned: AsyncDisposableStack;

  private constructor(
    parts: Pick<
      ChaosWorld,
      | 'log'
      | 'redis'
      | 'sentinels'
      | 'redisCluster'
      | 'logRedis'
      | 'kafka'
      | 'cluster'
      | 'observer'
      | 'sinkFile'
    >,
    owned: AsyncDisposableStack,
  ) {
    this.log = parts.log;
    this.redis = parts.redis;
    this.sentinels = parts.sentinels;
    this.redisCluster = parts.redisCluster;
    this.logRedis = parts.logRedis;
    this.kafka = parts.kafka;
    this.cluster = parts.cluster;
    this.observer = parts.observer;
    this.sinkFile = parts.sinkFile;
    this.#owned = owned;
  }

  static async start(log: LogKind, options: WorldOptions = {}): Promise<ChaosWorld> {
    await using owned = new AsyncDisposableStack();
    const folder = makeOwnedFolder('chaos');
    owned.defer(() => rmSync(folder, { recursive: true, force: true }));
    const sentinels = options.hasSentinels ? owned.use(await startSentinel()) : undefined;
    const redisCluster = options.hasRedisCluster ? owned.use(await startRedisCluster()) : undefined;
    const redis =
      (await sentinels?.master()) ??
      redisCluster?.nodes[0] ??
      owned.use(await startDebuggableRedis());
    const redisUrl = sentinels?.url ?? redisCluster?.url ?? redis.url;
    const kafka = log === 'kafka' ? owned.use(await startKafka()) : undefined;
    const sharesRedis = options.hasOneRedis === true || redisCluster !== undefined;
    const logRedis = kafka
      ? undefined
      : sharesRedis
        ? redis
        : owned.use(await startDebuggableRedis());
    const logUrl = sharesRedis ? redisUrl : logRedis?.url;
    const cluster = owned.use(
      await startCluster({
        redisUrl,
        coordinators: coordinatorCount,
        workers: workerCount,
        profile: 'default',
        env: {
          SLUICE_BALANCE_QUIET_MS: '500',
          SLUICE_PLUGINS: plugin,
          KAFKA_BROKERS: kafka?.bootstrap,
          SLUICE_LOG_REDIS_URL: kafka ? undefined : logUrl,
        },
      }),
    );
    const observer = owned.use(
      await SequenceObserver.watchLog(openLog(cluster, kafka, logUrl), topic, partitions),
    );
    const sinkFile = join(folder, 'delivered.jsonl');
    const world = new ChaosWorld(
      { log, redis, sentinels, redisCluster, logRedis, kafka, cluster, observer, sinkFile },
      owned.move(),
    );
    await world.#define();
    return world;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  /** The load: six sequences written by as many tasks, delivered by three. */
  async defineSource(tasks = sequences): Promise<void> {
    await this.cluster.apply('in', {
      'connector.class': 'WitnessSource',
      'tasks.max': String(tasks),
      sequences: String(sequences),
      topic,
      ...json,
    });
  }

  async defineSink(tasks = 3): Promise<void> {
    await this.cluster.apply('out', {
      'connector.class': 'WitnessSink',
      'tasks.max': String(tasks),
      topics: topic,
      file: this.sinkFile,
      ...json,
    });
  }

  async #define(): Promise<void> {
    await this.defineSource();
    await this.defineSink();
    await this.atRest();
  }

  /** Names of the sequences. */
  get names(): string[] {
    return Array.from({ length: sequences }, (_, id) => `in/${id}`);
  }

  /** All processes are there, everything runs, and no worker has two tasks more than another. */
  async atRest(timeoutMs = recoveryMsMax): Promise<UnitRow[]> {
    const rows = await waitFor(async () => await this.#units(), {
      what: 'everything to run, and to be balanced',
      until: (seen) =>
        seen.length > 2 && seen.every(({ state }) => state === 'RUNNING') && isBalanced(seen),
      timeoutMs,
    });
    await this.observer.keepsWriting(this.names, 300);
    return rows;
  }

  /**
   * Starts a process for each that is missing, as whatever supervises them would, and waits until everything runs.
   * Returns ms from the call to that.
   */
  async mend(): Promise<number> {
    const sinceMs = systemClock.monotonicMs();
    await waitFor(async () => await this.#replaceMissing(), {
      what: `${workerCount} workers to be up`,
      until: (rows) => rows.filter(({ state }) => state === 'up').length === workerCount,
      timeoutMs: recoveryMsMax,
      intervalMs: 100,
    });
    await this.atRest();
    return systemClock.monotonicMs() - sinceMs;
  }

  /** A worker that cannot make itself quiet in time ends only after whatever happened to it is over. */
  async #replaceMissing(): Promise<WorkerRow[]> {
    const isUp = ({ process }: Member): boolean => !process.hasExited;
    const { cluster } = this;
    while (cluster.coordinators.filter(isUp).length < coordinatorCount) {
      await cluster.addCoordinator();
    }
    while (cluster.workers.filter(isUp).length < workerCount) await cluster.addWorker();
    return await workers(cluster);
  }

  /** A worker that runs, by chance. */
  anyWorker(): Member {
    const up = this.cluster.workers.filter(({ process }) => !process.hasExited);
    const chosen = up[Math.floor(Math.random() * up.length)];
    if (chosen === undefined) throw new Error('no worker runs');
    return chosen;
  }

  /** The coordinator that leads, once one does. */
  async leader(): Promise<Member> {
    const running = this.cluster.coordinators.filter(({ process }) => !process.hasExited);
    return await waitFor(
      async () => {
        const { leader } = await this.cluster.api.read<LeaderAnswer>('/sluice/leader');
        return running.find(({ name }) => name === leader?.coordinator);
      },
      { what: 'a coordinator to lead', timeoutMs: recoveryMsMax },
    );
  }

  /** Tasks of that worker, as sequences are called. */
  async sequencesOf(worker: string): Promise<string[]> {
    const rows = await this.#units();
    return rows
      .filter((row) => row.worker === worker && row.kind === 'task' && row.connector === 'in')
      .map(nameOf);
  }

  /** While a coordinator is away, or Redis is, there is nothing to be read. */
  async #units(): Promise<UnitRow[]> {
    return await units(this.cluster).catch(() => []);
  }
}

async function startDebuggableRedis(): Promise<RedisHandle> {
  return await startRedis({ appendOnly: true, config: ['--enable-debug-command', 'local'] });
}

function openLog(
  { name: cluster }: Cluster,
  kafka: KafkaHandle | undefined,
  redisUrl = '',
): RecordLog {
  const names = { cluster, clientId: 'chaos-observer' };
  return kafka === undefined
    ? new RedisLog({ url: redisUrl, ...names })
    : new KafkaLog({ brokers: kafka.brokers, ...names });
}

function isBalanced(rows: readonly UnitRow[]): boolean {
  const tasks = rows.filter(({ kind }) => kind === 'task');
  const loads = [...Map.groupBy(tasks, ({ worker }) => worker).values()].map(
    ({ length }) => length,
  );
  return loads.length === workerCount && Math.max(...loads) - Math.min(...loads) <= 1;
}
