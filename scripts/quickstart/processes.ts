/**
 * The processes of the quickstart: Redis (unless one is given), a coordinator and workers. They are in
 * process groups of their own, so that Ctrl-C reaches the quickstart alone, which then stops them in
 * order: workers, so that they hand over what they have, the coordinator, Redis.
 */
import {
  freePort,
  isFree,
  type NodeProcess,
  type RedisHandle,
  spawnNode,
  startRedis,
} from '@sluice/testkit';
import { obtainRedisServer } from '../redis.ts';
import { logFile, redisFolder } from './folder.ts';

/** Not 6379, on which somebody's own Redis may come back. */
const redisPortDefault = 16_379;
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

  /** Of those that still run. */
  get pids(): number[] {
    const apps = this.#apps.filter(({ process: app }) => !app.hasExited);
    const pids = apps.map(({ process: app }) => app.pid);
    const redis = this.#redis?.process;
    return redis?.pid === undefined || redis.exitCode !== null || redis.signalCode !== null
      ? pids
      : [...pids, redis.pid];
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
    await this.#redis?.stop();
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
