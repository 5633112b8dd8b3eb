/** One process of a worker, from its start to its end. */
import {
  type LeaderWaker,
  type PluginInfo,
  type ProtocolRange,
  type StartJobHandler,
  WorkerAgent,
} from '@sluice/coordination';

import type { FakeRedis } from '../redis/fake-redis.ts';
import type { ActingRegistry } from './acting.ts';
import type { NeedlessStops } from './invariants/needless-stops.ts';
import type { PlayedProcess } from './played-process.ts';
import { PlayedRunner } from './played-runner.ts';
import { RedisLink } from './redis-link.ts';
import type { RedisServer } from './redis-server.ts';
import type { PlayedSink } from './sink.ts';
import { storeOver } from './store-access.ts';
import { blockedAfterMs, drainTimeoutMs, type Pace } from './timing.ts';
import { traceLogger } from './trace-logger.ts';
import type { World } from './world.ts';

export interface WorkerLifeOptions {
  readonly world: World;
  readonly process: PlayedProcess;
  readonly server: RedisServer;
  readonly fake: FakeRedis;
  readonly acting: ActingRegistry;
  readonly sink: PlayedSink;
  readonly stops: NeedlessStops;
  readonly waker: LeaderWaker;
  readonly pace: Pace;
  readonly continueFencedMs: number;
  readonly life: number;
  readonly protocol: ProtocolRange;
  readonly log: string;
  /** The process ended by itself; `inOrder`: as it was told to. */
  readonly ended: (life: WorkerLife, why: string, inOrder: boolean) => void;
}

export const plugins: readonly PluginInfo[] = (['source', 'sink'] as const).map((type) => ({
  class: `example.${type}`,
  aliases: [type],
  type,
  version: '1.0.0',
  configKeys: [],
}));

/** May be installed while a worker runs. No connector is of it. */
const extra: PluginInfo = {
  class: 'example.extra',
  aliases: ['extra'],
  type: 'sink',
  version: '1.0.0',
  configKeys: [],
};

export class WorkerLife {
  readonly process: PlayedProcess;
  readonly runner: PlayedRunner;
  readonly links: { readonly heartbeat: RedisLink; readonly coordination: RedisLink };
  isStopping = false;
  plugins = plugins;
  readonly #agent: WorkerAgent;
  readonly #ended: WorkerLifeOptions['ended'];

  constructor(options: WorkerLifeOptions) {
    const { world, process, server, fake, stops, pace } = options;
    const { profile, commandTimeoutsMs, workMs } = pace;
    const { name } = process;
    const random = (purpose: string) => world.random(`${purpose} of ${name} ${options.life}`);
    const link = (role: keyof Pace['commandTimeoutsMs']): RedisLink =>
      new RedisLink({
        process,
        server,
        time: world.time,
        random: random(`${role} link`),
        commandTimeoutMs: commandTimeoutsMs[role],
      });
    this.process = process;
    this.#ended = options.ended;
    this.links = { heartbeat: link('heartbeat'), coordination: link('coordination') };
    this.runner = new PlayedRunner({
      ...options,
      random: random('runner'),
      blockedAfterMs,
      workMs,
      asked: (unit) => stops.asked(name, this.incarnation, unit),
    });
    const jitter = random('beats');
    this.#agent = new WorkerAgent({
      identity: {
        worker: name,
        pid: options.life,
        host: 'host.example',
        address: `${name}.example:8084`,
        plugins,
        protocol: options.protocol,
        log: options.log,
      },
      store: storeOver(fake, this.links.coordination),
      heartbeatStore: storeOver(fake, this.links.heartbeat),
      runner: this.runner,
      waker: options.waker,
      clock: process.clock,
      profile,
      logger: traceLogger(world, name),
      drainTimeoutMs,
      random: () => jitter.fraction(),
      refused: (error) => this.#end(error.message),
      mustDie: (reason) => {
        world.coverage.add('seen: a process killed itself');
        this.#end(reason);
      },
    });
    this.runner.events = this.#agent.runnerEvents;
  }

  changePlugins(): void {
    this.plugins = this.plugins === plugins ? [...plugins, extra] : plugins;
    this.process.deliver(() => void this.#agent.announce(this.plugins));
  }

  get jobs(): StartJobHandler {
    return this.#agent.jobs;
  }

  get unitCount(): number {
    return this.#agent.unitCount;
  }

  get incarnation(): string {
    return this.#agent.incarnation;
  }

  start(): void {
    this.#agent.start().catch((error: Error) => this.#end(error.message));
  }

  /** SIGTERM. */
  stop(returns: boolean): void {
    if (this.isStopping) return;
    this.isStopping = true;
    this.process.deliver(() => {
      this.#agent.stop({ returns }).then(
        () => this.#end('stopped', true),
        (error: Error) => this.#end(error.message),
      );
    });
  }

  /** SIGKILL. */
  kill(): void {
    this.process.kill();
    this.runner.die();
    this.links.heartbeat.close();
    this.links.coordination.close();
  }

  #end(why: string, inOrder = false): void {
    if (this.process.isAlive) this.#ended(this, why, inOrder);
  }
}
