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
import { type Clock, type Logger, SluiceError, toError } from '@sluice/kernel';

import type { LeaderWaker, RefreshJob, StartJob, StartJobHandler } from '../dispatch.ts';
import { connectorUnit, type UnitId } from '../model.ts';
import type {
  AssignedUnit,
  Assignments,
  ClaimResult,
  HeldUnit,
  Ownership,
  WorkerStore,
} from '../store.ts';
import { AssignmentReads, type ReadingKind } from './assignment-reads.ts';
import { Coalescer } from './coalescer.ts';
import { decideStep } from './decide-step.ts';
import { FenceRenewals } from './fence-renewals.ts';
import {
  type Claimed,
  isOtherUnderSameVersion,
  type LocalUnit,
  localUnitOf,
  type Publication,
  runnableOf,
  type UnitStatus,
} from './local-unit.ts';
import { TopicNotes } from './topic-notes.ts';
import { UnitReporter } from './unit-reporter.ts';
import type { UnitRunner, UnitRunnerEvents } from './unit-runner.ts';

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
  readonly #reporter: UnitReporter;
  readonly #topics: TopicNotes;
  readonly #claims: Coalescer<Ownership, ClaimResult>;
  readonly #releases: Coalescer<Ownership, boolean>;
  readonly #reads: AssignmentReads;
  readonly #fences: FenceRenewals;
  /** Grows each time that all was taken from us: what was asked before it means nothing after it. */
  #lives = 0;
  #isDraining = false;

  constructor(options: OwnedUnitsOptions) {
    this.#options = options;
    const { store, worker, clock, incarnation } = options;
    this.#reporter = new UnitReporter({
      ...options,
      connectorHere: (connector) => this.#local.get(connectorUnit(connector)),
    });
    this.#reads = new AssignmentReads({
      ...options,
      reconcile: (kind) => this.#reconcile(kind),
    });
    this.#fences = new FenceRenewals({ ...options, local: this.#local, reads: this.#reads });
    this.#claims = new Coalescer(clock, gatherMs, batchMax, (units) =>
      store.claim(worker, incarnation(), units),
    );
    this.#topics = new TopicNotes({ clock, gatherMs, batchMax }, (used) =>
      store.noteTopics(worker, incarnation(), used),
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
    if (this.#reads.reviews(this.#local.size)) {
      for (const local of this.#local.values()) this.#reporter.again(local);
    }
    this.#reads.beat(revision);
    this.#reporter.flush();
    this.#topics.flush();
  }

  /** Declared dead, or rejoined: nothing that was known about assignments holds. */
  forgetRevision(): void {
    this.#reads.forget();
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /**
   * The store lost us, or others: stops what it does not say is ours, and tells it again what it may have
   * forgotten. @throws SluiceError `store.unreachable`, `store.data_lost`
   */
  async confirm(): Promise<void> {
    await this.#reads.confirm();
    await Promise.all([...this.#local.values()].map(async ({ stopped }) => stopped));
    for (const local of this.#local.values()) this.#reporter.again(local);
  }

  /** Stops everything without releasing: it was taken from us. */
  async abandon(): Promise<void> {
    this.#lives++;
    await this.#options.runner.abandonAll();
    this.#local.clear();
    this.#reporter.forgetAll();
    this.#topics.clear();
    this.#reads.forget();
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
    if (job.incarnation === this.#options.incarnation()) this.#reads.now();
  }

  // What the runner says.

  reported(unit: UnitId, fence: number, status: UnitStatus): void {
    const local = this.#local.get(unit);
    if (local?.runnable.fence === fence) local.status = status;
    this.#reporter.status(unit, fence, status);
  }

  taskConfigs(
    connector: string,
    fence: number,
    definitionVersion: number,
    configs: Publication['configs'],
  ): void {
    const local = this.#local.get(connectorUnit(connector));
    if (local) local.publication = { fence, definitionVersion, configs };
    this.#reporter.tasks(connector);
  }

  topicsUsed(unit: UnitId, fence: number, topics: readonly string[]): void {
    // Of one that is released, what an executor says late concerns nobody.
    if (this.#local.has(unit)) this.#topics.add(unit, fence, topics);
  }

  refence(units: readonly Ownership[]): Promise<ReadonlyMap<UnitId, number>> {
    return this.#fences.renew(units);
  }

  // Claiming and releasing.

  async #claim(ownership: Ownership): Promise<boolean> {
    const life = this.#lives;
    const result = await this.#claims.add(ownership);
    if (result.kind === 'stale' || life !== this.#lives) return false;
    const { unit, fence } = ownership;
    const local = this.#local.get(unit);
    // The claim of an assignment and that of its job may both have been answered.
    if (local) return local.runnable.fence === fence;
    const claimed = localUnitOf(ownership, result);
    this.#local.set(unit, claimed);
    this.#options.runner.run(claimed.runnable);
    if (this.#isDraining) void this.#stop(claimed);
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
        this.#reporter.released(unit);
        // Perhaps ours under another fence; or given to us anew before we knew that it was free.
        if (!isReleased || local.isPassedOver) this.#reads.now();
        return;
      } catch (error) {
        logger.debug({ unit, error: toError(error).message }, 'release will be tried again');
        await clock.sleep(releaseRetryMs);
      }
    }
  }

  // Reconciliation.

  async #reconcile(kind: ReadingKind): Promise<void> {
    const { store, worker, incarnation } = this.#options;
    const life = this.#lives;
    // Only what was here before the question was asked can be missing from the answer.
    const before = new Map([...this.#local].map(([unit, { runnable }]) => [unit, runnable.fence]));
    const assignments = await store.assignments(worker, incarnation());
    if (life !== this.#lives) return;
    this.#assertNothingLost(assignments);
    const { revision, units } = assignments;
    this.#reads.read(revision);

    const steps = units.map((assigned) => {
      before.delete(assigned.unit);
      return this.#take(assigned, kind);
    });
    for (const [unit, fence] of before) {
      const local = this.#local.get(unit);
      if (local && local.refences === 0 && local.runnable.fence === fence) void this.#stop(local);
    }
    await Promise.all(steps);
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

  /** Resolves when the store has answered, if it had to be asked; a stop is not waited for. */
  async #take(assigned: AssignedUnit, kind: ReadingKind): Promise<void> {
    const { unit, fence } = assigned;
    const local = this.#local.get(unit);
    const step = decideStep(assigned, local, { ...kind, isDraining: this.#isDraining });
    if (!local) {
      if (step === 'claim') await this.#claim({ unit, fence });
      if (step === 'release') this.#releaseUnrun({ unit, fence });
      return;
    }
    switch (step) {
      case 'stop':
        void this.#stop(local);
        return;
      case 'later':
        local.isPassedOver = true;
        return;
      case 'claim again':
        if (await this.#claimAgain(local)) this.#tellAgain(local);
        return;
      case 'refence again':
        return this.#refenceAgain(local, fence);
      case 'follow':
        return this.#follow(local, assigned, kind);
      default:
    }
  }

  /** Revoked after we stopped it, or before we ever ran it. */
  #releaseUnrun(ownership: Ownership): void {
    this.#releases.add(ownership).then(
      () => this.#reporter.wakeLeader(),
      () => this.#reads.forget(),
    );
  }

  /** Does what is asked for since. `readsAgain`: also where the definition seems to be known. */
  async #follow(
    local: LocalUnit,
    { unit, fence, restarts, definitionVersion, targetState }: AssignedUnit,
    { readsAgain }: ReadingKind,
  ): Promise<void> {
    const { runner } = this.#options;
    if (restarts > local.restarts) runner.restart(unit, fence);
    // It goes back when the store lost some: what is asked for from now on counts from there.
    local.restarts = restarts;
    const mayBeAnother = readsAgain || definitionVersion !== local.runnable.definitionVersion;
    if (local.runnable.kind === 'connector' && mayBeAnother) {
      await this.#readDefinition(local);
    } else if (targetState !== local.runnable.targetState) {
      local.runnable = { ...local.runnable, targetState };
      runner.update(local.runnable);
    }
  }

  /** A claim repeated by its owner answers with the configuration as it is now. */
  async #readDefinition(local: LocalUnit): Promise<void> {
    const claimed = await this.#claimAgain(local);
    if (!claimed || local.stopping) return;
    const before = local.runnable;
    const { unit, fence, connector } = before;
    local.runnable = runnableOf({ unit, fence }, claimed);
    this.#options.runner.update(local.runnable);
    if (isOtherUnderSameVersion(before, local.runnable)) {
      delete local.publication;
      this.#reporter.forgetTasks(connector);
      this.#options.runner.restart(unit, fence);
    }
  }

  /** Undefined if it is not ours any more. */
  async #claimAgain(local: LocalUnit): Promise<Claimed | undefined> {
    const { unit, fence } = local.runnable;
    const result = await this.#claims.add({ unit, fence });
    return result.kind === 'claimed' && this.#local.get(unit) === local ? result : undefined;
  }

  async #refenceAgain(local: LocalUnit, stored: number): Promise<void> {
    const fence = await this.#fences.renewAgain(local, stored);
    if (fence === undefined) return;
    const { fence: ours } = local.runnable;
    if (fence === ours) this.#tellAgain(local);
    // Under a higher one it runs anew; a lower one is found again by the next review.
    if (fence > ours) void this.#stop(local);
  }

  #tellAgain(local: LocalUnit): void {
    this.#reporter.again(local);
    this.#reporter.flush();
  }
}
