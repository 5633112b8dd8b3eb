/**
 * What a worker runs units with, played by the rules of the real one (`packages/actor`): it obeys the lease by the
 * clock of its process, takes time to start and to stop, begins nothing without a fresh lease, gives up an executor
 * that hangs, asks for new fences for those that did nothing wrong, and restarts the one to blame when it is gone.
 *
 *     idle ──lease fresh──▶ (refence) ──▶ run ──stop, restart, failure──▶ stopping ──▶ idle | removed
 *                                          └──executor given up──▶ idle, until it has exited if it is to blame
 */
import type {
  LeaseDeadlines,
  RunnableUnit,
  UnitId,
  UnitRunner,
  UnitRunnerEvents,
} from '@sluice/coordination';
import { hasCode } from '@sluice/kernel';

import type { ActingRegistry } from './acting.ts';
import { EffectLoop } from './effect-loop.ts';
import type { PlayedExecutor } from './played-executor.ts';
import { PlayedExecutors } from './played-executors.ts';
import type { PlayedProcess } from './played-process.ts';
import type { Random } from './random.ts';
import { Run, type RunHost } from './run.ts';
import type { PlayedSink } from './sink.ts';
import type { Pace } from './timing.ts';
import { UnitEntry } from './unit-entry.ts';
import { UnitNews } from './unit-news.ts';
import type { World } from './world.ts';

export interface PlayedRunnerOptions {
  readonly world: World;
  readonly process: PlayedProcess;
  readonly acting: ActingRegistry;
  readonly sink: PlayedSink;
  readonly random: Random;
  readonly blockedAfterMs: number;
  readonly workMs: Pace['workMs'];
  /** See `RunHost`. */
  readonly continueFencedMs: number;
  /** Told of each unit that it is asked to stop. */
  readonly asked: (run: RunnableUnit) => void;
}

const startMs = { min: 5, max: 150 };
const stopMs = { min: 2, max: 80 };
const backoffMs = { min: 300, max: 2_000 };

export class PlayedRunner implements UnitRunner, RunHost {
  readonly entries = new Map<UnitId, UnitEntry>();
  readonly process: PlayedProcess;
  readonly continueFencedMs: number;
  lease: LeaseDeadlines = { pauseAtMs: 0, quiesceAtMs: 0 };
  /** How long a stop takes at most; 0: as usual. */
  slowStopMs = 0;
  readonly #news = new UnitNews();
  readonly #options: PlayedRunnerOptions;
  readonly #effects: EffectLoop;
  readonly #executors: PlayedExecutors;

  constructor(options: PlayedRunnerOptions) {
    this.#options = options;
    this.process = options.process;
    this.continueFencedMs = options.continueFencedMs;
    this.#effects = new EffectLoop({
      ...options,
      refused: (run) => this.#refused(run),
      usedTopic: ({ unit }) =>
        this.#news.events?.topicsUsed(unit.unit, unit.fence, [`of-${unit.connector}`]),
    });
    this.#executors = new PlayedExecutors(options, (executor) => this.#lose(executor));
  }

  set events(events: UnitRunnerEvents) {
    this.#news.events = events;
  }

  // The port.

  run(unit: RunnableUnit): void {
    const entry = this.entries.get(unit.unit);
    if (!entry) {
      this.#create(unit);
    } else if (entry.unit.fence < unit.fence) {
      entry.successor = unit;
      this.#end(entry);
    }
  }

  update(unit: RunnableUnit): void {
    const entry = this.entries.get(unit.unit);
    if (!entry) return;
    const before = entry.unit;
    entry.unit = { ...unit, fence: entry.unit.fence };
    if (before.definitionVersion !== unit.definitionVersion) {
      this.#restart(entry);
      return;
    }
    this.#news.target(entry);
    if (before.targetState === 'STOPPED' && unit.targetState !== 'STOPPED') this.#news.tasks(entry);
  }

  restart(unit: UnitId): void {
    const entry = this.entries.get(unit);
    if (entry) this.#restart(entry);
  }

  async stop(unit: UnitId, fence: number): Promise<void> {
    const entry = this.entries.get(unit);
    if (!entry || entry.spawnedFence > fence) return;
    this.#options.asked({ ...entry.unit, fence });
    if (entry.successor && entry.successor.fence <= fence) entry.successor = undefined;
    this.#end(entry);
    await entry.ended;
    await Promise.all([...entry.ghosts].map(({ exited }) => exited));
  }

  setLease(deadlines: LeaseDeadlines): void {
    const wasFresh = this.#isFresh();
    this.lease = deadlines;
    this.#options.acting.leaseRenewed(this);
    if (wasFresh || !this.#isFresh()) return;
    for (const entry of this.entries.values()) if (!entry.run) this.#activate(entry);
  }

  isQuiet(): boolean {
    const isOver = this.process.clock.monotonicMs() >= this.lease.quiesceAtMs;
    return isOver && !this.#executors.isAnyHung;
  }

  async abandonAll(): Promise<void> {
    for (const entry of this.entries.values()) {
      entry.successor = undefined;
      this.#remove(entry);
    }
    await this.#executors.abandonAll();
  }

  // Faults.

  hang(index: number, forMs: number): void {
    this.#executors.hang(index, forMs);
  }

  /** A task throws. `isFinal`: more often than its supervisor stands. */
  fail(unit: UnitId, isFinal: boolean): boolean {
    const entry = this.entries.get(unit);
    const run = entry?.run;
    if (!entry || !run || (run.phase !== 'running' && run.phase !== 'paused')) return false;
    this.#news.state(entry, 'RESTARTING');
    this.#endRun(entry, run, () => {
      entry.hasFailed = isFinal;
      if (isFinal) this.#news.state(entry, 'FAILED');
      else this.#activateLater(entry);
    });
    return true;
  }

  /** What hangs goes on, what is slow is not any more. */
  calmDown(): void {
    this.slowStopMs = 0;
    this.#executors.calmDown();
  }

  die(): void {
    this.#options.acting.died(this);
    for (const entry of this.entries.values()) if (entry.run) entry.run.phase = 'over';
    this.entries.clear();
  }

  // Lives of units.

  #create(unit: RunnableUnit): void {
    const entry = new UnitEntry(unit);
    this.entries.set(unit.unit, entry);
    this.#activate(entry);
  }

  #isFresh(): boolean {
    return this.process.clock.monotonicMs() < this.lease.pauseAtMs;
  }

  #activate(entry: UnitEntry): void {
    if (entry.isRemoved || entry.run || entry.hasFailed || !this.#isFresh()) return;
    if (entry.needsFence) void this.#refence(entry);
    else this.#place(entry);
  }

  #activateLater(entry: UnitEntry): void {
    const { random } = this.#options;
    const delayMs = random.between(backoffMs.min, backoffMs.max);
    this.process.after(delayMs, () => this.#activate(entry));
  }

  async #refence(entry: UnitEntry): Promise<void> {
    if (entry.isRefencing) return;
    entry.isRefencing = true;
    const { unit, fence } = entry.unit;
    let fences: ReadonlyMap<UnitId, number> | undefined;
    try {
      fences = await this.#news.events?.refence([{ unit, fence }]);
    } catch (error) {
      if (!hasCode(error, 'store.unreachable')) throw error;
    }
    entry.isRefencing = false;
    if (entry.isRemoved) return;
    if (!fences) {
      this.#activateLater(entry);
      return;
    }
    const renewed = fences.get(unit);
    if (renewed === undefined) {
      this.#remove(entry);
      return;
    }
    entry.unit = { ...entry.unit, fence: renewed };
    entry.needsFence = false;
    this.#activate(entry);
  }

  #place(entry: UnitEntry): void {
    const { acting, random, world } = this.#options;
    const executor = this.#executors.leastLoaded(this.#runs());
    const run = new Run(entry.unit, this, executor, world.time.nowMs);
    entry.run = run;
    entry.attempts++;
    acting.began(run);
    this.process.after(random.between(startMs.min, startMs.max), () => {
      executor.enter(() => this.#started(entry, run));
    });
  }

  #started(entry: UnitEntry, run: Run): void {
    if (entry.run !== run || run.phase !== 'starting') return;
    if (this.#options.sink.open(run) === 'fenced') {
      this.#refused(run);
      return;
    }
    run.phase = 'running';
    this.#news.target(entry);
    this.#news.tasks(entry);
    if (run.partitions.length > 0) this.#effects.begin(run);
  }

  /** With a clean slate. */
  #restart(entry: UnitEntry): void {
    entry.hasFailed = false;
    if (entry.run) this.#endRun(entry, entry.run, () => this.#activate(entry));
    else this.#activate(entry);
  }

  #end(entry: UnitEntry): void {
    if (entry.run) this.#endRun(entry, entry.run, () => this.#remove(entry));
    else this.#remove(entry);
  }

  /** In order; a later order replaces what an earlier one wanted to follow. */
  #endRun(entry: UnitEntry, run: Run, then: () => void): void {
    const { random, acting } = this.#options;
    run.afterwards = then;
    if (run.phase === 'stopping') return;
    run.phase = 'stopping';
    const usualMs = random.between(stopMs.min, stopMs.max);
    this.process.after(usualMs + this.slowStopMs * random.fraction(), () => {
      run.executor.enter(() => {
        if (run.phase !== 'stopping') return;
        run.phase = 'over';
        acting.ended(run);
        if (entry.run === run) entry.run = undefined;
        run.afterwards?.();
      });
    });
  }

  #remove(entry: UnitEntry): void {
    if (entry.isRemoved) return;
    entry.isRemoved = true;
    if (entry.run) {
      entry.run.phase = 'over';
      this.#options.acting.ended(entry.run);
      entry.run = undefined;
    }
    this.entries.delete(entry.unit.unit);
    entry.resolveEnded();
    if (entry.successor) this.#create(entry.successor);
  }

  /** A store refused its fence: it goes on under a new one, or, not being ours any more, not at all. */
  #refused(run: Run): void {
    const entry = this.entries.get(run.unit.unit);
    if (!entry || entry.run !== run || run.phase === 'stopping') return;
    entry.needsFence = true;
    this.#news.state(entry, 'RESTARTING');
    this.#endRun(entry, run, () => this.#activateLater(entry));
  }

  *#runs(): Generator<Run | undefined> {
    for (const { run } of this.entries.values()) yield run;
  }

  /** It hangs: the unit that began last is to blame, and waits until it has exited; the others move. */
  #lose(executor: PlayedExecutor): void {
    const { world, acting } = this.#options;
    const lost = [...this.entries.values()].filter(({ run }) => run?.executor === executor);
    world.coverage.add('seen: an executor given up');
    world.trace.note(this.process.name, `gives up ${executor.name} with ${lost.length} units`);
    const culprit = lost.at(-1);
    for (const entry of lost) {
      const { run } = entry;
      if (!run) continue;
      acting.ended(run);
      entry.ghosts.add(executor);
      void executor.exited.then(() => entry.ghosts.delete(executor));
      const wasEnding = run.phase === 'stopping';
      run.phase = 'over';
      entry.run = undefined;
      entry.needsFence = true;
      if (wasEnding) run.afterwards?.();
      else if (entry === culprit) void executor.exited.then(() => this.#activateLater(entry));
      else this.#activate(entry);
    }
  }
}
