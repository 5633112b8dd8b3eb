/**
 * What happens when an executor misbehaves, dies or is given up: who is blamed, and where each of its
 * actors goes.
 *
 * | what                                | executor            | the one to blame          | the others      |
 * | ----------------------------------- | ------------------- | ------------------------- | --------------- |
 * | start, receive or loop fails        | stays               | back-off                  | nothing         |
 * | uncaught exception or rejection     | stays               | the same                  | nothing         |
 * | … that belongs to no actor          | retired             | unknown: suspects apart   | stopped, moved  |
 * | no tick (busy loop, system call)    | abandoned           | held until exit, back-off | refenced, moved |
 * | heap limit, process.exit()          | exited              | refenced, back-off        | refenced, moved |
 * | too much memory outside of the heap | retired             | unknown: suspects apart   | stopped, moved  |
 * | stop takes longer than the grace    | retired, then ended | held until exit, back-off | stopped, moved  |
 *
 * Abandoned: its board is marked first, so that no effect check in it ever succeeds again, and then it is
 * ended. Retired: it still works, so its actors are stopped in order and need no new fence. After
 * `offencesBeforeDedicated` blames an actor gets a process of its own.
 */
import type { ActorHostEvents } from '../types.ts';
import type { ActorEntry, Next } from './actor-entry.ts';
import type { ActorLives } from './actor-lives.ts';
import type { Blame } from './blame.ts';
import type { ExitCause } from './executor-handle.ts';
import type { ExecutorPool } from './executor-pool.ts';
import type { HostExecutor } from './host-executor.ts';
import type { CompiledActorHostOptions } from './options.ts';
import type { StatusFeed } from './status-feed.ts';

export interface ExecutorLossesParts {
  readonly options: CompiledActorHostOptions;
  readonly pool: ExecutorPool;
  readonly lives: ActorLives;
  readonly blame: Blame;
  readonly statuses: StatusFeed;
  readonly events: ActorHostEvents;
}

export class ExecutorLosses {
  readonly #parts: ExecutorLossesParts;

  constructor(parts: ExecutorLossesParts) {
    this.#parts = parts;
  }

  blocked(executor: HostExecutor): void {
    const culprit = this.#culpritOf(executor);
    const reason =
      `executor ${executor.id} did not answer for ${Math.round(executor.silentMs)} ms: ` +
      (culprit
        ? `${culprit.address} blocks it with a busy loop or a blocking call`
        : 'one of its actors blocks it; which one is not known');
    this.#tell(executor, 'abandoned', reason, culprit);
    this.lose(executor, { reason }, culprit);
  }

  stuck(executor: HostExecutor, reason: string): void {
    this.#tell(executor, 'abandoned', reason);
    this.lose(executor, { reason });
  }

  overLimit(executor: HostExecutor): void {
    const usedMb = Math.round(executor.handle.board.externalBytes / 2 ** 20);
    this.misbehaved(
      executor,
      `executor ${executor.id} held ${usedMb} MiB outside of its heap (Buffers), more than its limit of ` +
        `${this.#parts.options.externalLimitMb} MiB`,
    );
  }

  /** It still works, but is not to be trusted any longer, and nobody knows who did it. */
  misbehaved(executor: HostExecutor, trace: string): void {
    const { blame, lives } = this.#parts;
    const culprit = blame.suspect([...executor.runs.values()]);
    if (culprit) {
      blame.add(culprit.address);
      culprit.failure = { trace };
      lives.endRun(culprit, 'supervise');
    }
    this.#retire(executor, trace, culprit);
  }

  /** It had its grace and still runs. Its effects are refused already; its code ends with the executor. */
  overstayed(executor: HostExecutor, run: number, entry: ActorEntry): void {
    const trace = `${entry.address} did not stop within ${this.#parts.options.stopGraceMs} ms`;
    executor.lingering.add(run);
    this.#parts.blame.add(entry.address);
    entry.failure ??= { trace };
    this.#retire(executor, trace, entry);
  }

  /** A run in it has ended in order. */
  runEnded(executor: HostExecutor): void {
    if (executor.kind === 'dedicated') this.lose(executor, { reason: 'its actor ended' });
    else this.#closeRetired(executor);
  }

  /** Ends an executor now; `culprit` is to blame for it. */
  lose(executor: HostExecutor, cause: ExitCause, culprit?: ActorEntry): void {
    if (executor.state === 'abandoned' || executor.state === 'exited') return;
    executor.abandon(cause);
    this.#forsake(executor, cause, culprit);
    this.#parts.pool.fill();
  }

  exited(executor: HostExecutor, cause: ExitCause): void {
    const { lives } = this.#parts;
    const wasLost = executor.state === 'abandoned';
    const culprit = wasLost || !executor.wasReady ? undefined : this.#culpritOf(executor);
    if (!wasLost) this.#tell(executor, 'exited', cause.reason, culprit);
    executor.markExited(cause);
    if (!wasLost) this.#forsake(executor, cause, culprit);
    for (const entry of lives.entries.values()) {
      if (entry.phase.kind !== 'held' || entry.phase.executor !== executor) continue;
      lives.proceed(entry, entry.phase.next);
    }
  }

  #retire(executor: HostExecutor, reason: string, culprit?: ActorEntry): void {
    const { lives, pool } = this.#parts;
    if (!executor.wasReady) {
      this.stuck(executor, reason);
      return;
    }
    if (executor.isOpen) {
      this.#tell(executor, 'retired', reason, culprit);
      executor.state = 'retiring';
      executor.lostBecause = { reason };
      pool.fill();
    }
    for (const [run, entry] of executor.runs) {
      if (executor.lingering.has(run) || entry.phase.kind !== 'placed') continue;
      lives.endRun(entry, 'move');
    }
    this.#closeRetired(executor);
  }

  /** Ends a retired executor once all that can leave it has left. */
  #closeRetired(executor: HostExecutor): void {
    if (executor.state !== 'retiring' || executor.runs.size > executor.lingering.size) return;
    this.lose(executor, executor.lostBecause ?? { reason: 'retired' });
  }

  #culpritOf(executor: HostExecutor): ActorEntry | undefined {
    return executor.runningEntry ?? this.#parts.blame.suspect([...executor.runs.values()]);
  }

  /** Finds each actor of a lost executor its next place. */
  #forsake(executor: HostExecutor, cause: ExitCause, culprit: ActorEntry | undefined): void {
    if (culprit) {
      this.#parts.blame.add(culprit.address);
      culprit.failure = { trace: cause.reason, code: cause.code };
    }
    const left = [...executor.runs];
    const lingering = new Set(executor.lingering);
    for (const [run, entry] of left) {
      executor.remove(run);
      // If it never was ready no actor's code ran in it.
      if (executor.wasReady) executor.ghosts.add(entry.address);
      if (entry.phase.kind !== 'placed' && entry.phase.kind !== 'ending') continue;
      if (entry.phase.run !== run) continue;
      entry.needsFence ||= executor.wasReady;
      const isToBlame = entry === culprit || lingering.has(run);
      const next = this.#nextOf(executor, entry, culprit);
      if (next === 'supervise' && entry !== culprit && entry.phase.kind === 'placed') {
        entry.failure = { trace: cause.reason, code: cause.code };
      }
      this.#forsakeOne(executor, entry, next, isToBlame);
    }
  }

  #nextOf(executor: HostExecutor, { phase, address }: ActorEntry, culprit?: ActorEntry): Next {
    if (phase.kind === 'ending' && phase.next === 'remove') return 'remove';
    if (address === culprit?.address) return 'supervise';
    if (phase.kind === 'ending') return phase.next;
    // A dedicated executor has only this actor: that it cannot start, or is gone, is the actor's failure.
    return executor.kind === 'dedicated' ? 'supervise' : 'move';
  }

  #forsakeOne(executor: HostExecutor, entry: ActorEntry, next: Next, isToBlame: boolean): void {
    const { lives, statuses } = this.#parts;
    if (next === 'remove') {
      lives.remove(entry);
      return;
    }
    entry.supervisor.interrupted();
    if (isToBlame || next === 'supervise') entry.state = 'RESTARTING';
    entry.isStalled = entry.state !== undefined;
    statuses.changed(entry);
    if (isToBlame && executor.isAlive) entry.phase = { kind: 'held', executor, next };
    else lives.proceed(entry, next);
  }

  #tell(
    executor: HostExecutor,
    what: 'abandoned' | 'retired' | 'exited',
    reason: string,
    culprit?: ActorEntry,
  ): void {
    this.#parts.events.executorLost?.({
      executor: executor.id,
      what,
      reason,
      actors: executor.runs.size,
      ...(culprit ? { culprit: culprit.address } : {}),
    });
  }
}
