/**
 * A cluster of played processes around one fake Redis: who runs, who is to be started again, and what can be done to
 * them. Owns every process; knows nothing of scenarios.
 */
import type { ProtocolRange } from '@sluice/coordination';
import { MemoryJournalStore } from '@sluice/coordination/testing';
import { assertNever } from '@sluice/kernel';

import type { FakeRedis } from '../redis/fake-redis.ts';
import { ActingRegistry } from './acting.ts';
import { CoordinatorLife } from './coordinator-life.ts';
import { Watches } from './invariants/watches.ts';
import { PlayedJournal } from './played-journal.ts';
import type { PlayedProcess } from './played-process.ts';
import { PlayedQueue } from './played-queue.ts';
import type { RedisLink } from './redis-link.ts';
import { RedisServer } from './redis-server.ts';
import type { ClusterShape, StrangerKind } from './scenario.ts';
import { PlayedSink } from './sink.ts';
import { lossGraceMs, type Pace, usualPace } from './timing.ts';
import { WorkerLife } from './worker-life.ts';
import type { World } from './world.ts';

/** An operator's supervisor starts what ended by itself again. */
const restartMs = { min: 500, max: 3_000 };
const leavingMs = 2_000;

export class SimulatedCluster {
  readonly world: World;
  readonly shape: ClusterShape;
  readonly fake: FakeRedis;
  readonly server: RedisServer;
  readonly acting: ActingRegistry;
  readonly sink: PlayedSink;
  readonly queue: PlayedQueue;
  readonly watches: Watches;
  readonly journal: MemoryJournalStore | undefined;
  readonly workers = new Map<string, WorkerLife>();
  readonly coordinators = new Map<string, CoordinatorLife>();
  readonly strangers = new Set<WorkerLife | CoordinatorLife>();
  /** Names of processes that are to be started again when they end. */
  readonly wanted = new Set<string>();
  readonly #lives = new Map<string, number>();
  readonly #pace: Pace;
  readonly #supervisor;

  constructor(world: World, shape: ClusterShape, fake: FakeRedis, pace: Pace = usualPace) {
    this.world = world;
    this.#pace = pace;
    this.shape = shape;
    this.fake = fake;
    this.journal = shape.journal ? new MemoryJournalStore() : undefined;
    this.watches = new Watches(world, this.journal);
    this.server = new RedisServer(world.time, (process, call, reply) =>
      this.watches.scriptRan(process, call, reply),
    );
    this.acting = new ActingRegistry(world, this.watches.grantsAfterLoss);
    this.sink = new PlayedSink(world, this.watches.changedOffsets);
    this.#supervisor = world.random('supervisor');
    this.queue = new PlayedQueue({
      world,
      random: world.random('queue'),
      isUp: () => this.server.isUp,
      consumerOf: (worker) => this.workers.get(worker),
      wakeLeaders: () => {
        for (const { process, loop } of this.coordinators.values()) {
          process.deliver(() => loop.nudge());
        }
      },
    });
  }

  start(name: string): void {
    this.wanted.add(name);
    if (this.workers.has(name) || this.coordinators.has(name)) return;
    this.world.trace.note(name, 'starts');
    if (isWorker(name)) {
      const life = this.#workerLife(name, 'redis', this.#protocolOf(name));
      this.workers.set(name, life);
      this.watches.stops.joined(name);
      life.start();
    } else {
      const life = this.#coordinatorLife(name, this.#protocolOf(name));
      this.coordinators.set(name, life);
      life.start();
    }
  }

  /** SIGKILL; started again after that long, if at all. */
  crash(name: string, downMs: number | undefined): boolean {
    const life = this.workers.get(name) ?? this.coordinators.get(name);
    if (!life) return false;
    this.world.trace.note(name, 'is killed');
    this.#gone(life);
    if (downMs === undefined) this.wanted.delete(name);
    else this.#startAfter(name, downMs);
    return true;
  }

  /** SIGTERM; started again after it has ended and that long, if at all. */
  terminate(name: string, awayMs: number | undefined, returns: boolean): boolean {
    const life = this.workers.get(name) ?? this.coordinators.get(name);
    if (!life) return false;
    if (awayMs === undefined || !life.isStopping) this.wanted.delete(name);
    if (life.isStopping) return false;
    this.world.trace.note(name, 'is told to stop');
    if (awayMs !== undefined) this.#comesBack.set(name, awayMs);
    if (life instanceof WorkerLife) {
      this.watches.stops.stopping(name);
      life.stop(returns);
    } else life.stop();
    return true;
  }

  stranger(kind: StrangerKind, name: string, forMs: number): boolean {
    if (kind === 'namesake' && !this.workers.has(name)) return false;
    const life = this.#strangerLife(kind, name);
    this.world.trace.note(life.process.name, `${kind} starts`);
    this.strangers.add(life);
    life.start();
    this.world.time.after(forMs, () => this.#gone(life));
    return true;
  }

  #strangerLife(kind: StrangerKind, name: string): WorkerLife | CoordinatorLife {
    const number = this.strangers.size;
    const foreign = { min: 7, max: 9 };
    switch (kind) {
      case 'namesake':
        return this.#workerLife(name, 'redis', { min: 1, max: 2 });
      case 'other log':
        return this.#workerLife(`wx${number}`, 'kafka', { min: 1, max: 2 });
      case 'other protocol':
        return this.#workerLife(`wx${number}`, 'redis', foreign);
      case 'other coordinator':
        return this.#coordinatorLife(`cx${number}`, foreign);
      default:
        return assertNever(kind);
    }
  }

  /** Redis is emptied. */
  loseAll(): void {
    this.fake.flush();
    this.#dataLost();
  }

  /** Redis is as it was that long ago. Returns whether that is any different. */
  loseLast(backMs: number): boolean {
    const point = this.fake.pointAgo(backMs);
    if (point === this.fake.point) return false;
    this.fake.revertTo(point);
    this.#dataLost();
    return true;
  }

  #dataLost(): void {
    const { world, watches, acting, sink } = this;
    world.dataLost(lossGraceMs);
    watches.dataLost();
    sink.dataLost();
    world.time.after(lossGraceMs, () => {
      if (!world.isExcused) acting.checkAll();
    });
  }

  processOf(name: string): PlayedProcess | undefined {
    return (this.workers.get(name) ?? this.coordinators.get(name))?.process;
  }

  linksOf(name: string, which: 'heartbeat' | 'coordination' | 'both'): RedisLink[] {
    const worker = this.workers.get(name);
    const coordinator = this.coordinators.get(name);
    if (coordinator) return [coordinator.link];
    if (!worker) return [];
    const { heartbeat, coordination } = worker.links;
    return which === 'both' ? [heartbeat, coordination] : [worker.links[which]];
  }

  /** Everything is as it should be, from now on: what still has to happen is the product's business. */
  heal(): void {
    const { server, queue, journal } = this;
    server.comeUp();
    server.expectNothing();
    for (const link of server.links) link.heal();
    queue.calmDown();
    if (journal) {
      journal.isAway = false;
      journal.losesNextAnswer = false;
    }
    for (const stranger of this.strangers) this.#gone(stranger);
    for (const { process } of [...this.workers.values(), ...this.coordinators.values()])
      process.thaw();
    for (const { runner } of this.workers.values()) runner.calmDown();
    for (const name of this.wanted) this.start(name);
    for (const name of this.#comesBack.keys()) this.start(name);
    this.#comesBack.clear();
    for (const names of [this.shape.workers, this.shape.coordinators]) {
      const isAnyUp = names.some((name) => this.wanted.has(name));
      if (!isAnyUp && names[0] !== undefined) this.start(names[0]);
    }
  }

  readonly #comesBack = new Map<string, number>();

  #startAfter(name: string, ms: number): void {
    this.wanted.add(name);
    this.world.time.after(ms, () => {
      if (this.wanted.has(name)) this.start(name);
    });
  }

  #ended(life: WorkerLife | CoordinatorLife, why: string, inOrder: boolean): void {
    const { name } = life.process;
    this.world.trace.note(name, `ends: ${why}`);
    if (inOrder) this.#leave(life);
    else this.#gone(life);
    const awayMs = this.#comesBack.get(name);
    if (life.isStopping && awayMs !== undefined) {
      this.#comesBack.delete(name);
      this.#startAfter(name, awayMs);
    } else if (this.wanted.has(name)) {
      this.#startAfter(name, this.#supervisor.between(restartMs.min, restartMs.max));
    }
  }

  /** In order: after a moment in which it can end what it began, nothing may be left of it. */
  #leave(life: WorkerLife | CoordinatorLife): void {
    this.#forget(life);
    this.world.time.after(leavingMs, () => {
      // Units that could not be given back in time are left to the lease, and end with the process.
      const isDone = !(life instanceof WorkerLife) || life.unitCount === 0;
      if (isDone && !life.process.isFrozen) this.watches.stopped(life.process);
      life.kill();
    });
  }

  #gone(life: WorkerLife | CoordinatorLife): void {
    if (!life.process.isAlive) return;
    life.kill();
    this.#forget(life);
  }

  #forget(life: WorkerLife | CoordinatorLife): void {
    const { name } = life.process;
    if (life instanceof WorkerLife) {
      this.watches.status.died(life.incarnation);
    }
    this.strangers.delete(life);
    if (this.workers.get(name) === life) this.workers.delete(name);
    if (this.coordinators.get(name) === life) this.coordinators.delete(name);
  }

  #workerLife(name: string, log: string, protocol: ProtocolRange): WorkerLife {
    return new WorkerLife({
      ...this.#shared(name),
      acting: this.acting,
      sink: this.sink,
      stops: this.watches.stops,
      continueFencedMs: this.shape.continueFencedMs,
      waker: this.queue.waker,
      protocol,
      log,
    });
  }

  #coordinatorLife(name: string, protocol: ProtocolRange): CoordinatorLife {
    const { world, journal, shape } = this;
    const shared = this.#shared(name);
    const { process, life } = shared;
    return new CoordinatorLife({
      ...shared,
      dispatcher: this.queue.dispatcher,
      movement: shape.movement,
      protocol,
      log: 'redis',
      journal:
        journal &&
        new PlayedJournal({
          store: journal,
          process,
          time: world.time,
          random: world.random(`journal of ${name} ${life}`),
        }),
    });
  }

  #shared(name: string) {
    const { world, server, fake, shape } = this;
    const life = (this.#lives.get(name) ?? 0) + 1;
    this.#lives.set(name, life);
    const process = world.process(name, shape.rates[name] ?? 1);
    const ended = (ending: WorkerLife | CoordinatorLife, why: string, inOrder: boolean): void =>
      this.#ended(ending, why, inOrder);
    return { world, process, server, fake, life, pace: this.#pace, ended };
  }

  #protocolOf(name: string): ProtocolRange {
    const isOlder = this.shape.upgrades && !this.#lives.has(name);
    return { min: 1, max: isOlder ? 1 : 2 };
  }
}

export function isWorker(name: string): boolean {
  return name.startsWith('w');
}
