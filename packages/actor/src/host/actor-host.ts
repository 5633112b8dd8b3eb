/**
 * The control thread's side of all actors of a process: where each one is, what it reported, when it is
 * started again. No plugin code runs here, and nothing here waits for an executor without a limit.
 *
 * What happens on each misbehaviour:
 *
 * | what                                  | executor            | the one to blame              | the others            |
 * | ------------------------------------- | ------------------- | ----------------------------- | --------------------- |
 * | start, receive or loop fails          | stays               | restarted with back-off       | nothing               |
 * | uncaught exception or rejection       | stays               | the same                      | nothing               |
 * | … that belongs to no actor            | retired             | unknown: suspects spread      | stopped, moved        |
 * | no tick (busy loop, system call)      | abandoned           | held until the exit, back-off | refenced, moved       |
 * | heap limit, process.exit()            | exited              | refenced, back-off            | refenced, moved       |
 * | too much memory outside of the heap   | retired             | unknown: suspects spread      | stopped, moved        |
 * | stop takes longer than the grace      | retired, then ended | held until the exit           | stopped, moved        |
 *
 * After `offencesBeforeDedicated` blames an actor gets a process of its own. Abandoned: its board is marked
 * first, so that no effect check in it ever succeeds again, and then it is ended. Retired: it still
 * works, so its actors are stopped in order and need no new fence.
 */
import { assertNever, type Clock, systemClock, toError } from '@sluice/kernel';
import type { Command, Report } from '../protocol.ts';
import { lingerMs } from '../protocol.ts';
import { Supervisor } from '../supervisor.ts';
import type {
  ActorHost,
  ActorHostEvents,
  ActorHostOptions,
  ActorSpec,
  ActorStatus,
} from '../types.ts';
import { ActorEntry, type Failure, type Next } from './actor-entry.ts';
import { Blame } from './blame.ts';
import type { ExitCause, LaunchExecutor } from './executor-handle.ts';
import { type Deadlines, ExecutorPool } from './executor-pool.ts';
import type { HostExecutor } from './host-executor.ts';
import { launchProcess } from './launch-process.ts';
import { launchThread } from './launch-thread.ts';
import { type CompiledActorHostOptions, compileActorHostOptions } from './options.ts';
import { choosePlacement } from './placement.ts';
import { Refencer } from './refencer.ts';
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
  readonly #random: () => number;
  readonly #pool: ExecutorPool;
  readonly #refencer: Refencer;
  readonly #statuses: StatusFeed;
  readonly #blame: Blame;
  readonly #entries = new Map<string, ActorEntry>();
  #runs = 0;
  #deadlines: Deadlines | undefined;
  #isStopping = false;
  #stopped: Promise<void> | undefined;

  constructor(options: CompiledActorHostOptions, events: ActorHostEvents, parts: ActorHostParts) {
    this.#options = options;
    this.#events = events;
    this.#clock = parts.clock ?? systemClock;
    this.#random = parts.random ?? Math.random;
    this.#statuses = new StatusFeed((status) => events.status(status));
    this.#blame = new Blame(this.#clock);
    this.#refencer = new Refencer({
      clock: this.#clock,
      refence: options.refence,
      refenced: (entry, fence) => this.#refenced(entry, fence),
    });
    this.#pool = new ExecutorPool({
      options,
      clock: this.#clock,
      launchShared: parts.launchShared ?? launchThread,
      launchDedicated: parts.launchDedicated ?? launchProcess,
      events: {
        reports: (executor, reports) => this.#reported(executor, reports),
        opened: () => this.#activateIdle(),
        blocked: (executor) => this.#blocked(executor),
        stuck: (executor, reason) => this.#lose(executor, { reason }),
        overLimit: (executor) => this.#overLimit(executor),
        exited: (executor, cause) => this.#exited(executor, cause),
        refused: (command, error) => this.#refused(command, error),
      },
    });
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
    const entry = this.#entries.get(spec.address);
    if (!entry) {
      this.#create(spec);
    } else if (entry.fence < spec.fence) {
      entry.successor = spec;
      this.#end(entry);
    }
  }

  tell(address: string, fence: number, message: unknown): void {
    const entry = this.#entries.get(address);
    if (entry?.fence !== fence || entry.phase.kind !== 'placed') return;
    const { executor, run } = entry.phase;
    executor.send({ kind: 'tell', run, message });
  }

  restart(address: string, fence: number, payload?: unknown): void {
    const entry = this.#entries.get(address);
    if (this.#isStopping || entry?.fence !== fence || entry.isRemoving) return;
    if (payload !== undefined) entry.spec = { ...entry.spec, payload };
    entry.supervisor.reset();
    const { phase } = entry;
    switch (phase.kind) {
      case 'placed':
      case 'ending':
        entry.state = 'RESTARTING';
        this.#endRun(entry, 'restart');
        break;
      case 'held':
        entry.phase = { ...phase, next: 'restart' };
        break;
      case 'waiting':
      case 'failed':
        entry.state = 'RESTARTING';
        this.#activate(entry);
        break;
      case 'idle':
      case 'refencing':
      case 'removed':
        break;
      default:
        assertNever(phase);
    }
    entry.nextRetryAtMs = undefined;
    this.#statuses.changed(entry);
  }

  async stopActor(address: string, fence: number): Promise<void> {
    const entry = this.#entries.get(address);
    if (entry && entry.fence <= fence) {
      this.#end(entry);
      await entry.ended;
    }
    // What an older life of it left behind in executors that did not exit yet.
    const haunted = [...this.#pool.all].filter((executor) => {
      const ghostFence = executor.ghosts.get(address);
      return executor.isAlive && ghostFence !== undefined && ghostFence <= fence;
    });
    await Promise.all(haunted.map((executor) => executor.exited));
  }

  setLease(deadlines: Deadlines): void {
    const wasFresh = this.#isFresh();
    this.#deadlines = deadlines;
    const isBack = !wasFresh && this.#isFresh();
    this.#pool.setLease(deadlines, isBack);
    if (isBack) this.#activateIdle();
  }

  isQuiet(): boolean {
    const nowMs = this.#clock.monotonicMs();
    for (const executor of this.#pool.all) {
      // Nothing of an actor was ever started in it.
      if (executor.state === 'starting') continue;
      const { board } = executor.handle;
      if (executor.state === 'abandoned') return false;
      if (nowMs < board.quiesceAtMs || board.quietForMs < board.quiesceAtMs) return false;
    }
    return this.#deadlines === undefined || nowMs >= this.#deadlines.quiesceAtMs;
  }

  async abandonAll(): Promise<void> {
    for (const entry of this.#entries.values()) {
      entry.successor = undefined;
      this.#remove(entry);
    }
    const executors = [...this.#pool.all];
    const reason = `this worker was fenced: all of its actors run elsewhere`;
    for (const executor of executors) this.#lose(executor, { reason });
    await Promise.all(executors.map((executor) => executor.exited));
  }

  list(): readonly ActorStatus[] {
    const statuses: ActorStatus[] = [];
    for (const entry of this.#entries.values()) {
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
    }));
  }

  // The life of an actor

  #create(spec: ActorSpec): void {
    const supervisor = new Supervisor({
      policy: this.#options.restart,
      clock: this.#clock,
      random: this.#random,
      restart: () => this.#activate(entry),
      recovered: () => this.#statuses.changed(entry),
    });
    const entry: ActorEntry = new ActorEntry(spec, supervisor);
    this.#entries.set(spec.address, entry);
    this.#activate(entry);
  }

  /** Wants it to run: as soon as the lease is fresh, it has its fence, and there is an executor. */
  #activate(entry: ActorEntry): void {
    if (entry.phase.kind === 'removed' || this.#isStopping) return;
    entry.timer?.cancel();
    entry.phase = { kind: 'idle' };
    if (this.#deadlines && !this.#isFresh()) return;
    if (entry.needsFence) {
      entry.phase = { kind: 'refencing' };
      this.#refencer.add(entry);
    } else {
      this.#place(entry);
    }
  }

  #activateIdle(): void {
    for (const entry of this.#entries.values()) {
      if (entry.phase.kind === 'idle') this.#activate(entry);
    }
  }

  #refenced(entry: ActorEntry, fence: number | undefined): void {
    if (fence === undefined) {
      this.#remove(entry);
      return;
    }
    entry.spec = { ...entry.spec, fence };
    entry.needsFence = false;
    entry.phase = { kind: 'idle' };
    this.#place(entry);
  }

  #place(entry: ActorEntry): void {
    const executor = this.#executorFor(entry);
    if (!executor) return;
    const run = ++this.#runs;
    entry.phase = { kind: 'placed', executor, run };
    entry.executorId = executor.id;
    executor.add(run, entry);
    executor.send({
      kind: 'start',
      run,
      spec: entry.spec,
      graceMs: this.#options.stopGraceMs,
    });
  }

  #executorFor(entry: ActorEntry): HostExecutor | undefined {
    if (this.#isDedicated(entry)) return this.#pool.launchDedicated();
    const isSuspect = this.#blame.isSuspect(entry);
    const candidates = this.#pool.openShared().map((executor) => ({
      executor,
      actors: executor.runs.size,
      sameGroup: executor.countOfGroup(entry.spec.group),
      suspects: isSuspect ? this.#blame.countSuspects(executor.runs.values(), entry) : 0,
    }));
    return choosePlacement(candidates, isSuspect);
  }

  #isDedicated(entry: ActorEntry): boolean {
    return (
      entry.spec.isolation === 'dedicated' ||
      this.#blame.offences(entry.address) >= this.#options.offencesBeforeDedicated
    );
  }

  /** Stops it in order if it runs; `next` of an earlier order gives way, except to `remove`. */
  #endRun(entry: ActorEntry, next: Next): void {
    const { phase } = entry;
    if (phase.kind !== 'placed' && phase.kind !== 'ending') return;
    const { executor, run } = phase;
    if (phase.kind === 'ending' && phase.next === 'remove') return;
    if (phase.kind === 'placed') {
      executor.send({ kind: 'stop', run, reason: next === 'remove' ? 'stop' : 'restart' });
    }
    entry.supervisor.interrupted();
    entry.phase = { kind: 'ending', executor, run, next };
  }

  /** `entry.ended` resolves when it is gone, or gone with an executor that is lost. */
  #end(entry: ActorEntry): void {
    if (entry.phase.kind === 'placed' || entry.phase.kind === 'ending')
      this.#endRun(entry, 'remove');
    else this.#remove(entry);
  }

  #remove(entry: ActorEntry): void {
    if (entry.phase.kind === 'removed') return;
    entry.phase = { kind: 'removed' };
    entry.supervisor.cancel();
    entry.timer?.cancel();
    this.#entries.delete(entry.address);
    this.#statuses.forget(entry);
    entry.resolveEnded();
    if (entry.successor && !this.#isStopping) this.#create(entry.successor);
  }

  /** Its run has ended, and no code of it is left. */
  #continue(entry: ActorEntry, next: Next): void {
    switch (next) {
      case 'remove':
        this.#remove(entry);
        return;
      case 'restart':
      case 'move':
        this.#activate(entry);
        return;
      case 'supervise':
        this.#supervise(entry);
        return;
      default:
        assertNever(next);
    }
  }

  #supervise(entry: ActorEntry): void {
    entry.state = 'RESTARTING';
    entry.phase = { kind: 'waiting' };
    entry.isStalled = false;
    this.#statuses.changed(entry);
    if (entry.failure?.code === 'lease.expired') {
      // No fault of its own. The delay is for the case that it fails so for another reason.
      entry.nextRetryAtMs = undefined;
      entry.supervisor.interrupted();
      entry.timer = this.#clock.after(this.#options.restart.initialMs, () => this.#activate(entry));
      return;
    }
    const decision = entry.supervisor.failed();
    if (decision.kind === 'give-up') {
      entry.phase = { kind: 'failed' };
      entry.state = 'FAILED';
      entry.nextRetryAtMs = undefined;
    } else {
      entry.nextRetryAtMs = this.#clock.wallMs() + decision.afterMs;
    }
  }

  // What executors say

  #reported(executor: HostExecutor, reports: readonly Report[]): void {
    for (const report of reports) {
      if (executor.state === 'abandoned' || executor.state === 'exited') return;
      this.#handle(executor, report);
    }
  }

  #handle(executor: HostExecutor, report: Report): void {
    switch (report.kind) {
      case 'ready':
      case 'tick':
        return;
      case 'crashed':
        this.#misbehaved(executor, undefined, report.trace);
        return;
      default:
    }
    const entry = executor.runs.get(report.run);
    if (!entry) return;
    switch (report.kind) {
      case 'state':
        this.#isRunning(entry, report.state);
        return;
      case 'event':
        this.#events.event(entry.address, entry.fence, report.event);
        return;
      case 'failing':
        this.#failing(entry, report);
        return;
      case 'ended':
        if (report.how === 'overstayed') this.#overstayed(executor, report.run, entry);
        else this.#runEnded(executor, report.run, entry);
        return;
      default:
        assertNever(report);
    }
  }

  #isRunning(entry: ActorEntry, state: 'RUNNING' | 'PAUSED'): void {
    if (entry.phase.kind !== 'placed') return;
    if (entry.startedRun !== entry.phase.run) {
      entry.startedRun = entry.phase.run;
      entry.supervisor.started();
    }
    entry.state = state;
    entry.isStalled = false;
    entry.failure = undefined;
    entry.nextRetryAtMs = undefined;
    this.#statuses.changed(entry);
  }

  #failing(entry: ActorEntry, failure: Failure): void {
    if (entry.phase.kind !== 'placed') return;
    const { executor, run } = entry.phase;
    entry.failure = failure;
    entry.state = 'RESTARTING';
    entry.nextRetryAtMs = undefined;
    entry.phase = { kind: 'ending', executor, run, next: 'supervise' };
    this.#statuses.changed(entry);
  }

  #runEnded(executor: HostExecutor, run: number, entry: ActorEntry): void {
    executor.remove(run);
    const { phase } = entry;
    if (phase.kind === 'ending' && phase.run === run) this.#continue(entry, phase.next);
    if (executor.kind === 'dedicated') this.#lose(executor, { reason: 'its actor ended' });
    else this.#closeRetired(executor);
  }

  /** A command that cannot be cloned: its actor cannot do what it was told. */
  #refused(command: Command, error: unknown): void {
    if (!('run' in command)) return;
    for (const executor of this.#pool.all) {
      const entry = executor.runs.get(command.run);
      if (!entry) continue;
      entry.failure = { trace: toError(error).stack ?? String(error) };
      if (command.kind === 'start') {
        executor.remove(command.run);
        entry.supervisor.cancel();
        entry.phase = { kind: 'failed' };
        entry.state = 'FAILED';
        this.#statuses.changed(entry);
        if (executor.kind === 'dedicated')
          this.#lose(executor, { reason: 'its actor cannot start' });
      } else {
        this.#endRun(entry, 'supervise');
      }
    }
  }

  // Misbehaviour

  #blocked(executor: HostExecutor): void {
    const silentMs = Math.round(executor.silentMs);
    const culprit = this.#culpritOf(executor);
    const reason =
      `executor ${executor.id} did not answer for ${silentMs} ms: ` +
      (culprit
        ? `${culprit.address} blocks it with a busy loop or a blocking call`
        : 'one of its actors blocks it; which one is not known');
    this.#lose(executor, { reason }, culprit);
  }

  #overLimit(executor: HostExecutor): void {
    const usedMb = Math.round(executor.handle.board.externalBytes / 2 ** 20);
    this.#misbehaved(
      executor,
      undefined,
      `executor ${executor.id} held ${usedMb} MiB outside of its heap (Buffers), more than the limit of ` +
        `${this.#options.externalLimitMb} MiB`,
    );
  }

  /** It had its grace and still runs. Its effects are refused already; its code ends with the executor. */
  #overstayed(executor: HostExecutor, run: number, entry: ActorEntry): void {
    executor.lingering.add(run);
    const trace = `${entry.address} did not stop within ${this.#options.stopGraceMs} ms`;
    this.#blame.add(entry.address);
    entry.failure ??= { trace };
    this.#retire(executor, { reason: trace });
  }

  /** The executor still works, but is not to be trusted any longer. */
  #misbehaved(executor: HostExecutor, known: ActorEntry | undefined, trace: string): void {
    const culprit = known ?? this.#blame.suspect([...executor.runs.values()]);
    if (culprit) {
      this.#blame.add(culprit.address);
      culprit.failure = { trace };
      culprit.state = 'RESTARTING';
      this.#statuses.changed(culprit);
      this.#endRun(culprit, 'supervise');
    }
    this.#retire(executor, { reason: trace });
  }

  #retire(executor: HostExecutor, cause: ExitCause): void {
    if (!executor.wasReady) {
      this.#lose(executor, cause);
      return;
    }
    if (executor.isOpen) {
      executor.state = 'retiring';
      executor.lostBecause = cause;
      this.#pool.fill();
    }
    for (const [run, entry] of executor.runs) {
      if (executor.lingering.has(run) || entry.phase.kind !== 'placed') continue;
      this.#endRun(entry, 'move');
      // Not RUNNING while it moves, which may take as long as its stop does.
      if (entry.state !== undefined) entry.state = 'RESTARTING';
      this.#statuses.changed(entry);
    }
    this.#closeRetired(executor);
  }

  /** Ends a retired executor once all that can leave it has left. */
  #closeRetired(executor: HostExecutor): void {
    if (executor.state !== 'retiring' || executor.runs.size > executor.lingering.size) return;
    this.#lose(executor, executor.lostBecause ?? { reason: 'retired' });
  }

  #culpritOf(executor: HostExecutor): ActorEntry | undefined {
    return executor.runningEntry ?? this.#blame.suspect([...executor.runs.values()]);
  }

  /** Ends an executor now; `culprit` is to blame for it. */
  #lose(executor: HostExecutor, cause: ExitCause, culprit?: ActorEntry): void {
    if (executor.state === 'abandoned' || executor.state === 'exited') return;
    executor.abandon(cause);
    this.#forsake(executor, cause, culprit);
    this.#pool.fill();
  }

  #exited(executor: HostExecutor, cause: ExitCause): void {
    const wasLost = executor.state === 'abandoned';
    const culprit = wasLost || !executor.wasReady ? undefined : this.#culpritOf(executor);
    executor.markExited(cause);
    if (!wasLost) this.#forsake(executor, cause, culprit);
    for (const entry of this.#entries.values()) {
      if (entry.phase.kind === 'held' && entry.phase.executor === executor) {
        this.#continue(entry, entry.phase.next);
      }
    }
  }

  /** Finds each actor of a lost executor its next place. */
  #forsake(executor: HostExecutor, cause: ExitCause, culprit: ActorEntry | undefined): void {
    if (culprit) {
      this.#blame.add(culprit.address);
      culprit.failure = { trace: cause.reason, code: cause.code };
    }
    const left = [...executor.runs];
    executor.runs.clear();
    for (const [run, entry] of left) {
      if (executor.wasReady) executor.ghosts.set(entry.address, entry.fence);
      if (entry.phase.kind !== 'placed' && entry.phase.kind !== 'ending') continue;
      if (entry.phase.run !== run) continue;
      const next = entry.phase.kind === 'ending' ? entry.phase.next : 'move';
      if (next === 'remove') {
        this.#remove(entry);
        continue;
      }
      entry.needsFence ||= executor.wasReady;
      entry.supervisor.interrupted();
      this.#forsakeOne(executor, entry, {
        next: entry === culprit ? 'supervise' : next,
        isHeld: entry === culprit || executor.lingering.has(run),
        cause,
      });
    }
    executor.lingering.clear();
  }

  #forsakeOne(
    executor: HostExecutor,
    entry: ActorEntry,
    { next, isHeld, cause }: { next: Next; isHeld: boolean; cause: ExitCause },
  ): void {
    if (isHeld || next === 'supervise') entry.state = 'RESTARTING';
    // A dedicated executor has only this actor: if it cannot start, or is gone, that is its failure.
    const isFailure = executor.kind === 'dedicated' && next === 'move';
    if (isFailure) {
      entry.failure = { trace: cause.reason, code: cause.code };
      entry.state = 'RESTARTING';
    }
    const order = isFailure ? 'supervise' : next;
    entry.isStalled = entry.state !== undefined;
    this.#statuses.changed(entry);
    if (isHeld && executor.isAlive) entry.phase = { kind: 'held', executor, next: order };
    else this.#continue(entry, order);
  }

  #isFresh(): boolean {
    return this.#deadlines !== undefined && this.#clock.monotonicMs() < this.#deadlines.pauseAtMs;
  }

  async #stop(): Promise<void> {
    this.#isStopping = true;
    const entries = [...this.#entries.values()];
    for (const entry of entries) this.#end(entry);
    await this.#within(
      this.#options.stopGraceMs + lingerMs + exitLimitMs,
      entries.map((entry) => entry.ended),
    );
    this.#pool.close();
    this.#refencer.close();
    const executors = [...this.#pool.all];
    for (const executor of executors) this.#lose(executor, { reason: 'the host stops' });
    for (const entry of this.#entries.values()) this.#remove(entry);
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
