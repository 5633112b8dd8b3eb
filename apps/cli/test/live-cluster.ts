/**
 * A cluster on a real Redis inside this process: the real leader and workers' agents, with a runner that
 * runs nothing and reports what it was told to.
 */
import {
  createClusterClient,
  type Dispatcher,
  LeaderLoop,
  OperatorDesk,
  type PluginInfo,
  protocolSpoken,
  type RunnableUnit,
  timingProfiles,
  type UnitId,
  type UnitRunner,
  WorkerAgent,
} from '@sluice/coordination';
import {
  connectCoordinationRedis,
  RedisAuditTrail,
  RedisCoordinationStore,
  RedisOperatorInbox,
  untilReady,
} from '@sluice/coordination-redis';
import { newId, type Service, silentLogger, stopAll, systemClock } from '@sluice/kernel';
import { waitFor } from '@sluice/testkit';
import type { Redis } from 'ioredis';

import type { Io } from '../src/io.ts';
import { runCli } from '../src/run-cli.ts';

export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export const fakeClass = 'com.acme.FakeSourceConnector';

const noDispatcher: Dispatcher = {
  start: async () => {},
  refresh: async () => {},
  forget: async () => {},
};
const noWaker = { wake: async () => {} };
/** As quick as `fast`, and as patient as the default: on a busy machine this process stands still for a second. */
const { heartbeatIntervalMs, leaderRenewMs, tickMs } = timingProfiles.fast;
const profile = { ...timingProfiles.default, heartbeatIntervalMs, leaderRenewMs, tickMs };

export class LiveCluster {
  readonly #url: string;
  readonly #services: Service[] = [];
  readonly #connections: Redis[] = [];
  /** Of its own within one Redis, so that tests do not meet. */
  readonly name = `cli-${newId().replaceAll(/[^\w]/g, 'x')}`;

  constructor(url: string) {
    this.#url = url;
  }

  async cli(
    argv: readonly string[],
    stdin = '',
    env: Readonly<Record<string, string>> = {},
  ): Promise<CliResult> {
    const out: string[] = [];
    const err: string[] = [];
    const io: Io = {
      out: (text) => void out.push(text),
      err: (text) => void err.push(text),
      stdin: async () => stdin,
      stdinLine: async () => stdin.split('\n')[0] ?? '',
      env: { REDIS_URL: this.#url, SLUICE_CLUSTER: this.name, ...env },
      columns: undefined,
      isColored: false,
      closed: new AbortController().signal,
    };
    const code = await runCli(argv, { io });
    return { code, out: out.join('\n'), err: err.join('\n') };
  }

  async startCoordinator(): Promise<void> {
    const redis = await this.#connect();
    const { name: cluster } = this;
    const store = new RedisCoordinationStore({ redis, cluster });
    const loop = new LeaderLoop({
      coordinator: 'coordinator-1',
      store,
      dispatcher: noDispatcher,
      clock: systemClock,
      logger: silentLogger,
      profile,
      movement: 'minimal',
      log: 'redis',
      protocolQuietMs: 0,
    });
    const operators = new OperatorDesk({
      inbox: new RedisOperatorInbox({ redis, cluster }),
      client: createClusterClient({ store, waker: noWaker, clock: systemClock, profile }),
      trail: new RedisAuditTrail({ redis, cluster }),
      clock: systemClock,
      logger: silentLogger,
    });
    this.#services.push(loop, operators);
    await loop.start();
    await operators.start();
    await waitFor(() => loop.leads, { what: 'the coordinator to lead' });
  }

  async startWorker(worker: string): Promise<void> {
    const runner = new FakeRunner(() => agent);
    const agent = new WorkerAgent({
      identity: {
        worker,
        pid: process.pid,
        host: 'here',
        address: '127.0.0.1:1',
        plugins: [fakePlugin, fakeSinkPlugin],
        protocol: protocolSpoken,
        log: 'redis',
      },
      store: await this.#store(),
      heartbeatStore: await this.#store(),
      runner,
      waker: noWaker,
      clock: systemClock,
      profile,
      logger: silentLogger,
      refused: (error) => {
        throw error;
      },
      mustDie: (reason) => {
        throw new Error(`the worker must die: ${reason}`);
      },
    });
    await agent.start();
    this.#services.push(agent);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stopAll(this.#services);
    for (const redis of this.#connections) redis.disconnect();
  }

  async #store(): Promise<RedisCoordinationStore> {
    return new RedisCoordinationStore({ redis: await this.#connect(), cluster: this.name });
  }

  async #connect(): Promise<Redis> {
    const redis = connectCoordinationRedis(this.#url, { role: 'coordination' });
    this.#connections.push(redis);
    await untilReady(redis, 15_000);
    return redis;
  }
}

const fakePlugin: PluginInfo = {
  class: fakeClass,
  aliases: ['FakeSource'],
  type: 'source',
  version: '1.0.0',
  configKeys: [],
};

const fakeSinkPlugin: PluginInfo = {
  class: 'com.acme.FakeSinkConnector',
  aliases: ['FakeSink'],
  type: 'sink',
  version: '1.0.0',
  configKeys: [],
};

/** Tasks of a connector with `fails` report FAILED, all others RUNNING or PAUSED, at once. */
class FakeRunner implements UnitRunner {
  readonly #agent: () => WorkerAgent;
  readonly #units = new Map<UnitId, RunnableUnit>();

  constructor(agent: () => WorkerAgent) {
    this.#agent = agent;
  }

  run(unit: RunnableUnit): void {
    this.update(unit);
  }

  update(unit: RunnableUnit): void {
    this.#units.set(unit.unit, unit);
    this.#report(unit);
    if (unit.kind === 'task' || unit.targetState === 'STOPPED') return;
    const { connector, fence, definitionVersion, config } = unit;
    const configs = Array.from({ length: Number(config['tasks.max'] ?? 1) }, () => config);
    this.#agent().runnerEvents.taskConfigs(connector, fence, definitionVersion, configs);
  }

  restart(unit: UnitId): void {
    const known = this.#units.get(unit);
    if (known) this.#report(known);
  }

  async stop(unit: UnitId): Promise<void> {
    this.#units.delete(unit);
  }

  setLease(): void {}

  isQuiet(): boolean {
    return true;
  }

  async abandonAll(): Promise<void> {
    this.#units.clear();
  }

  #report({ unit, kind, fence, config, targetState }: RunnableUnit): void {
    if (kind === 'task' && config['fails'] !== undefined) {
      const trace = 'Error: it fails\n    at poll (fake.ts:1:1)';
      this.#agent().runnerEvents.reported(unit, fence, { state: 'FAILED', attempts: 3, trace });
      return;
    }
    const state = targetState === 'PAUSED' ? 'PAUSED' : 'RUNNING';
    this.#agent().runnerEvents.reported(unit, fence, { state, attempts: 1 });
  }
}
