/**
 * What this worker owns, kept equal to what the store says it should own. Level-triggered: jobs make it
 * fast, reading the assignments makes it right. Owns the map of local units:
 *
 *     (job or assignment) ──claim──▶ running ──order stop, or gone from the assignments──▶ stopping
 *                                                                       stopped ──release──▶ (gone)
 *
 * A store that does not answer leaves everything as it is: the lease decides what may still happen, and
 * the next acknowledged beat makes up for what failed.
 */
import { type Clock, hasCode, type Logger, SluiceError, toError } from '@sluice/kernel';

import type { LeaderWaker, RefreshJob, StartJob, StartJobHandler } from '../dispatch.ts';
import { connectorUnit, parseUnit, type StatusReport, type UnitId } from '../model.ts';
import type {
  AssignedUnit,
  Assignments,
  ClaimResult,
  HeldUnit,
  Ownership,
  WorkerStore,
} from '../store.ts';
import { reviewEveryMs } from '../upkeep.ts';
import { Coalescer } from './coalescer.ts';
import type { RunnableUnit, UnitRunner, UnitRunnerEvents } from './unit-runner.ts';

interface LocalUnit {
  runnable: RunnableUnit;
  readonly uid: string;
  readonly epoch: number;
  restarts: number;
  /** Set once; resolves when it was released or turned out not to be ours. */
  stopping?: Promise<void>;
  /** Set with it; resolves when nothing of it can have an effect any more. */
  stopped?: Promise<void>;
  /** Renewals of its fence under way: what the store says about it is about to change. */
  refences: number;
  /** The assignments said something of it that could not be done yet: read them again. */
  isPassedOver: boolean;
  /** What was said of it last, for a store that lost it. */
  status?: Omit<StatusReport, 'sinceMs'>;
  publication?: Publication;
}

interface Publication {
  readonly fence: number;
  readonly definitionVersion: number;
  readonly configs: readonly Readonly<Record<string, string>>[];
}

export interface OwnedUnitsOptions {
  readonly worker: string;
  /** Of the current incarnation; changes when the worker was fenced. */
  readonly incarnation: () => string;
  /** Whether a store in that state has lost what this worker knew of it. */
  readonly hasLost: (state: { readonly dataset: string; readonly beat: number }) => boolean;
  readonly store: WorkerStore;
  readonly runner: UnitRunner;
  readonly waker: LeaderWaker;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Units in one round trip. */
const batchMax = 500;
/** How long calls are gathered before they are made together. */
const gatherMs = 5;
/** Between two tries of a release: until the store heard of it nobody else can have the unit. */
const releaseRetryMs = 250;

export class OwnedUnits implements StartJobHandler, UnitRunnerEvents {
  readonly #options: OwnedUnitsOptions;
  readonly #local = new Map<UnitId, LocalUnit>();
  readonly #reports = new Map<UnitId, { fence: number; status: Omit<StatusReport, 'sinceMs'> }>();
  readonly #publications = new Map<string, Publication>();
  readonly #claims: Coalescer<Ownership, ClaimResult>;
  readonly #releases: Coalescer<Ownership, boolean>;
  #revision = -1;
  /** Definitions, too, are compared at the next reconciliation. */
  #readsAgain = false;
  #toldAgainMs: number | undefined;
  /** Grows each time that all was taken from us: what was asked before it means nothing after it. */
  #lives = 0;
  #isDraining = false;
  #reconciling: Promise<void> | undefined;
  #mustReconcile = false;
  #reporting: Promise<void> | undefined;
  #isWakeScheduled = false;
  #released: UnitId[] = [];
  #published: string[] = [];

  constructor(options: OwnedUnitsOptions) {
    this.#options = options;
    const { store, worker, clock, incarnation } = options;
    this.#claims = new Coalescer(clock, gatherMs, batchMax, (units) =>
      store.claim(worker, incarnation(), units),
    );
    this.#releases = new Coalescer(clock, gatherMs, batchMax, (units) =>
      store.release(worker, incarnation(), units),
    );
  }

  get size(): number {
    return this.#local.size;
  }

  holding(): readonly HeldUnit[] {
    return [...this.#local].map(([unit, { uid, epoch, runnable }]) => ({
      unit,
      uid,
      epoch,
      fence: runnable.fence,
    }));
  }

  /** A beat was acknowledged: catch up with whatever could not be done, and with what is new. */
  beatAcknowledged(revision: number, state: 'up' | 'draining'): void {
    if (state === 'draining') this.drain();
    if (this.#isTimeToTellAgain()) {
      for (const local of this.#local.values()) this.#tellAgain(local);
      this.#readsAgain = true;
      this.forgetRevision();
    }
    if (revision !== this.#revision) this.#reconcile();
    this.#flushReports();
    this.#flushPublications();
  }

  #isTimeToTellAgain(): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - (this.#toldAgainMs ??= nowMs) < reviewEveryMs(this.#local.size)) return false;
    this.#toldAgainMs = nowMs;
    return true;
  }

  /** Declared dead, or rejoined: nothing that was known about assignments holds. */
  forgetRevision(): void {
    this.#revision = -1;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /**
   * The store lost us, or others: stops what it does not say is ours, and tells it again what it may have
   * forgotten. @throws SluiceError `store.unreachable`, `store.data_lost`
   */
  async confirm(): Promise<void> {
    this.forgetRevision();
    // One that is under way may have asked before there was an answer.
    await this.#reconciling;
    await this.#reconcileOnce({ isConfirming: true });
    await Promise.all(
      [...this.#local.values()].flatMap(({ stopped }) => (stopped ? [stopped] : [])),
    );
    for (const local of this.#local.values()) this.#tellAgain(local);
  }

  /** What the store may have forgotten. */
  #tellAgain({ runnable, status, publication }: LocalUnit): void {
    const { unit, fence, connector } = runnable;
    if (status) this.#reports.set(unit, { fence, status });
    if (publication) this.#publications.set(connector, publication);
  }

  /** Stops everything without releasing: it was taken from us. */
  async abandon(): Promise<void> {
    this.#lives++;
    await this.#options.runner.abandonAll();
    this.#local.clear();
    this.#reports.clear();
    this.#publications.clear();
    this.forgetRevision();
  }

  /** Takes no more, and gives everything back, each unit as soon as it has stopped. */
  drain(): void {
    this.#isDraining = true;
    for (const local of this.#local.values()) void this.#stop(local);
  }

  /** Resolves when nothing is owned any more. */
  async drained(signal: AbortSignal): Promise<void> {
    while (this.#local.size > 0 && !signal.aborted) {
      await Promise.race([
        Promise.allSettled([...this.#local.values()].map((local) => this.#stop(local))),
        this.#options.clock.sleep(releaseRetryMs, signal).catch(() => {}),
      ]);
    }
  }

  // Jobs: wake-ups only. What they say is checked by the claim.

  async start(job: StartJob): Promise<'claimed' | 'stale' | 'draining'> {
    if (job.incarnation !== this.#options.incarnation()) return 'stale';
    if (this.#isDraining) return 'draining';
    const local = this.#local.get(job.unit);
    if (local) return local.runnable.fence === job.fence && !local.stopping ? 'claimed' : 'stale';
    return (await this.#claim({ unit: job.unit, fence: job.fence })) ? 'claimed' : 'stale';
  }

  async refresh(job: RefreshJob): Promise<void> {
    if (job.incarnation === this.#options.incarnation()) this.#reconcile();
  }

  // What the runner says.

  reported(unit: UnitId, fence: number, status: Omit<StatusReport, 'sinceMs'>): void {
    const local = this.#local.get(unit);
    if (local?.runnable.fence === fence) local.status = status;
    this.#reports.set(unit, { fence, status });
    this.#flushReports();
  }

  taskConfigs(
    connector: string,
    fence: number,
    definitionVersion: number,
    configs: readonly Readonly<Record<string, string>>[],
  ): void {
    const publication = { fence, definitionVersion, configs };
    const local = this.#local.get(connectorUnit(connector));
    if (local) local.publication = publication;
    this.#publications.set(connector, publication);
    this.#flushPublications();
  }

  /** Repeatable: what was renewed by a call whose answer came too late, or in part, is told again. */
  async refence(
    units: readonly { readonly unit: UnitId; readonly fence: number }[],
  ): Promise<ReadonlyMap<UnitId, number>> {
    const fences = new Map<UnitId, number>();
    const asked: { readonly unit: UnitId; readonly fence: number; readonly local: LocalUnit }[] =
      [];
    for (const { unit, fence } of units) {
      const local = this.#local.get(unit);
      if (!local || local.stopping) continue;
      if (local.runnable.fence > fence) fences.set(unit, local.runnable.fence);
      if (local.runnable.fence === fence) asked.push({ unit, fence, local });
    }
    for (const { local } of asked) local.refences += 1;
    try {
      for (let from = 0; from < asked.length; from += batchMax) {
        await this.#refence(asked.slice(from, from + batchMax), fences);
      }
    } catch (error) {
      // It may have happened all the same.
      this.forgetRevision();
      throw error;
    } finally {
      for (const { local } of asked) this.#refenceEnded(local);
    }
    return fences;
  }

  async #refence(
    batch: readonly { readonly unit: UnitId; readonly fence: number; readonly local: LocalUnit }[],
    fences: Map<UnitId, number>,
  ): Promise<void> {
    const { store, worker, incarnation } = this.#options;
    const asked = batch.map(({ unit, fence }) => ({ unit, fence }));
    const results = await store.refence(worker, incarnation(), asked);
    for (const [index, { unit, local }] of batch.entries()) {
      // What was taken from us, or claimed anew, meanwhile is another life of the unit.
      if (this.#local.get(unit) !== local) continue;
      const fence = results[index];
      if (fence === undefined) {
        // Not ours, or ours under a fence whose answer was lost: the assignments tell.
        this.#local.delete(unit);
        this.#reconcile();
        continue;
      }
      local.runnable = { ...local.runnable, fence };
      fences.set(unit, fence);
    }
  }

  #refenceEnded(local: LocalUnit): void {
    local.refences -= 1;
    if (!local.isPassedOver) return;
    local.isPassedOver = false;
    this.#reconcile();
  }

  // Claiming and releasing.

  async #claim(ownership: Ownership): Promise<boolean> {
    const life = this.#lives;
    const result = await this.#claims.add(ownership);
    if (result.kind === 'stale' || life !== this.#lives) return false;
    const { unit, fence } = ownership;
    const claimed = this.#local.get(unit);
    // The claim of an assignment and that of its job may both have been answered.
    if (claimed) return claimed.runnable.fence === fence;
    const runnable = runnableOf(ownership, result);
    const { uid, epoch, restarts } = result;
    const local: LocalUnit = {
      runnable,
      uid,
      epoch,
      restarts,
      refences: 0,
      isPassedOver: false,
    };
    this.#local.set(unit, local);
    this.#options.runner.run(runnable);
    if (this.#isDraining) void this.#stop(local);
    return true;
  }

  #stop(local: LocalUnit): Promise<void> {
    local.stopping ??= this.#stopAndRelease(local);
    return local.stopping;
  }

  async #stopAndRelease(local: LocalUnit): Promise<void> {
    const { runner, clock, logger } = this.#options;
    const { unit } = local.runnable;
    local.stopped = runner.stop(unit, local.runnable.fence);
    await local.stopped;
    // Only now may anybody else have it. Until the store heard of it, it stays ours, and stopped.
    while (this.#local.get(unit) === local) {
      try {
        const isReleased = await this.#releases.add({ unit, fence: local.runnable.fence });
        if (this.#local.get(unit) !== local) return;
        this.#local.delete(unit);
        this.#reports.delete(unit);
        this.#released.push(unit);
        this.#wakeLeader();
        // Perhaps ours under another fence; or given to us anew before we knew that it was free.
        if (!isReleased || local.isPassedOver) this.#reconcile();
        return;
      } catch (error) {
        logger.debug({ unit, error: toError(error).message }, 'release will be tried again');
        await clock.sleep(releaseRetryMs);
      }
    }
  }

  // Reconciliation.

  /** One at a time; a call during one makes another follow. */
  #reconcile(): void {
    this.#mustReconcile = true;
    this.#reconciling ??= this.#reconcileLoop().finally(() => {
      this.#reconciling = undefined;
    });
  }

  async #reconcileLoop(): Promise<void> {
    while (this.#mustReconcile) {
      this.#mustReconcile = false;
      try {
        await this.#reconcileOnce({ isConfirming: false });
      } catch (error) {
        this.forgetRevision(); // The next beat tries again.
        if (!hasCode(error, 'store.unreachable') && !hasCode(error, 'store.data_lost')) {
          this.#options.logger.error({ error: toError(error).stack }, 'reconciliation failed');
        }
        return;
      }
    }
  }

  async #reconcileOnce({ isConfirming }: { isConfirming: boolean }): Promise<void> {
    const { store, worker, incarnation } = this.#options;
    const life = this.#lives;
    const readsAgain = isConfirming || this.#readsAgain;
    this.#readsAgain = false;
    // Only what was here before the question was asked can be missing from the answer.
    const before = new Map([...this.#local].map(([unit, { runnable }]) => [unit, runnable.fence]));
    const assignments = await store.assignments(worker, incarnation());
    if (life !== this.#lives) return;
    this.#assertNothingLost(assignments);
    const { revision, units } = assignments;
    this.#revision = revision;

    const claims: Promise<boolean>[] = [];
    for (const assigned of units) {
      before.delete(assigned.unit);
      const claim = this.#reconcileUnit(assigned, { isConfirming, readsAgain });
      if (claim) claims.push(claim);
    }
    for (const [unit, fence] of before) {
      const local = this.#local.get(unit);
      if (local && local.refences === 0 && local.runnable.fence === fence) void this.#stop(local);
    }
    await Promise.all(claims);
  }

  /**
   * A store that has just lost its data assigns nothing to anybody. What runs here goes on in place once we
   * have told what we hold, which the next beat is answered with. @throws SluiceError `store.data_lost`
   */
  #assertNothingLost(state: Assignments): void {
    if (!state.quarantined && !this.#options.hasLost(state)) return;
    throw new SluiceError(
      'store.data_lost',
      'the store has lost data: its assignments do not count',
      {
        retriable: true,
      },
    );
  }

  /** `readsAgain`: also a definition that seems to be known. */
  #reconcileUnit(
    assigned: AssignedUnit,
    { isConfirming, readsAgain }: { isConfirming: boolean; readsAgain: boolean },
  ): Promise<boolean> | undefined {
    const { runner } = this.#options;
    const { unit, fence } = assigned;
    const local = this.#local.get(unit);
    if (!local) {
      if (assigned.order === 'stop') {
        // Revoked after we stopped it, or before we ever ran it: only the release is missing.
        void this.#releases.add({ unit, fence }).then(
          () => this.#wakeLeader(),
          () => this.forgetRevision(),
        );
        return undefined;
      }
      return this.#isDraining && !assigned.claimed ? undefined : this.#claim({ unit, fence });
    }
    if (local.refences > 0 || local.stopping) {
      local.isPassedOver ||= local.refences > 0 || fence > local.runnable.fence;
      return undefined;
    }
    if (local.runnable.fence !== fence || assigned.order === 'stop' || local.uid !== assigned.uid) {
      // An older answer may not know a fence that was just replaced: then it is lower. After a loss of
      // data the store may have gone back, and what it says holds.
      if (fence >= local.runnable.fence || isConfirming) void this.#stop(local);
      else if (readsAgain) return this.#refenceAgain(local, fence);
      return undefined;
    }
    if (!assigned.claimed) return this.#claimAgain(local);
    if (assigned.restarts > local.restarts) runner.restart(unit, fence);
    // It goes back when the store lost some: what is asked for from now on counts from there.
    local.restarts = assigned.restarts;
    const mayBeAnother =
      readsAgain || assigned.definitionVersion !== local.runnable.definitionVersion;
    if (local.runnable.kind === 'connector' && mayBeAnother) return this.#readDefinition(local);
    if (assigned.targetState !== local.runnable.targetState) {
      local.runnable = { ...local.runnable, targetState: assigned.targetState };
      runner.update(local.runnable);
    }
    return undefined;
  }

  /**
   * The store lost a renewal of the fence, too little to be noticed as a loss of data: it is asked for another
   * one. Where the answer was only an old one, the store refuses.
   */
  async #refenceAgain(local: LocalUnit, stored: number): Promise<boolean> {
    const { store, worker, incarnation } = this.#options;
    const { unit } = local.runnable;
    const [fence] = await store.refence(worker, incarnation(), [{ unit, fence: stored }]);
    if (this.#local.get(unit) !== local) return false;
    if (fence === local.runnable.fence) {
      this.#tellAgain(local);
      this.#flushReports();
      this.#flushPublications();
      return true;
    }
    // Under a higher one it runs anew; a lower one is found again by the next review.
    if (fence !== undefined && fence > local.runnable.fence) void this.#stop(local);
    return false;
  }

  /** The store forgot that it is ours and runs, too little to be noticed as a loss of data. */
  async #claimAgain(local: LocalUnit): Promise<boolean> {
    const { unit, fence } = local.runnable;
    const result = await this.#claims.add({ unit, fence });
    if (result.kind === 'stale' || this.#local.get(unit) !== local) return false;
    this.#tellAgain(local);
    this.#flushReports();
    this.#flushPublications();
    return true;
  }

  /** A claim repeated by its owner answers with the configuration as it is now. */
  async #readDefinition(local: LocalUnit): Promise<boolean> {
    const { unit, fence } = local.runnable;
    const result = await this.#claims.add({ unit, fence });
    if (result.kind === 'stale' || this.#local.get(unit) !== local || local.stopping) return false;
    const before = local.runnable;
    local.runnable = runnableOf({ unit, fence: before.fence }, result);
    this.#options.runner.update(local.runnable);
    if (isOtherUnderSameVersion(before, local.runnable)) {
      delete local.publication;
      this.#publications.delete(before.connector);
      this.#options.runner.restart(unit, before.fence);
    }
    return true;
  }

  // Telling the cluster.

  #flushReports(): void {
    if (this.#reports.size === 0) return;
    this.#reporting ??= this.#report().finally(() => {
      this.#reporting = undefined;
    });
  }

  async #report(): Promise<void> {
    const { store, worker, incarnation, clock } = this.#options;
    while (this.#reports.size > 0) {
      await clock.sleep(gatherMs);
      const batch = [...this.#reports].slice(0, batchMax);
      const reports = batch.map(([unit, { fence, status }]) => ({ unit, fence, status }));
      try {
        await store.report(worker, incarnation(), reports);
      } catch {
        return; // Kept; the next acknowledged beat flushes them.
      }
      for (const [unit, report] of batch) {
        // Refused ones are dropped too: a status under an older fence is nobody's business.
        if (this.#reports.get(unit) === report) this.#reports.delete(unit);
      }
    }
  }

  #flushPublications(): void {
    for (const [connector, publication] of this.#publications) {
      this.#publications.delete(connector);
      void this.#publish(connector, publication);
    }
  }

  async #publish(connector: string, publication: Publication): Promise<void> {
    const { store, worker, incarnation, logger } = this.#options;
    const local = this.#local.get(connectorUnit(connector));
    if (!local || local.stopping) return;
    try {
      const result = await store.publishTasks({
        connector,
        uid: local.uid,
        worker,
        incarnation: incarnation(),
        // The connector may have been given a new fence since it computed these.
        ...publication,
        fence: local.runnable.fence,
      });
      logger.debug({ connector, outcome: result.kind }, 'task configurations told');
      if (result.kind === 'published') {
        this.#published.push(connector);
        this.#wakeLeader();
      }
    } catch (error) {
      // Kept for the next beat, unless newer ones came meanwhile.
      if (local.publication === publication) this.#publications.set(connector, publication);
      logger.debug({ connector, error: toError(error).message }, 'publishing will be tried again');
    }
  }

  /** One wake-up for all that happened within a few milliseconds. */
  #wakeLeader(): void {
    if (this.#isWakeScheduled) return;
    this.#isWakeScheduled = true;
    const { clock, waker, worker } = this.#options;
    clock.after(1, () => {
      this.#isWakeScheduled = false;
      const parts = [
        ...(this.#released.length > 0 ? [`released ${shortList(this.#released)}`] : []),
        ...(this.#published.length > 0 ? [`published tasks of ${shortList(this.#published)}`] : []),
      ];
      this.#released = [];
      this.#published = [];
      // A wake-up that is lost costs one tick of the leader.
      waker.wake(`${worker} ${parts.join(', ') || 'looks'}`).catch(() => {});
    });
  }
}

/** The store lost the definition that was known here, and has given its version to another one since. */
function isOtherUnderSameVersion(before: RunnableUnit, now: RunnableUnit): boolean {
  if (before.definitionVersion !== now.definitionVersion) return false;
  const keys = new Set([...Object.keys(before.config), ...Object.keys(now.config)]);
  return [...keys].some((key) => before.config[key] !== now.config[key]);
}

function runnableOf(
  { unit, fence }: Ownership,
  claimed: Extract<ClaimResult, { kind: 'claimed' }>,
): RunnableUnit {
  const { config, connectorType, targetState, definitionVersion, taskCount } = claimed;
  const address = parseUnit(unit);
  return {
    ...address,
    unit,
    fence,
    config,
    connectorType,
    targetState,
    definitionVersion,
    taskCount,
  };
}

function shortList(names: readonly string[]): string {
  const [first, ...others] = names;
  return others.length === 0 ? `${first}` : `${first} and ${others.length} more`;
}
