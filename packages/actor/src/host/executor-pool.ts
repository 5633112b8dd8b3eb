/**
 * The executors of the process: launches them, keeps the number of shared ones, watches that they tick and
 * stay within their memory, gives them the lease. What becomes of their actors is the host's business.
 *
 * A shared executor that cannot start is tried again with back-off, for ever: without executors nothing
 * else of the process is of use, and the actors say so in their status.
 */
import { backoffMs, type Clock, SluiceError, type Timer } from '@sluice/kernel';
import type { Command, Report } from '../protocol.ts';
import type { ExitCause, LaunchExecutor } from './executor-handle.ts';
import { HostExecutor } from './host-executor.ts';
import type { CompiledActorHostOptions } from './options.ts';

const startLimitMs = 30_000;
const relaunch = { initialMs: 200, maxMs: 30_000 };
/** How long the memory outside of the heap may be above its limit: garbage takes a while to be found. */
const overLimitMsMax = 1_000;

export interface ExecutorPoolEvents {
  reports(executor: HostExecutor, reports: readonly Report[]): void;
  /** A new shared executor can be given actors. */
  opened(): void;
  blocked(executor: HostExecutor): void;
  /** It does not come up. */
  stuck(executor: HostExecutor, reason: string): void;
  overLimit(executor: HostExecutor): void;
  exited(executor: HostExecutor, cause: ExitCause): void;
  refused(command: Command, error: unknown): void;
}

export interface ExecutorPoolOptions {
  readonly options: CompiledActorHostOptions;
  readonly clock: Clock;
  readonly launchShared: LaunchExecutor;
  readonly launchDedicated: LaunchExecutor;
  readonly events: ExecutorPoolEvents;
}

export interface Deadlines {
  readonly pauseAtMs: number;
  readonly quiesceAtMs: number;
}

export class ExecutorPool {
  readonly #options: CompiledActorHostOptions;
  readonly #clock: Clock;
  readonly #launch: Record<'shared' | 'dedicated', LaunchExecutor>;
  readonly #events: ExecutorPoolEvents;
  readonly #executors = new Set<HostExecutor>();
  readonly #launched = { shared: 0, dedicated: 0 };
  readonly #started = Promise.withResolvers<void>();
  #deadlines: Deadlines | undefined;
  #isRunning = false;
  #failedStarts = 0;
  #relaunchTimer: Timer | undefined;
  #watchTimer: Timer | undefined;
  #watchedAtMs = 0;

  constructor({ options, clock, launchShared, launchDedicated, events }: ExecutorPoolOptions) {
    this.#options = options;
    this.#clock = clock;
    this.#launch = { shared: launchShared, dedicated: launchDedicated };
    this.#events = events;
    this.#started.promise.catch(() => {});
  }

  /** Resolves when all shared executors are up. */
  async start(): Promise<void> {
    if (!this.#isRunning) {
      this.#isRunning = true;
      this.#watchedAtMs = this.#clock.monotonicMs();
      this.#fill();
      this.#watchLater();
    }
    await this.#started.promise;
  }

  /** No more launches; those that are there are the host's to end. */
  close(): void {
    this.#isRunning = false;
    this.#relaunchTimer?.cancel();
    this.#watchTimer?.cancel();
    this.#started.resolve();
  }

  get all(): ReadonlySet<HostExecutor> {
    return this.#executors;
  }

  openShared(): HostExecutor[] {
    return [...this.#executors].filter((executor) => executor.kind === 'shared' && executor.isOpen);
  }

  launchDedicated(): HostExecutor {
    return this.#launchOne('dedicated');
  }

  /** Replaces what was lost. Call after the state of an executor changed. */
  fill(): void {
    this.#fill();
  }

  /** `isBack`: the lease was not fresh before. */
  setLease(deadlines: Deadlines, isBack: boolean): void {
    this.#deadlines = deadlines;
    for (const executor of this.#executors) this.#giveLease(executor, isBack);
  }

  #giveLease(executor: HostExecutor, isBack: boolean): void {
    if (!this.#deadlines || !executor.isAlive) return;
    executor.handle.board.setLease(this.#deadlines);
    const hears = executor.state === 'ready' || executor.state === 'retiring';
    if (hears) executor.handle.leaseChanged(isBack);
  }

  #fill(): void {
    if (!this.#isRunning || this.#relaunchTimer) return;
    const missing = this.#options.sharedExecutors - this.openShared().length;
    for (let count = 0; count < missing; count++) this.#launchOne('shared');
    if (missing > 0) this.#events.opened();
  }

  #launchOne(kind: 'shared' | 'dedicated'): HostExecutor {
    const { blockedAfterMs, entry, environment, executorData, heapLimitMb, killMarginMs } =
      this.#options;
    const id = `${kind}-${this.#launched[kind]++}`;
    const tickMs = Math.max(10, Math.min(100, blockedAfterMs / 10));
    // The handle's events come in later turns only, when `executor` is assigned.
    const handle = this.#launch[kind](
      {
        boot: { id, kind, data: executorData, tickMs, killMarginMs },
        entry,
        heapLimitMb,
        environment,
      },
      {
        reports: (reports) => this.#reported(executor, reports),
        exited: (cause) => this.#exited(executor, cause),
      },
    );
    const executor = new HostExecutor({
      id,
      kind,
      handle,
      nowMs: this.#clock.monotonicMs(),
      refused: (command, error) => this.#events.refused(command, error),
    });
    this.#executors.add(executor);
    this.#giveLease(executor, false);
    return executor;
  }

  #reported(executor: HostExecutor, reports: readonly Report[]): void {
    // What an abandoned executor still says is about actors that already run elsewhere.
    if (executor.state === 'abandoned') return;
    if (executor.state === 'starting' && reports.some((report) => report.kind === 'ready')) {
      executor.ready();
      executor.silentMs = 0;
      this.#giveLease(executor, true);
      if (executor.kind === 'shared') this.#startedOne();
    }
    this.#events.reports(executor, reports);
  }

  #startedOne(): void {
    this.#failedStarts = 0;
    if (this.openShared().every((executor) => executor.state === 'ready')) this.#started.resolve();
  }

  #exited(executor: HostExecutor, cause: ExitCause): void {
    const failedToStart = !executor.wasReady;
    this.#executors.delete(executor);
    this.#events.exited(executor, cause);
    if (executor.kind === 'dedicated') return;
    if (failedToStart) this.#startFailed(executor, executor.lostBecause ?? cause);
    else this.#fill();
  }

  #startFailed(executor: HostExecutor, cause: ExitCause): void {
    this.#failedStarts++;
    this.#started.reject(
      new SluiceError(
        'actor.executor-start',
        `executor ${executor.id} did not start from ${this.#options.entry.href}: ${cause.reason}`,
      ),
    );
    if (this.#relaunchTimer || !this.#isRunning) return;
    this.#relaunchTimer = this.#clock.after(backoffMs(this.#failedStarts, relaunch), () => {
      this.#relaunchTimer = undefined;
      this.#fill();
    });
  }

  #watchLater(): void {
    const intervalMs = Math.max(10, Math.min(100, this.#options.blockedAfterMs / 10));
    this.#watchTimer = this.#clock.after(intervalMs, () => {
      const nowMs = this.#clock.monotonicMs();
      // After a freeze of the whole process nobody ticked, and nobody is to blame.
      const passedMs = Math.min(nowMs - this.#watchedAtMs, 2 * intervalMs);
      this.#watchedAtMs = nowMs;
      this.#watchLater();
      for (const executor of this.#executors) this.#watch(executor, nowMs, passedMs);
    });
  }

  #watch(executor: HostExecutor, nowMs: number, passedMs: number): void {
    if (executor.state === 'abandoned') return;
    const { board } = executor.handle;
    const hasTicked = board.ticks !== executor.lastTicks;
    executor.lastTicks = board.ticks;
    if (hasTicked) executor.lastTickAtMs = nowMs;
    executor.silentMs = hasTicked ? 0 : executor.silentMs + passedMs;
    const isOver = board.externalBytes > this.#options.externalLimitMb * 2 ** 20;
    executor.overLimitMs = isOver ? executor.overLimitMs + passedMs : 0;
    if (executor.state === 'starting') {
      if (executor.silentMs >= startLimitMs) {
        this.#events.stuck(
          executor,
          `executor ${executor.id} was not up within ${startLimitMs} ms`,
        );
      }
    } else if (executor.silentMs >= this.#options.blockedAfterMs) {
      this.#events.blocked(executor);
    } else if (executor.overLimitMs >= overLimitMsMax && executor.state === 'ready') {
      this.#events.overLimit(executor);
    }
  }
}
