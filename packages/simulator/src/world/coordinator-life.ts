/** One process of a coordinator, from its start to its end. */
import {
  type DefinitionJournal,
  type Dispatcher,
  LeaderLoop,
  type ProtocolRange,
} from '@sluice/coordination';

import type { FakeRedis } from '../redis/fake-redis.ts';
import type { PlayedProcess } from './played-process.ts';
import { RedisLink } from './redis-link.ts';
import type { RedisServer } from './redis-server.ts';
import { storeOver } from './store-access.ts';
import { type Pace, protocolQuietMs, seatHoldMs } from './timing.ts';
import { traceLogger } from './trace-logger.ts';
import type { World } from './world.ts';

export interface CoordinatorLifeOptions {
  readonly world: World;
  readonly process: PlayedProcess;
  readonly server: RedisServer;
  readonly fake: FakeRedis;
  readonly dispatcher: Dispatcher;
  readonly movement: 'minimal' | 'literal';
  readonly journal: DefinitionJournal | undefined;
  readonly protocol: ProtocolRange;
  readonly log: string;
  readonly pace: Pace;
  readonly life: number;
  readonly ended: (life: CoordinatorLife, why: string, inOrder: boolean) => void;
}

export class CoordinatorLife {
  readonly process: PlayedProcess;
  readonly link: RedisLink;
  readonly loop: LeaderLoop;
  isStopping = false;
  readonly #ended: CoordinatorLifeOptions['ended'];

  constructor(options: CoordinatorLifeOptions) {
    const { world, process, server, fake, journal, pace } = options;
    const { profile, settling, commandTimeoutsMs } = pace;
    const random = (purpose: string) =>
      world.random(`${purpose} of ${process.name} ${options.life}`);
    const jitter = random('jitter');
    this.process = process;
    this.#ended = options.ended;
    this.link = new RedisLink({
      process,
      server,
      time: world.time,
      random: random('link'),
      commandTimeoutMs: commandTimeoutsMs.coordination,
    });
    this.loop = new LeaderLoop({
      coordinator: process.name,
      store: storeOver(fake, this.link),
      dispatcher: options.dispatcher,
      clock: process.clock,
      logger: traceLogger(world, process.name),
      profile,
      movement: options.movement,
      settling,
      seatHoldMs,
      protocolQuietMs,
      protocol: options.protocol,
      log: options.log,
      random: () => jitter.fraction(),
      ...(journal ? { journal } : {}),
      onRefused: (error) => this.#end(error.message),
    });
  }

  start(): void {
    void this.loop.start();
  }

  /** SIGTERM. */
  stop(): void {
    if (this.isStopping) return;
    this.isStopping = true;
    this.process.deliver(() => {
      this.loop.stop().then(
        () => this.#end('stopped', true),
        (error: Error) => this.#end(error.message),
      );
    });
  }

  /** SIGKILL. */
  kill(): void {
    this.process.kill();
    this.link.close();
  }

  #end(why: string, inOrder = false): void {
    if (this.process.isAlive) this.#ended(this, why, inOrder);
  }
}
