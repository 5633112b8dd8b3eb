/**
 * The coordinator: keeps a view of the cluster, and while it leads turns what is into what should be.
 * One turn at a time, woken by a nudge or the tick:
 *
 *     refresh → bury the dead → apply requests → revoke, grant, sweep → dispatch
 *
 * It has no memory that matters: a new leader reads the same states and goes on. Followers run the
 * refresh part too, so that their observation of beats is warm when they are elected.
 *
 * Failures: a store that does not answer ends the turn, and when it is back all windows of silence start
 * anew; a deposed leader stops deciding at once; a wake-up that fails is made up for by reconciliation.
 */
import {
  type Clock,
  hasCode,
  type Logger,
  newId,
  type Service,
  type Timer,
  toError,
} from '@sluice/kernel';

import { BeatObserver } from './beat-observer.ts';
import { describeRequest } from './cluster-client.ts';
import { ClusterView } from './cluster-view.ts';
import { decideOwnership, type OwnershipDecision } from './decide-ownership.ts';
import {
  decideRequest,
  type RequestContext,
  type RequestDecision,
  refuseUndecidable,
} from './decide-request.ts';
import type { Dispatcher, StartJob } from './dispatch.ts';
import { Election } from './election.ts';
import { HeldSeats } from './held-seats.ts';
import { LeaderStats } from './leader-stats.ts';
import { MembershipChanges } from './membership-changes.ts';
import type { MemberRecord, NewEvent, PluginInfo, UnitId } from './model.ts';
import { catalogOf, type PluginCatalog } from './plugin-catalog.ts';
import type { TimingProfile } from './profile.ts';
import { Quarantine } from './quarantine.ts';
import type { RequestResult, StoredRequest } from './requests.ts';
import { Settling, type SettlingOptions } from './settling.ts';
import type { Beat, Changes, ClusterStore, Grant, LeaderStore, LeaderTerm } from './store.ts';
import { UnclaimedGrants } from './unclaimed-grants.ts';

export interface LeaderLoopOptions {
  readonly coordinator: string;
  readonly store: LeaderStore & ClusterStore;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly profile: TimingProfile;
  readonly movement: 'minimal' | 'literal';
  /** Plugins known even when no worker is up to announce them. */
  readonly builtInPlugins?: readonly PluginInfo[];
  readonly settling?: SettlingOptions;
  /** Movement `literal`: how long the place of a worker that announced its return is kept. */
  readonly seatHoldMs?: number;
  /** Leadership began or ended; for the consumer of wake-ups. Must not throw. */
  readonly onLeadership?: (leads: boolean) => void;
}

/** Units in one round trip; bounds the time that a script blocks the store. */
const batchSize = 500;
/** Tries of a request whose records moved on between decision and write. */
const conflictsMax = 5;
/** A queue is deleted this long after its worker was forgotten: it may come back under its name. */
const forgetQueueAfterMs = 30_000;
/** Longer than a process takes to be started anew, image pull included. */
const seatHoldMsDefault = 60_000;
/** A failure that comes back with each turn is told again after this long. */
const sameFailureQuietMs = 10_000;

export class LeaderLoop implements Service {
  readonly #options: LeaderLoopOptions;
  readonly #logger: Logger;
  readonly #election: Election;
  readonly #view = new ClusterView();
  readonly #observer = new BeatObserver();
  readonly #settling: Settling;
  readonly #changes = new MembershipChanges();
  readonly #quarantine: Quarantine;
  readonly #unclaimed = new UnclaimedGrants();
  readonly #heldSeats: HeldSeats;
  readonly #stopping = new AbortController();
  readonly stats = new LeaderStats();

  /** Why a unit is about to be started; the text that the job shows. */
  readonly #reasons = new Map<UnitId, string>();
  readonly #goneQueues = new Map<string, number>();
  /** Of the view that the last plan was made from and carried out. */
  #plannedRevision = -1;
  #balancePending = false;
  #balanceAnnounced = true;
  #workersPlanned = 0;
  /** When the view was found to know more than the store; until a quarantine has been started. */
  #lostDataMs: number | undefined;
  /** A dead worker's units are not free yet. */
  #orphansWait = false;
  /** Dead incarnations whose last lease is over too: see BeatObserver. */
  readonly #quiet = new Set<string>();
  #doubtUntilMs = Number.NEGATIVE_INFINITY;
  #grantsFromMs = 0;
  #lastTurnMs: number | undefined;
  #storeWasAway = false;
  #lastFailure: { message: string; atMs: number } | undefined;
  #nudged = false;
  #wakeUp: (() => void) | undefined;
  #running: Promise<void> | undefined;

  constructor(options: LeaderLoopOptions) {
    this.#options = options;
    this.#logger = options.logger;
    this.#settling = new Settling(options.settling);
    this.#quarantine = new Quarantine(options.profile);
    this.#heldSeats = new HeldSeats(options.seatHoldMs ?? seatHoldMsDefault);
    this.#election = new Election({
      ...options,
      onChange: (term, founded) => this.#leadershipChanged(term, founded),
    });
  }

  get leads(): boolean {
    return this.#election.term !== undefined;
  }

  get term(): LeaderTerm | undefined {
    return this.#election.term;
  }

  get view(): ClusterView {
    return this.#view;
  }

  async start(): Promise<void> {
    if (this.#running) return;
    await this.#election.start();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.nudge();
    await this.#running;
    await this.#election.stop();
  }

  /** There may be something to do: look now instead of at the next tick. */
  nudge(): void {
    this.#nudged = true;
    this.#wakeUp?.();
  }

  #leadershipChanged(term: LeaderTerm | undefined, founded: boolean): void {
    const { clock, profile, onLeadership } = this.#options;
    this.#plannedRevision = -1;
    this.#reasons.clear();
    this.#unclaimed.clear();
    if (term) {
      // What a follower saw happen was dealt with by its leader.
      this.#changes.take();
      this.#workersPlanned = this.#workersUp();
      // A data set that was empty may be one that was lost: live workers say so within two beats.
      if (founded) this.#grantsFromMs = clock.monotonicMs() + 2 * profile.heartbeatIntervalMs;
      this.stats.elections++;
      this.#logger.info({ epoch: term.epoch }, 'leading');
    } else {
      this.#logger.info({}, 'following');
    }
    onLeadership?.(term !== undefined);
    this.nudge();
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#nudged = false;
      let again = false;
      try {
        again = await this.#turn();
      } catch (error) {
        this.#turnFailed(error);
      }
      if (!again) await this.#waitForNudge();
    }
  }

  async #waitForNudge(): Promise<void> {
    if (this.#nudged || this.#stopping.signal.aborted) return;
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      this.#wakeUp = resolve;
      timer = this.#options.clock.after(this.#options.profile.tickMs, resolve);
    });
    timer?.cancel();
    this.#wakeUp = undefined;
  }

  #turnFailed(error: unknown): void {
    const term = this.#election.term;
    if (hasCode(error, 'coordination.not_leader')) {
      if (term) this.#election.deposed(term);
      return;
    }
    if (hasCode(error, 'store.unreachable')) {
      if (!this.#storeWasAway) {
        this.#logger.warn({ error: toError(error).message }, 'store does not answer');
      }
      this.#storeWasAway = true;
      return;
    }
    const { message, stack } = toError(error);
    const nowMs = this.#options.clock.monotonicMs();
    const last = this.#lastFailure;
    if (last?.message === message && nowMs - last.atMs < sameFailureQuietMs) return;
    this.#lastFailure = { message, atMs: nowMs };
    this.#logger.error({ error: stack }, 'turn of the coordinator failed');
  }

  /** Returns whether something was done that calls for another turn at once. */
  async #turn(): Promise<boolean> {
    const { clock, profile, store } = this.#options;
    const askedMs = clock.monotonicMs();
    const [changes, beats, quarantine] = await Promise.all([
      store.changes(this.#view.revision, this.#view.dataset),
      store.beats(),
      store.quarantine(),
    ]);
    this.#learn(changes);
    this.#watch(beats, askedMs);

    const term = this.#election.term;
    if (!term) {
      this.#follow(askedMs);
      return false;
    }
    if (await this.#holdStill(term, quarantine, askedMs)) return false;
    const buried = await this.#buryDead(term, askedMs);
    const applied = await this.#applyRequests(term);
    if (buried || applied) await this.#refresh();
    // Found just now: nothing is decided on what is left.
    if (this.#lostDataMs !== undefined) return true;
    await this.#forgetQueues(askedMs);
    if (askedMs < this.#grantsFromMs) return false;
    await this.#remindUnclaimed(askedMs, profile);
    return this.#own(term, askedMs);
  }

  async #refresh(): Promise<void> {
    this.#learn(await this.#options.store.changes(this.#view.revision, this.#view.dataset));
  }

  #learn(changes: Changes): void {
    const nowMs = this.#options.clock.monotonicMs();
    const before = new Map(this.#view.members);
    if (this.#view.apply(changes)) this.#lostDataMs = nowMs;
    this.#noteMembership(before, nowMs);
    this.#changes.noteConnectors(changes.connectors);
  }

  /** After a stall of this process or of the store, silence that nobody listened to proves nothing. */
  #watch(beats: readonly Beat[], askedMs: number): void {
    const { clock, profile } = this.#options;
    const answeredMs = clock.monotonicMs();
    this.#observer.observe(beats, answeredMs);
    const watchedMs = Math.max(4 * profile.tickMs, profile.deadAfterMs / 4);
    const unwatchedMs = askedMs - (this.#lastTurnMs ?? askedMs) - watchedMs;
    this.#lastTurnMs = askedMs;
    if (this.#storeWasAway) {
      this.#storeWasAway = false;
      this.#logger.info({}, 'store answers again');
      this.#observer.restart(answeredMs);
    } else if (unwatchedMs > 0) {
      this.#observer.leaveOut(unwatchedMs, answeredMs);
    }
  }

  /** What a leader would act on is dealt with by the one there is. */
  #follow(nowMs: number): void {
    this.#changes.take();
    for (const [worker, dueMs] of this.#goneQueues) {
      if (nowMs >= dueMs) this.#goneQueues.delete(worker);
    }
  }

  #noteMembership(before: ReadonlyMap<string, MemberRecord>, nowMs: number): void {
    const { joined, gone } = this.#changes.noteMembers(before, this.#view.members);
    for (const worker of gone) this.#heldSeats.left(before.get(worker), nowMs);
    if (joined.length > 0) this.#settling.membershipChanged(nowMs);
    for (const worker of joined) this.#goneQueues.delete(worker);
    for (const worker of gone) this.#goneQueues.set(worker, nowMs + forgetQueueAfterMs);
  }

  async #forgetQueues(nowMs: number): Promise<void> {
    for (const [worker, dueMs] of this.#goneQueues) {
      if (nowMs < dueMs) continue;
      this.#goneQueues.delete(worker);
      await this.#options.dispatcher.forget(worker);
    }
  }

  /** While ownership is being re-established after a loss of data, nothing is decided. */
  async #holdStill(term: LeaderTerm, nonce: string | undefined, nowMs: number): Promise<boolean> {
    const { store } = this.#options;
    const startsNow = await this.#startQuarantine(term, nowMs);
    const step = this.#quarantine.next(nonce, nowMs);
    switch (step.kind) {
      case 'none':
        return startsNow;
      case 'began':
        this.#observer.restart(nowMs);
        this.#logger.warn({}, 'the store lost data: waiting for the workers to say what they hold');
        await store.appendEvents(term, [
          {
            type: 'store.data_lost',
            message: 'the store lost data: waiting for the workers to say what they hold',
            facts: {},
          },
        ]);
        return true;
      case 'waiting':
        return true;
      case 'over': {
        const adoptions = this.#quarantine.adoptions(await store.held(), this.#view.members);
        for (const { worker, incarnation, units } of adoptions) {
          await store.adopt(term, worker, incarnation, units);
        }
        await store.endQuarantine(term, step.nonce);
        await this.#refresh();
        return false;
      }
    }
  }

  /** Asks every worker what it holds, if this replica has seen that data was lost. */
  async #startQuarantine(term: LeaderTerm, nowMs: number): Promise<boolean> {
    if (this.#lostDataMs === undefined) return false;
    // Seen long ago, as a follower: whoever led then has dealt with it.
    const isRecent = nowMs - this.#lostDataMs <= 2 * this.#options.profile.deadAfterMs;
    if (isRecent) await this.#options.store.startQuarantine(term);
    this.#lostDataMs = undefined;
    return isRecent;
  }

  async #buryDead(term: LeaderTerm, nowMs: number): Promise<boolean> {
    const { store, profile, clock } = this.#options;
    const silent = this.#observer.silentFor(profile.deadAfterMs, nowMs).flatMap((worker) => {
      const member = this.#view.members.get(worker.worker);
      return member && member.state !== 'dead' ? [{ ...worker, member }] : [];
    });
    if (this.#doubtsItself(silent.length, nowMs)) return false;

    for (const { worker, beat, silentMs, member } of silent) {
      if ((await store.declareDead(term, worker, member.incarnation, beat)) === 'alive') continue;
      this.#isQuiet(worker, member.incarnation, nowMs);
      this.#settling.died(worker, nowMs);
      this.stats.deaths++;
      const seconds = (silentMs / 1000).toFixed(1);
      this.#logger.warn(
        { worker, incarnation: member.incarnation, silentMs },
        'worker declared dead',
      );
      this.#changes.note(`lease of ${worker} expired`);
      await store.appendEvents(term, [
        {
          type: 'worker.dead',
          message: `lease of ${worker} expired: no beat for ${seconds} s`,
          facts: { worker, silent_ms: Math.round(silentMs) },
        },
      ]);
    }
    if (silent.length > 0) await this.#refresh();
    const orphaned = await this.#orphanLost(term, nowMs);
    if (silent.length > 0) {
      this.#logger.debug({ tookMs: clock.monotonicMs() - nowMs, orphaned }, 'dead workers buried');
    }
    return silent.length > 0 || orphaned > 0;
  }

  /** If most workers vanish at once, the likelier fault is here: look for another window first. */
  #doubtsItself(silent: number, nowMs: number): boolean {
    const live = [...this.#view.members.values()].filter(({ state }) => state !== 'dead').length;
    if (silent < 3 || silent * 2 <= live || nowMs < this.#doubtUntilMs) return false;
    const { deadAfterMs } = this.#options.profile;
    this.#doubtUntilMs = nowMs + 3 * deadAfterMs;
    this.#observer.restart(nowMs);
    this.#logger.warn({ silent, live }, 'most workers fell silent at once: looking again');
    return true;
  }

  /** Frees what dead incarnations held, whoever declared them dead. */
  async #orphanLost(term: LeaderTerm, nowMs: number): Promise<number> {
    const { store } = this.#options;
    // Nothing has changed hands, and nobody's last lease was waited for.
    if (this.#view.planRevision === this.#plannedRevision && !this.#orphansWait) return 0;
    this.#orphansWait = true;
    const lost = new Map<string, string>();
    for (const unit of this.#view.units.values()) {
      if (unit.worker === undefined || unit.incarnation === undefined) continue;
      if (!this.#view.liveOwner(unit)) lost.set(unit.incarnation, unit.worker);
    }
    for (const member of this.#view.members.values()) {
      if (member.state === 'dead') lost.set(member.incarnation, member.worker);
    }
    let orphaned = 0;
    let waits = false;
    for (const [incarnation, worker] of lost) {
      if (!this.#isQuiet(worker, incarnation, nowMs)) {
        waits = true;
        continue;
      }
      for (;;) {
        const freed = await store.orphan(term, worker, incarnation, batchSize);
        for (const unit of freed) this.#reasons.set(unit, `lease of ${worker} expired`);
        orphaned += freed.length;
        if (freed.length < batchSize) break;
      }
      await store.forget(term, worker, incarnation);
      this.#quiet.delete(incarnation);
    }
    this.#orphansWait = waits;
    return orphaned;
  }

  #isQuiet(worker: string, incarnation: string, nowMs: number): boolean {
    if (this.#quiet.has(incarnation)) return true;
    const isLast = this.#view.members.get(worker)?.incarnation === incarnation;
    const { deadAfterMs } = this.#options.profile;
    if (isLast && !this.#observer.beatStoodStill(worker, deadAfterMs, nowMs)) return false;
    this.#quiet.add(incarnation);
    return true;
  }

  #workersUp(): number {
    return [...this.#view.members.values()].filter(({ state }) => state === 'up').length;
  }

  async #applyRequests(term: LeaderTerm): Promise<boolean> {
    const { store } = this.#options;
    const requests = await store.pendingRequests(100);
    for (const request of requests) await this.#applyRequest(term, request);
    return requests.length > 0;
  }

  async #applyRequest(term: LeaderTerm, request: StoredRequest): Promise<void> {
    const { store, clock, dispatcher } = this.#options;
    for (let attempt = 1; attempt <= conflictsMax; attempt++) {
      const decision = this.#decide(request, {
        view: this.#view,
        catalog: this.#catalog(),
        newUid: newId,
        nowMs: Math.round(clock.wallMs()),
      });
      const { mutation, result, events } = decision;
      const outcome = await store.applyRequest(term, request, mutation, result, events);
      await this.#refresh();
      if (outcome === 'conflict') continue;
      this.stats.requests++;
      const touched = decision.mutation.connectors.map(({ record }) => record.name);
      const restarted = decision.mutation.restart.map(
        (unit) => this.#view.units.get(unit)?.connector ?? '',
      );
      const owners = this.#ownersOf(new Set([...touched, ...restarted]));
      if (decision.mutation.drain) {
        const member = this.#view.members.get(decision.mutation.drain.worker);
        if (member) owners.add(member);
      }
      if (owners.size > 0) {
        await dispatcher.refresh(
          [...owners].map(({ worker, incarnation }) => ({
            worker,
            incarnation,
            reason: request.body.op,
          })),
        );
      }
      return;
    }
    // Stays pending: the next turn tries again.
    this.#logger.warn({ request: request.id }, 'request met conflicts');
  }

  /** A request that is malformed, or that another version made, must not keep the leader from all else. */
  #decide(request: StoredRequest, context: RequestContext): RequestDecision {
    try {
      const decision = decideRequest(request.body, context);
      const refusals = refusalEvents(request, decision.result);
      return { ...decision, events: [...decision.events, ...refusals] };
    } catch (error) {
      this.#logger.error({ request: request.id, error: toError(error).stack }, 'request failed');
      return refuseUndecidable(request);
    }
  }

  #ownersOf(connectors: ReadonlySet<string>): Set<MemberRecord> {
    const owners = new Set<MemberRecord>();
    for (const connector of connectors) {
      for (const unit of this.#view.unitsOf(connector)) {
        const owner = this.#view.liveOwner(unit);
        if (owner) owners.add(owner);
      }
    }
    return owners;
  }

  #catalog(): PluginCatalog {
    return catalogOf(this.#view.members.values(), this.#options.builtInPlugins);
  }

  async #own(term: LeaderTerm, nowMs: number): Promise<boolean> {
    const { clock, movement, store } = this.#options;
    const settled = this.#settling.isSettled(nowMs);
    const balances = this.#balancePending && settled;
    const seatFreed = this.#heldSeats.expire(this.#view.members, nowMs);
    if (this.#view.planRevision === this.#plannedRevision && !balances && !seatFreed) return false;

    // Only a plan that was carried out as a whole is one that need not be made again.
    this.#plannedRevision = -1;
    const planStartMs = clock.monotonicMs();
    let tasks = 0;
    let moving = 0;
    for (const unit of this.#view.units.values()) {
      if (unit.kind === 'task') tasks++;
      if (unit.state === 'revoking' || unit.state === 'granted') moving++;
    }
    const plannedRevision = this.#view.planRevision;
    const decision = decideOwnership(this.#view, this.#catalog(), {
      // Until a join has settled, only what has no owner is dealt, whichever movement is configured.
      movement: settled ? movement : 'minimal',
      balanceMovesMax: this.#balanceMovesMax(nowMs, tasks, moving),
      penalties: this.#settling.penalties(nowMs),
      heldSeats: this.#heldSeats.list(),
    });
    this.stats.planMs = clock.monotonicMs() - planStartMs;
    this.#balancePending = decision.balanceRemaining > 0 || !settled;

    await this.#announceRerun(term, decision, settled);
    this.#workersPlanned = decision.workers;
    await this.#revoke(term, decision);
    const granted = await this.#grant(term, decision.grant, nowMs);
    if (decision.sweepUnits.length > 0 || decision.sweepConnectors.length > 0) {
      await store.sweep(term, decision.sweepUnits, decision.sweepConnectors);
    }
    // A grant is refused when the store has moved on, which the next look shows.
    if (granted === decision.grant.length) this.#plannedRevision = plannedRevision;
    this.#forgetReasons();
    return decision.revoke.length + granted + decision.sweepUnits.length > 0;
  }

  /** Of units that were deleted instead of being started. */
  #forgetReasons(): void {
    if (this.#reasons.size <= this.#view.units.size) return;
    for (const unit of this.#reasons.keys()) {
      if (!this.#view.units.has(unit)) this.#reasons.delete(unit);
    }
  }

  #balanceMovesMax(nowMs: number, tasks: number, moving: number): number {
    if (!this.#settling.isSettled(nowMs)) return 0;
    // The formula is applied as it is written: to all tasks, in one round.
    if (this.#options.movement === 'literal') return Number.POSITIVE_INFINITY;
    return this.#settling.balanceMovesMax(nowMs, tasks, moving);
  }

  async #announceRerun(
    term: LeaderTerm,
    decision: OwnershipDecision,
    settled: boolean,
  ): Promise<void> {
    const { workers, orphans, placed } = decision;
    const causes = this.#changes.take();
    // What a join leaves to move waits until membership has settled, and goes in rounds: told once.
    const balances = settled && !this.#balanceAnnounced;
    const balanceMoves = balances ? decision.moves + decision.movesRemaining : 0;
    const cause = causes ?? (balanceMoves > 0 ? 'balance' : undefined);
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
      await this.#options.store.appendEvents(term, [{ type: 'assignment.rerun', message, facts }]);
    } catch (error) {
      if (causes !== undefined) this.#changes.note(causes);
      throw error;
    }
    this.#logger.info(facts, message);
    this.stats.reruns++;
    this.stats.moves += moves;
  }

  async #revoke(term: LeaderTerm, { revoke }: OwnershipDecision): Promise<void> {
    const { store, dispatcher } = this.#options;
    if (revoke.length === 0) return;
    const owners = new Map<string, { member: MemberRecord; why: string }>();
    for (const { unit, why } of revoke) {
      const record = this.#view.units.get(unit);
      const member = record && this.#view.liveOwner(record);
      if (record?.worker && why !== 'retired') {
        this.#reasons.set(
          unit,
          `${why === 'older epoch' ? 'reconfigured' : why}, from ${record.worker}`,
        );
      }
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
    const { store, dispatcher } = this.#options;
    const dispatching: Promise<void>[] = [];
    let granted = 0;
    for (const batch of batches(grants)) {
      const results = await store.grant(term, batch);
      const jobs: StartJob[] = [];
      for (const [index, result] of results.entries()) {
        const grant = batch[index];
        if (!grant || result.kind === 'refused') {
          if (result.kind === 'refused') {
            this.#logger.debug({ unit: grant?.unit, reason: result.reason }, 'grant refused');
          }
          continue;
        }
        const { unit, worker, incarnation, from } = grant;
        const reason =
          this.#reasons.get(unit) ??
          (from === undefined ? 'first assignment' : `moved from ${from}`);
        this.#reasons.delete(unit);
        const job = { unit, fence: result.fence, worker, incarnation, reason };
        this.#unclaimed.granted(job, nowMs);
        jobs.push(job);
      }
      granted += jobs.length;
      this.stats.grants += jobs.length;
      // The next batch is granted while the jobs of this one are being queued.
      if (jobs.length > 0) dispatching.push(dispatcher.start(jobs));
    }
    await Promise.all(dispatching);
    return granted;
  }

  /**
   * A job may be lost: a worker that does not claim what it was granted is told to read its assignments.
   * Not by the same job again: a queue ignores an id that it remembers.
   */
  async #remindUnclaimed(nowMs: number, profile: TimingProfile): Promise<void> {
    const overdue = this.#unclaimed.overdue(
      this.#view.units,
      nowMs,
      4 * profile.heartbeatIntervalMs,
    );
    if (overdue.length === 0) return;
    const owners = new Map(overdue.map(({ worker, incarnation }) => [incarnation, worker]));
    await this.#options.dispatcher.refresh(
      [...owners].map(([incarnation, worker]) => ({
        worker,
        incarnation,
        reason: 'unclaimed grants',
      })),
    );
  }
}

/** So that a request that was accepted while no coordinator was up does not fail without a trace. */
function refusalEvents({ body }: StoredRequest, result: RequestResult): NewEvent[] {
  if (result.kind !== 'refused') return [];
  // The message may quote configuration values; the code does not.
  const message = `refused to ${describeRequest(body)}: ${result.code}`;
  return [{ type: 'request.refused', message, facts: { op: body.op, code: result.code } }];
}

function* batches<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += batchSize) {
    yield items.slice(from, from + batchSize);
  }
}
