/**
 * The lives of all actors, as far as they go in order: placed, started, stopped, restarted, refenced. What
 * happens when an executor is lost is the business of ExecutorLosses, which comes back here to go on.
 *
 * Phases and their order: see actor-entry.ts. Nothing is placed while the lease is not fresh.
 */
import { assertNever, type Clock, toError } from '@sluice/kernel';
import type { Command } from '../protocol.ts';
import { Supervisor } from '../supervisor.ts';
import type { ActorSpec } from '../types.ts';
import { ActorEntry, type Failure, type Next } from './actor-entry.ts';
import type { Blame } from './blame.ts';
import type { ExecutorPool } from './executor-pool.ts';
import type { HostExecutor } from './host-executor.ts';
import type { CompiledActorHostOptions } from './options.ts';
import { choosePlacement } from './placement.ts';
import { Refencer } from './refencer.ts';
import type { StatusFeed } from './status-feed.ts';

export interface ActorLivesParts {
  readonly options: CompiledActorHostOptions;
  readonly clock: Clock;
  readonly random: () => number;
  readonly pool: ExecutorPool;
  readonly blame: Blame;
  readonly statuses: StatusFeed;
  /** No lease was ever set, or it is fresh. */
  readonly mayStart: () => boolean;
}

export class ActorLives {
  readonly entries = new Map<string, ActorEntry>();
  readonly #parts: ActorLivesParts;
  readonly #refencer: Refencer;
  #runs = 0;
  #isClosed = false;

  constructor(parts: ActorLivesParts) {
    this.#parts = parts;
    this.#refencer = new Refencer({
      clock: parts.clock,
      refence: parts.options.refence,
      refenced: (entry, fence) => this.#refenced(entry, fence),
    });
  }

  /** Nothing is started any more. */
  close(): void {
    this.#isClosed = true;
    this.#refencer.close();
  }

  create(spec: ActorSpec): void {
    const { clock, options, random, statuses } = this.#parts;
    const supervisor = new Supervisor({
      policy: () => entry.spec.restart ?? options.restart,
      clock,
      random,
      restart: () => this.activate(entry),
      recovered: () => statuses.changed(entry),
    });
    const entry: ActorEntry = new ActorEntry(spec, supervisor);
    this.entries.set(spec.address, entry);
    this.activate(entry);
  }

  /** Wants it to run: as soon as the lease is fresh, it has its fence, and there is an executor. */
  activate(entry: ActorEntry): void {
    if (entry.phase.kind === 'removed' || this.#isClosed) return;
    entry.timer?.cancel();
    entry.phase = { kind: 'idle' };
    if (!this.#parts.mayStart()) return;
    if (entry.needsFence) {
      entry.phase = { kind: 'refencing' };
      this.#refencer.add(entry);
    } else {
      this.#place(entry);
    }
  }

  /** The lease is fresh again, or there is a new executor. */
  activateIdle(): void {
    for (const entry of this.entries.values()) {
      if (entry.phase.kind === 'idle') this.activate(entry);
    }
  }

  isUp(entry: ActorEntry, state: 'RUNNING' | 'PAUSED'): void {
    if (entry.phase.kind !== 'placed') return;
    if (entry.startedRun !== entry.phase.run) {
      entry.startedRun = entry.phase.run;
      entry.supervisor.started();
    }
    entry.state = state;
    entry.isStalled = false;
    entry.failure = undefined;
    entry.nextRetryAtMs = undefined;
    this.#parts.statuses.changed(entry);
  }

  /** It failed and is stopping itself. */
  failing(entry: ActorEntry, failure: Failure): void {
    if (entry.phase.kind !== 'placed') return;
    const { executor, run } = entry.phase;
    entry.phase = { kind: 'ending', executor, run, next: 'supervise' };
    entry.failure = failure;
    this.#isDown(entry);
  }

  /** Stops it in order if it runs; `next` of an earlier order gives way, except to `remove`. */
  endRun(entry: ActorEntry, next: Next): void {
    const { phase } = entry;
    if (phase.kind !== 'placed' && phase.kind !== 'ending') return;
    const { executor, run } = phase;
    if (phase.kind === 'ending' && phase.next === 'remove') return;
    if (phase.kind === 'placed') {
      executor.send({ kind: 'stop', run, reason: next === 'remove' ? 'stop' : 'restart' });
    }
    entry.supervisor.interrupted();
    entry.phase = { kind: 'ending', executor, run, next };
    // Not RUNNING while it stops, which may take as long as its grace. If it is to be gone, nobody asks.
    if (next !== 'remove' && entry.state !== undefined) this.#isDown(entry);
  }

  /** `entry.ended` resolves when it is gone, or gone with an executor that is lost. */
  end(entry: ActorEntry): void {
    const runs = entry.phase.kind === 'placed' || entry.phase.kind === 'ending';
    if (runs) this.endRun(entry, 'remove');
    else this.remove(entry);
  }

  remove(entry: ActorEntry): void {
    if (entry.phase.kind === 'removed') return;
    entry.phase = { kind: 'removed' };
    entry.supervisor.cancel();
    entry.timer?.cancel();
    this.entries.delete(entry.address);
    this.#parts.statuses.forget(entry);
    entry.resolveEnded();
    if (entry.successor && !this.#isClosed) this.create(entry.successor);
  }

  /** By an operator: with a clean slate. */
  restart(entry: ActorEntry): void {
    const { phase } = entry;
    entry.supervisor.reset();
    switch (phase.kind) {
      case 'placed':
      case 'ending':
        this.endRun(entry, 'restart');
        return;
      case 'held':
        entry.phase = { ...phase, next: 'restart' };
        return;
      case 'waiting':
      case 'failed':
        this.#isDown(entry);
        this.activate(entry);
        return;
      case 'idle':
      case 'refencing':
      case 'removed':
        return;
      default:
        assertNever(phase);
    }
  }

  /** Its run has ended, and no code of it is left. */
  proceed(entry: ActorEntry, next: Next): void {
    switch (next) {
      case 'remove':
        this.remove(entry);
        return;
      case 'restart':
      case 'move':
        this.activate(entry);
        return;
      case 'supervise':
        this.#supervise(entry);
        return;
      default:
        assertNever(next);
    }
  }

  /** A command that cannot be cloned: its actor cannot do what it was told. Returns where it was. */
  refused(command: Command & { run: number }, error: unknown): HostExecutor | undefined {
    const executor = [...this.#parts.pool.all].find(({ runs }) => runs.has(command.run));
    const entry = executor?.runs.get(command.run);
    if (!executor || !entry) return undefined;
    entry.failure = { trace: toError(error).stack ?? String(error) };
    if (command.kind === 'start') {
      executor.remove(command.run);
      if (entry.phase.kind === 'ending' && entry.phase.next === 'remove') this.remove(entry);
      else this.#giveUp(entry);
    } else {
      this.endRun(entry, 'supervise');
    }
    return executor;
  }

  #isDown(entry: ActorEntry): void {
    entry.state = 'RESTARTING';
    entry.nextRetryAtMs = undefined;
    this.#parts.statuses.changed(entry);
  }

  #refenced(entry: ActorEntry, fence: number | undefined): void {
    if (fence === undefined) {
      this.remove(entry);
      return;
    }
    entry.spec = { ...entry.spec, fence };
    entry.needsFence = false;
    // What was told last may have been refused, since its fence was being replaced.
    this.#parts.statuses.changed(entry);
    entry.phase = { kind: 'idle' };
    // The answer may have come late.
    this.activate(entry);
  }

  #place(entry: ActorEntry): void {
    const executor = this.#executorFor(entry);
    if (!executor) return;
    const { stopGraceMs: graceMs } = this.#parts.options;
    const run = ++this.#runs;
    entry.phase = { kind: 'placed', executor, run };
    entry.executorId = executor.id;
    executor.add(run, entry);
    executor.send({ kind: 'start', run, spec: entry.spec, graceMs });
  }

  #executorFor(entry: ActorEntry): HostExecutor | undefined {
    const { blame, pool } = this.#parts;
    if (this.#isDedicated(entry)) return pool.launchDedicated();
    const isSuspect = blame.isSuspect(entry);
    const candidates = pool.openShared().map((executor) => ({
      executor,
      actors: executor.runs.size,
      sameGroup: executor.countOfGroup(entry.spec.group),
      suspects: isSuspect ? blame.countSuspects(executor.runs.values(), entry) : 0,
    }));
    return choosePlacement(candidates, isSuspect);
  }

  #isDedicated(entry: ActorEntry): boolean {
    const { blame, options } = this.#parts;
    return (
      entry.spec.isolation === 'dedicated' ||
      blame.offences(entry.address) >= options.offencesBeforeDedicated
    );
  }

  #supervise(entry: ActorEntry): void {
    const { clock, options } = this.#parts;
    entry.phase = { kind: 'waiting' };
    entry.isStalled = false;
    this.#isDown(entry);
    if (entry.failure?.code === 'lease.expired') {
      // No fault of its own. The delay is for the case that it fails so for another reason.
      entry.supervisor.interrupted();
      const { initialMs } = entry.spec.restart ?? options.restart;
      entry.timer = clock.after(initialMs, () => this.activate(entry));
      return;
    }
    // A store refused its fence: it is restarted under a new one, or, not being ours any more, not at all.
    if (entry.failure?.fenced === true) entry.needsFence = true;
    const decision = entry.supervisor.failed();
    if (decision.kind === 'give-up') this.#giveUp(entry);
    else entry.nextRetryAtMs = clock.wallMs() + decision.afterMs;
  }

  #giveUp(entry: ActorEntry): void {
    entry.supervisor.cancel();
    entry.phase = { kind: 'failed' };
    entry.state = 'FAILED';
    entry.nextRetryAtMs = undefined;
    this.#parts.statuses.changed(entry);
  }
}
