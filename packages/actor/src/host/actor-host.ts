/**
 * The control thread's side of all actors of a process: where each one is, what it reported, when it is
 * started again. No plugin code runs here, and nothing here waits for an executor without a limit.
 *
 * - ExecutorPool launches and watches executors; HostExecutor is the record of one.
 * - ActorLives starts, stops and restarts actors; ActorEntry is the record of one.
 * - ExecutorLosses decides what becomes of them when an executor misbehaves or dies.
 */
import { assertNever, type Clock, systemClock } from '@sluice/kernel';
import { type Command, lingerMs, type Report, type RunReport } from '../protocol.ts';
import type {
  ActorHost,
  ActorHostEvents,
  ActorHostOptions,
  ActorSpec,
  ActorStatus,
} from '../types.ts';
import type { ActorEntry } from './actor-entry.ts';
import { ActorLives } from './actor-lives.ts';
import { Blame } from './blame.ts';
import type { LaunchExecutor } from './executor-handle.ts';
import { ExecutorLosses } from './executor-losses.ts';
import { type Deadlines, ExecutorPool } from './executor-pool.ts';
import type { HostExecutor } from './host-executor.ts';
import { launchProcess } from './launch-process.ts';
import { launchThread } from './launch-thread.ts';
import { type CompiledActorHostOptions, compileActorHostOptions } from './options.ts';
import { StatusFeed } from './status-feed.ts';

/** What tests put in place of the real thing. */
export interface ActorHostParts {
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly launchShared?: LaunchExecutor;
  readonly launchDedicated?: LaunchExecutor;
}

/** For the exits of executors that were told to end, when the whole host stops. */
const exitLimitMs = 2_000;

/** @throws SluiceError `config.invalid` */
export function createActorHost(
  options: ActorHostOptions,
  events: ActorHostEvents,
  parts: ActorHostParts = {},
): ActorHost {
  return new Host(compileActorHostOptions(options), events, parts);
}

class Host implements ActorHost {
  readonly #options: CompiledActorHostOptions;
  readonly #events: ActorHostEvents;
  readonly #clock: Clock;
  readonly #pool: ExecutorPool;
  readonly #lives: ActorLives;
  readonly #losses: ExecutorLosses;
  readonly #statuses: StatusFeed;
  #deadlines: Deadlines | undefined;
  #isStopping = false;
  #stopped: Promise<void> | undefined;

  constructor(options: CompiledActorHostOptions, events: ActorHostEvents, parts: ActorHostParts) {
    const { clock = systemClock, random = Math.random } = parts;
    this.#options = options;
    this.#events = events;
    this.#clock = clock;
    const statuses = new StatusFeed((status) => events.status(status));
    const blame = new Blame(clock);
    const pool = new ExecutorPool({
      options,
      clock,
      launchShared: parts.launchShared ?? launchThread,
      launchDedicated: parts.launchDedicated ?? launchProcess,
      events: {
        reports: (executor, reports) => this.#reported(executor, reports),
        opened: () => this.#lives.activateIdle(),
        blocked: (executor) => this.#losses.blocked(executor),
        stuck: (executor, reason) => this.#losses.stuck(executor, reason),
        overLimit: (executor) => this.#losses.overLimit(executor),
        exited: (executor, cause) => this.#losses.exited(executor, cause),
        refused: (command, error) => this.#refused(command, error),
      },
    });
    const mayStart = (): boolean => this.#deadlines === undefined || this.#isFresh();
    const lives = new ActorLives({ options, clock, random, pool, blame, statuses, mayStart });
    this.#statuses = statuses;
    this.#pool = pool;
    this.#lives = lives;
    this.#losses = new ExecutorLosses({ options, pool, lives, blame, statuses, events });
  }

  start(): Promise<void> {
    return this.#pool.start();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  spawn(spec: ActorSpec): void {
    if (this.#isStopping) return;
    const entry = this.#lives.entries.get(spec.address);
    if (!entry) {
      this.#lives.create(spec);
    } else if (entry.fence < spec.fence) {
      entry.successor = spec;
      this.#lives.end(entry);
    }
  }

  tell(address: string, fence: number, message: unknown): void {
    const phase = this.#find(address, fence)?.phase;
    if (phase?.kind === 'placed') {
      phase.executor.send({ kind: 'tell', run: phase.run, message });
    }
  }

  broadcast(message: unknown): void {
    for (const executor of this.#pool.all) executor.send({ kind: 'broadcast', message });
  }

  restart(address: string, fence: number, next?: Pick<ActorSpec, 'payload' | 'restart'>): void {
    const entry = this.#find(address, fence);
    if (this.#isStopping || !entry || entry.isRemoving) return;
    if (next) entry.spec = { ...entry.spec, ...next };
    this.#lives.restart(entry);
  }

  async stopActor(address: string, fence: number): Promise<void> {
    const entry = this.#lives.entries.get(address);
    // Whoever says an older fence of the same spawn has not heard of the newer one yet, and means it.
    if (entry && entry.spawnedFence <= fence) {
      if (entry.successor && entry.successor.fence <= fence) entry.successor = undefined;
      this.#lives.end(entry);
      await entry.ended;
    }
    // What an older life of it left behind in executors that did not exit yet.
    const haunted = [...this.#pool.all].filter((executor) => executor.ghosts.has(address));
    await Promise.all(haunted.map((executor) => executor.exited));
  }

  setLease(deadlines: Deadlines): void {
    const wasFresh = this.#isFresh();
    this.#deadlines = deadlines;
    const isBack = !wasFresh && this.#isFresh();
    this.#pool.setLease(deadlines, isBack);
    if (isBack) this.#lives.activateIdle();
  }

  isQuiet(): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (this.#deadlines && nowMs < this.#deadlines.quiesceAtMs) return false;
    return [...this.#pool.all].every((executor) => executor.isQuiet(nowMs));
  }

  async abandonAll(): Promise<void> {
    for (const entry of this.#lives.entries.values()) {
      entry.successor = undefined;
      this.#lives.remove(entry);
    }
    const executors = [...this.#pool.all];
    const reason = 'this worker was fenced: all of its actors run elsewhere';
    for (const executor of executors) this.#losses.lose(executor, { reason });
    await Promise.all(executors.map((executor) => executor.exited));
  }

  list(): readonly ActorStatus[] {
    const statuses: ActorStatus[] = [];
    for (const entry of this.#lives.entries.values()) {
      const status = entry.status();
      if (status) statuses.push(status);
    }
    return statuses;
  }

  executors(): ReturnType<ActorHost['executors']> {
    const nowMs = this.#clock.monotonicMs();
    return [...this.#pool.all].map(({ id, kind, runs, handle, lastTickAtMs }) => ({
      id,
      kind,
      actors: runs.size,
      heapUsedBytes: handle.board.heapBytes,
      lastTickAgeMs: nowMs - lastTickAtMs,
      eventLoopDelayMs: handle.board.delayMs,
      usage: handle.usage,
    }));
  }

  #find(address: string, fence: number): ActorEntry | undefined {
    const entry = this.#lives.entries.get(address);
    return entry?.fence === fence ? entry : undefined;
  }

  #isFresh(): boolean {
    return this.#deadlines !== undefined && this.#clock.monotonicMs() < this.#deadlines.pauseAtMs;
  }

  #reported(executor: HostExecutor, reports: readonly Report[]): void {
    for (const report of reports) {
      // What a lost executor still says is about actors that go on elsewhere.
      if (executor.state === 'abandoned' || executor.state === 'exited') return;
      if (report.kind === 'crashed') this.#losses.misbehaved(executor, report.trace);
      else if (report.kind === 'told') this.#events.told?.(executor.id, report.message);
      else if ('run' in report) this.#reportedRun(executor, report);
    }
  }

  #reportedRun(executor: HostExecutor, report: RunReport): void {
    const entry = executor.runs.get(report.run);
    if (!entry) return;
    switch (report.kind) {
      case 'state':
        this.#lives.isUp(entry, report.state);
        return;
      case 'event':
        this.#events.event(entry.address, entry.fence, report.event);
        return;
      case 'failing':
        this.#lives.failing(entry, report);
        return;
      case 'ended':
        if (report.how === 'overstayed') this.#losses.overstayed(executor, report.run, entry);
        else this.#ended(executor, report.run, entry);
        return;
      default:
        assertNever(report);
    }
  }

  #ended(executor: HostExecutor, run: number, entry: ActorEntry): void {
    executor.remove(run);
    const { phase } = entry;
    if (phase.kind === 'ending' && phase.run === run) this.#lives.proceed(entry, phase.next);
    this.#losses.runEnded(executor);
  }

  #refused(command: Command, error: unknown): void {
    if (!('run' in command)) return;
    const executor = this.#lives.refused(command, error);
    if (executor && command.kind === 'start') this.#losses.runEnded(executor);
  }

  async #stop(): Promise<void> {
    this.#isStopping = true;
    const entries = [...this.#lives.entries.values()];
    for (const entry of entries) {
      entry.successor = undefined;
      this.#lives.end(entry);
    }
    await this.#within(
      this.#options.stopGraceMs + lingerMs + exitLimitMs,
      entries.map((entry) => entry.ended),
    );
    this.#lives.close();
    this.#pool.close();
    const executors = [...this.#pool.all];
    for (const executor of executors) this.#losses.lose(executor, { reason: 'the host stops' });
    for (const entry of this.#lives.entries.values()) this.#lives.remove(entry);
    // A thread in a system call does not exit in time; its effects are refused, and the process is to end.
    await this.#within(
      exitLimitMs,
      executors.map((executor) => executor.exited),
    );
    this.#statuses.close();
  }

  async #within(limitMs: number, waits: readonly Promise<void>[]): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#clock.after(limitMs, resolve);
    await Promise.race([Promise.all(waits), promise]);
    timer.cancel();
  }
}
