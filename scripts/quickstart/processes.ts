/**
 * The processes of the quickstart: Redis and, if wanted, Kafka (unless they are given), a coordinator and
 * workers. They are in
 * process groups of their own, so that Ctrl-C reaches the quickstart alone, which then stops them in
 * order: workers, so that they hand over what they have, the coordinator, Kafka and Redis.
 */
import {
  freePort,
  isFree,
  type KafkaHandle,
  type NodeProcess,
  type RedisHandle,
  spawnNode,
  startKafka,
  startRedis,
} from '@sluice/testkit';
import { obtainKafka } from '../kafka.ts';
import { obtainRedisServer } from '../redis.ts';
import { kafkaFolder, logFile, redisFolder } from './folder.ts';

/** Not 6379, on which somebody's own Redis may come back. */
const redisPortDefault = 16_379;
const kafkaPortDefault = 19_092;
const readyTimeoutMs = 60_000;
const stopTimeoutMs = 20_000;

export interface AppProcess {
  readonly name: string;
  readonly process: NodeProcess;
  readonly port: number;
}

/** Collects what was started, so that it can be stopped at any moment of the start. */
export class StartedProcesses {
  readonly #apps: { readonly isWorker: boolean; readonly process: NodeProcess }[] = [];
  #redis: RedisHandle | undefined;
  #kafka: KafkaHandle | undefined;
  /** Settles when a start of Kafka that is under way has ended one way or the other. */
  #kafkaStart: Promise<unknown> = Promise.resolve();

  /** Of those that still run. */
  get pids(): number[] {
    const apps = this.#apps.filter(({ process: app }) => !app.hasExited);
    const pids = apps.map(({ process: app }) => app.pid);
    const redis = this.#redis?.process;
    if (redis?.pid !== undefined && redis.exitCode === null && redis.signalCode === null) {
      pids.push(redis.pid);
    }
    const brokers = this.#kafka?.nodes.filter((node) => !node.hasEnded) ?? [];
    return [...pids, ...brokers.map(({ pid }) => pid)];
  }

  async startRedis(): Promise<RedisHandle> {
    await obtainRedisServer();
    const port = (await isFree(redisPortDefault)) ? redisPortDefault : await freePort();
    this.#redis = await startRedis({
      appendOnly: true,
      port,
      dir: redisFolder,
      detached: true,
      config: ['--appendfsync', 'everysec'],
    });
    return this.#redis;
  }

  async startKafka(): Promise<KafkaHandle> {
    await obtainKafka();
    const port = (await isFree(kafkaPortDefault)) ? kafkaPortDefault : await freePort();
    const starting = startKafka({
      port,
      dir: kafkaFolder,
      detached: true,
      logFile: logFile('kafka'),
    });
    this.#kafkaStart = starting.catch(() => undefined);
    this.#kafka = await starting;
    return this.#kafka;
  }

  async startApp(
    app: 'coordinator' | 'worker',
    name: string,
    env: Readonly<Record<string, string>>,
  ): Promise<AppProcess> {
    const child = spawnNode(`apps/${app}/src/main.ts`, {
      name,
      env,
      logFile: logFile(name),
      detached: true,
    });
    this.#apps.push({ isWorker: app === 'worker', process: child });
    const ready = await child.waitForLog(`${app} ready`, { timeoutMs: readyTimeoutMs });
    return { name, process: child, port: Number(ready['port']) };
  }

  async stop(): Promise<void> {
    for (const areWorkers of [true, false]) {
      const stopping = this.#apps.filter(({ isWorker }) => isWorker === areWorkers);
      await Promise.all(stopping.map(async ({ process: app }) => await app.stop(stopTimeoutMs)));
    }
    await this.#kafkaStart;
    await Promise.all([this.#kafka?.stop(), this.#redis?.stop()]);
  }

  /** At once and without order. */
  kill(): void {
    for (const pid of this.pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
  }
}
