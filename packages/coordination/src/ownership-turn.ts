/**
 * Carries out what `decideOwnership` decides: revokes, grants and sweeps in the store, then wakes the
 * workers. A plan is made again until one was carried out as a whole.
 */
import { decideOwnership, type OwnershipDecision } from './decide-ownership.ts';
import type { StartJob } from './dispatch.ts';
import { batches, type LeaderContext } from './leader-context.ts';
import { type MemberRecord, parseUnit } from './model.ts';
import type { Grant, LeaderTerm } from './store.ts';
import { UnclaimedGrants } from './unclaimed-grants.ts';

/** Of one plan and one worker. */
const startJobsMax = 50;

export class OwnershipTurn {
  readonly #leader: LeaderContext;
  readonly #unclaimed = new UnclaimedGrants();
  /** Of the view that the last plan was made from and carried out. */
  #plannedRevision = -1;
  #balancePending = false;
  #balanceAnnounced = true;
  #workersPlanned = 0;

  constructor(leader: LeaderContext) {
    this.#leader = leader;
  }

  /** Another term. `workers`: how many there are as it begins. */
  reset(workers: number): void {
    this.#plannedRevision = -1;
    this.#workersPlanned = workers;
    this.#unclaimed.clear();
    this.#leader.reasons.clear();
  }

  /** Returns whether something was done that calls for another turn at once. */
  async own(term: LeaderTerm, nowMs: number): Promise<boolean> {
    const { clock, movement, store } = this.#leader.options;
    const settled = this.#leader.settling.isSettled(nowMs);
    const balances = this.#balancePending && settled;
    const seatFreed = this.#leader.heldSeats.expire(this.#leader.view.members, nowMs);
    if (this.#leader.view.planRevision === this.#plannedRevision && !balances && !seatFreed)
      return false;

    // Only a plan that was carried out as a whole is one that need not be made again.
    this.#plannedRevision = -1;
    const planStartMs = clock.monotonicMs();
    let tasks = 0;
    let moving = 0;
    for (const unit of this.#leader.view.units.values()) {
      if (unit.kind === 'task') tasks++;
      if (unit.state === 'revoking' || unit.state === 'granted') moving++;
    }
    const plannedRevision = this.#leader.view.planRevision;
    const decision = decideOwnership(this.#leader.view, this.#leader.view.catalog, {
      // Until a join has settled, only what has no owner is dealt, whichever movement is configured.
      movement: settled ? movement : 'minimal',
      balanceMovesMax: this.#balanceMovesMax(nowMs, tasks, moving),
      penalties: this.#leader.settling.penalties(nowMs),
      heldSeats: this.#leader.heldSeats.list(),
      journaledOnly: this.#leader.keeper !== undefined,
    });
    this.#leader.stats.planMs = clock.monotonicMs() - planStartMs;
    this.#balancePending = decision.balanceRemaining > 0 || !settled;

    await this.#announceRerun(term, decision, settled);
    this.#workersPlanned = decision.workers;
    await this.#revoke(term, decision);
    const granted = await this.#grant(term, decision.grant, nowMs);
    if (decision.sweepUnits.length > 0 || decision.sweepConnectors.length > 0) {
      await store.sweep(term, decision.sweepUnits, decision.sweepConnectors);
    }
    for (const { connector, uid } of decision.repair) {
      await store.createConnectorUnit(term, connector, uid);
    }
    // A grant is refused when the store has moved on, which the next look shows.
    if (granted === decision.grant.length) this.#plannedRevision = plannedRevision;
    this.#forgetReasons();
    return decision.revoke.length + granted + decision.sweepUnits.length > 0;
  }

  /** Of units that were deleted instead of being started. */
  #forgetReasons(): void {
    if (this.#leader.reasons.size <= this.#leader.view.units.size) return;
    for (const unit of this.#leader.reasons.keys()) {
      if (!this.#leader.view.units.has(unit)) this.#leader.reasons.delete(unit);
    }
  }

  #balanceMovesMax(nowMs: number, tasks: number, moving: number): number {
    if (!this.#leader.settling.isSettled(nowMs)) return 0;
    // The formula is applied as it is written: to all tasks, in one round.
    if (this.#leader.options.movement === 'literal') return Number.POSITIVE_INFINITY;
    return this.#leader.settling.balanceMovesMax(nowMs, tasks, moving);
  }

  async #announceRerun(
    term: LeaderTerm,
    decision: OwnershipDecision,
    settled: boolean,
  ): Promise<void> {
    const { workers, orphans, placed } = decision;
    const causes = this.#leader.changes.take();
    // What a join leaves to move waits until membership has settled, and goes in rounds: told once.
    const balances = settled && !this.#balanceAnnounced;
    const balanceMoves = balances ? decision.moves + decision.movesRemaining : 0;
    const cause = causes ?? (balanceMoves > 0 ? 'balance' : undefined);
    const wasAnnounced = this.#balanceAnnounced;
    this.#balanceAnnounced = settled;
    if (cause === undefined) return;
    const moves = balances ? balanceMoves : decision.moves;
    const before = this.#workersPlanned;
    if (before === workers && orphans + placed + moves === 0) return;
    const size = before === workers ? `N ${workers}` : `N ${before}→${workers}`;
    const first = placed > 0 ? `, ${placed} placed` : '';
    const message = `modulo rerun: ${cause}, ${size}, ${orphans} orphaned, ${moves} moved${first}`;
    const facts = {
      cause,
      n_before: before,
      n_after: workers,
      orphaned: orphans,
      moved: moves,
      placed,
    };
    try {
      await this.#leader.options.store.appendEvents(term, [
        { type: 'assignment.rerun', message, facts },
      ]);
    } catch (error) {
      this.#balanceAnnounced = wasAnnounced;
      if (causes !== undefined) this.#leader.changes.note(causes);
      throw error;
    }
    this.#leader.options.logger.info(facts, message);
    this.#leader.stats.reruns++;
    this.#leader.stats.rerunAtMs = this.#leader.options.clock.wallMs();
    this.#leader.stats.moves += moves;
  }

  async #revoke(term: LeaderTerm, { revoke }: OwnershipDecision): Promise<void> {
    const { store, dispatcher } = this.#leader.options;
    const { view, reasons } = this.#leader;
    const owners = new Map<string, { member: MemberRecord; why: string }>();
    for (const { unit, why } of revoke) {
      const record = view.units.get(unit);
      if (record?.worker === undefined) continue;
      if (why !== 'retired') {
        const text = why === 'older epoch' ? 'reconfigured' : why;
        reasons.set(unit, `${text}, from ${record.worker}`);
      }
      this.#leader.history.revoked(record, record.worker, why);
      const member = view.liveOwner(record);
      if (member) owners.set(member.incarnation, { member, why });
    }
    for (const batch of batches(revoke)) await store.revoke(term, batch);
    await dispatcher.refresh(
      [...owners.values()].map(({ member: { worker, incarnation }, why }) => ({
        worker,
        incarnation,
        reason: why,
      })),
    );
  }

  async #grant(
    term: LeaderTerm,
    grants: readonly (Grant & { from: string | undefined })[],
    nowMs: number,
  ): Promise<number> {
    const { store } = this.#leader.options;
    const dispatching: Promise<void>[] = [];
    const crowded = crowdedOwners(grants);
    let granted = 0;
    for (const batch of batches(byOwner(grants))) {
      const results = await store.grant(term, batch);
      const jobs: StartJob[] = [];
      for (const [index, { unit, worker, incarnation, from }] of batch.entries()) {
        const result = results[index];
        if (result?.kind !== 'granted') {
          this.#leader.options.logger.debug({ unit, reason: result?.reason }, 'grant refused');
          continue;
        }
        const reason =
          this.#leader.reasons.get(unit) ??
          (from === undefined ? 'first assignment' : `moved from ${from}`);
        this.#leader.reasons.delete(unit);
        const job = { unit, fence: result.fence, worker, incarnation, reason };
        const { connector } = parseUnit(unit);
        this.#leader.history.granted({ unit, connector }, { worker, fence: result.fence }, reason);
        this.#unclaimed.granted(job, nowMs);
        jobs.push(job);
      }
      granted += jobs.length;
      this.#leader.stats.grants += jobs.length;
      // The next batch is granted while the jobs of this one are being queued.
      dispatching.push(...this.#dispatch(jobs, crowded));
    }
    await Promise.all(dispatching);
    return granted;
  }

  #dispatch(jobs: readonly StartJob[], crowded: ReadonlySet<string>): Promise<void>[] {
    const { dispatcher } = this.#leader.options;
    const single = jobs.filter(({ incarnation }) => !crowded.has(incarnation));
    const many = Map.groupBy(
      jobs.filter(({ incarnation }) => crowded.has(incarnation)),
      ({ incarnation }) => incarnation,
    );
    const refreshes = [...many.values()].flatMap((own) => {
      const [first] = own;
      if (!first) return [];
      const { worker, incarnation, reason } = first;
      return [{ worker, incarnation, reason: `${own.length} units to start: ${reason}` }];
    });
    return [dispatcher.start(single), dispatcher.refresh(refreshes)];
  }

  /**
   * A job may be lost: a worker that does not claim what it was granted is told to read its assignments.
   * Not by the same job again: a queue ignores an id that it remembers.
   */
  async remindUnclaimed(nowMs: number): Promise<void> {
    const overdue = this.#unclaimed.overdue(
      this.#leader.view.units,
      nowMs,
      4 * this.#leader.options.profile.heartbeatIntervalMs,
    );
    const owners = new Map(overdue.map(({ worker, incarnation }) => [incarnation, worker]));
    await this.#leader.options.dispatcher.refresh(
      [...owners].map(([incarnation, worker]) => ({
        worker,
        incarnation,
        reason: 'unclaimed grants',
      })),
    );
  }
}

/**
 * Each worker's together: it is then told once, claims at once and has one bulk of jobs. In the order of the plan,
 * which deals in turn, each batch would have a job or two for everybody.
 */
function byOwner<Each extends Grant>(grants: readonly Each[]): readonly Each[] {
  return [...Map.groupBy(grants, ({ incarnation }) => incarnation).values()].flat();
}

/**
 * Who is given so much at once that it is told with one job to read its assignments, instead of one for each unit:
 * a job costs the store several times what it costs to grant, claim and report the unit.
 */
function crowdedOwners(grants: readonly Grant[]): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const { incarnation } of grants) counts.set(incarnation, (counts.get(incarnation) ?? 0) + 1);
  const crowded = [...counts].filter(([, count]) => count > startJobsMax);
  return new Set(crowded.map(([incarnation]) => incarnation));
}
