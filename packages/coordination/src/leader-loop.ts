/**
 * The coordinator: keeps a view of the cluster, and while it leads turns what is into what should be.
 * One turn at a time, woken by a nudge or the tick:
 *
 *     refresh → restore from the journal → bury the dead → apply requests → revoke, grant, sweep → dispatch
 *
 * It has no memory that matters: a new leader reads the same states and goes on. Followers run the
 * refresh part too, so that their observation of beats is warm when they are elected.
 *
 * Failures: a store that does not answer ends the turn, and the silence meanwhile counts for nobody; a
 * deposed leader stops deciding at once; a wake-up that fails is made up for by reconciliation.
 */
import { hasCode, type Logger, type Service, type Timer, toError } from '@sluice/kernel';

import {
  type Agreement,
  type Disagreement,
  disagreementError,
  protocolSpoken,
} from './agreement.ts';
import { BeatObserver } from './beat-observer.ts';
import { Burial } from './burial.ts';
import { ClusterView } from './cluster-view.ts';
import { Election } from './election.ts';
import { GoneQueues } from './gone-queues.ts';
import { HeldSeats } from './held-seats.ts';
import { DefinitionKeeper } from './journal/definition-keeper.ts';
import { tellMissingJournal } from './journal/missing-journal.ts';
import type { LeaderContext, LeaderLoopOptions } from './leader-context.ts';
import { LeaderStats } from './leader-stats.ts';
import { LostData } from './lost-data.ts';
import { MembershipChanges } from './membership-changes.ts';
import type { MemberRecord } from './model.ts';
import { OtherLog } from './other-log.ts';
import { OwnershipTurn } from './ownership-turn.ts';
import { plannerStateOf } from './planner-state.ts';
import { ProtocolRaise } from './protocol-raise.ts';
import { RequestDesk } from './request-desk.ts';
import { Settling } from './settling.ts';
import type { Beat, Changes, LeaderTerm } from './store.ts';
import { UnitHistory } from './unit-history.ts';
import { WholeReads } from './whole-reads.ts';

/** Longer than a process takes to be started anew, image pull included. */
const seatHoldMsDefault = 60_000;
/** Between two attempts of a worker to reach the store again. */
const reconnectMsMax = 1_000;
/** A failure that comes back with each turn is told again after this long. */
const sameFailureQuietMs = 10_000;

export class LeaderLoop implements Service {
  readonly stats = new LeaderStats();
  readonly #options: LeaderLoopOptions;
  readonly #logger: Logger;
  readonly #election: Election;
  readonly #view: ClusterView;
  readonly #observer = new BeatObserver();
  readonly #settling: Settling;
  readonly #changes = new MembershipChanges();
  readonly #heldSeats: HeldSeats;
  readonly #goneQueues: GoneQueues;
  readonly #lostData: LostData;
  readonly #burial: Burial;
  readonly #requests: RequestDesk;
  readonly #ownership: OwnershipTurn;
  readonly #keeper: DefinitionKeeper | undefined;
  readonly #agreement: Agreement;
  readonly #protocolRaise: ProtocolRaise;
  readonly #otherLog = new OtherLog();
  readonly #wholeReads: WholeReads;
  readonly #history: UnitHistory;
  #hasRefusal = false;
  readonly #stopping = new AbortController();
  /** Of all workers ever seen: who is to be waited for after a loss may not be in the store any more. */
  #leaseMsMax = 0;
  #grantsFromMs = 0;
  #isNewTerm = false;
  #lastTurnMs: number | undefined;
  #storeWasAway = false;
  #lastFailure: { message: string; atMs: number } | undefined;
  #nudged = false;
  #wakeUp: (() => void) | undefined;
  #running: Promise<void> | undefined;

  constructor(options: LeaderLoopOptions) {
    this.#options = options;
    this.#logger = options.logger;
    this.#view = new ClusterView(options.builtInPlugins);
    this.#wholeReads = new WholeReads(options);
    this.#history = new UnitHistory(options.clock);
    this.#settling = new Settling(options.settling);
    this.#goneQueues = new GoneQueues(options.dispatcher);
    this.#heldSeats = new HeldSeats(options.seatHoldMs ?? seatHoldMsDefault);
    const shared: Omit<LeaderContext, 'keeper'> = {
      options,
      view: this.#view,
      observer: this.#observer,
      settling: this.#settling,
      heldSeats: this.#heldSeats,
      changes: this.#changes,
      stats: this.stats,
      history: this.#history,
      reasons: new Map(),
      refresh: () => this.#refresh(),
      readAnew: async () => this.#learn(await options.store.changes(0, this.#view.dataset)),
    };
    this.#keeper = options.journal
      ? new DefinitionKeeper({
          journal: options.journal,
          leader: shared,
          nudge: () => this.nudge(),
          deposed: (term) => this.#election.deposed(term),
        })
      : undefined;
    const leader: LeaderContext = { ...shared, keeper: this.#keeper };
    this.#lostData = new LostData(leader);
    this.#burial = new Burial(leader);
    this.#requests = new RequestDesk(leader);
    this.#ownership = new OwnershipTurn(leader);
    const { log, protocol = protocolSpoken } = options;
    this.#agreement = { log, protocol };
    this.#protocolRaise = new ProtocolRaise({ ...options, protocol });
    this.#election = new Election({
      ...options,
      agreement: this.#agreement,
      onChange: (term, founded) => this.#leadershipChanged(term, founded),
      onRefused: (disagreement) => this.#refused(disagreement),
      abandonedLog: () => this.#abandonedLog(),
    });
  }

  get leads(): boolean {
    return this.#election.term !== undefined;
  }

  get term(): LeaderTerm | undefined {
    return this.#election.term;
  }

  /** Whether journal and store agree, so that requests can be applied; undefined without a journal. */
  get journalInStep(): boolean | undefined {
    return this.#keeper?.isInStep;
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
    await this.#keeper?.stop();
  }

  /** There may be something to do: look now instead of at the next tick. */
  nudge(): void {
    this.#nudged = true;
    this.#wakeUp?.();
  }

  #leadershipChanged(term: LeaderTerm | undefined, founded: boolean): void {
    const { clock, profile, onLeadership } = this.#options;
    this.#burial.reset();
    this.#history.reset();
    this.#ownership.reset(this.#workersUp());
    this.#keeper?.termChanged(term);
    this.#isNewTerm = term !== undefined;
    this.#protocolRaise.reset();
    if (term) {
      this.#otherLog.agreed();
      // What a follower saw happen was dealt with by its leader.
      this.#changes.take();
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

  /** Of another log it is not sure at once: those who use it may be gone. */
  #refused(disagreement: Disagreement): void {
    const { clock, onRefused, coordinator } = this.#options;
    const { about, inUse } = disagreement;
    const mayPass =
      about === 'log' && !this.#otherLog.refused(inUse, this.#leaseMsLongest, clock.monotonicMs());
    if (mayPass || this.#hasRefusal) return;
    this.#hasRefusal = true;
    const error = disagreementError('this coordinator', this.#agreement, disagreement);
    this.#logger.error({ coordinator, code: error.code }, error.message);
    onRefused?.(error);
  }

  #abandonedLog(): string | undefined {
    const nowMs = this.#lastTurnMs ?? this.#options.clock.monotonicMs();
    return this.#otherLog.abandoned(this.#view, this.#observer, this.#leaseMsLongest, nowMs);
  }

  get #leaseMsLongest(): number {
    return Math.max(this.#leaseMsMax, this.#options.profile.deadAfterMs);
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#nudged = false;
      let again = false;
      try {
        again = await this.#turn();
        const { term } = this.#election;
        if (term) await this.#history.tell(term, this.#options.store);
      } catch (error) {
        this.#turnFailed(error);
      }
      if (!again) await this.#waitForNudge();
    }
  }

  async #waitForNudge(): Promise<void> {
    if (this.#nudged) return;
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
    const { clock, store } = this.#options;
    const askedMs = clock.monotonicMs();
    const whole = this.#wholeReads.take(askedMs);
    const { revision, dataset } = whole ?? this.#view;
    const [changes, beats, quarantine] = await Promise.all([
      store.changes(revision, dataset),
      store.beats(),
      store.quarantine(),
    ]);
    this.#learn(changes, whole);
    this.#watch(beats, askedMs);

    const term = this.#election.term;
    if (!term) {
      this.#follow(askedMs);
      return false;
    }
    if (this.#keeper) await this.#keeper.step(term, askedMs);
    else if (this.#isNewTerm) await tellMissingJournal(term, this.#options);
    this.#isNewTerm = false;
    if (await this.#lostData.holdStill(term, quarantine, askedMs, this.#leaseMsMax)) return false;
    const buried = await this.#burial.bury(term, askedMs);
    await this.#requests.apply(term);
    if (buried) await this.#refresh();
    // Found just now: nothing is decided on what is left.
    if (this.#lostData.isNew) return true;
    if ((await this.#protocolRaise.raise(term, this.#view, askedMs)) !== undefined) return true;
    await this.#goneQueues.forget(askedMs);
    if (askedMs < this.#grantsFromMs) return false;
    await this.#ownership.remindUnclaimed(askedMs);
    return this.#ownership.own(term, askedMs);
  }

  async #refresh(): Promise<void> {
    this.#learn(await this.#options.store.changes(this.#view.revision, this.#view.dataset));
  }

  /** `whole`: all that there was, before these changes. */
  #learn(changes: Changes, whole?: Changes): void {
    const nowMs = this.#options.clock.monotonicMs();
    const before = new Map(this.#view.members);
    if (this.leads && changes.kind === 'delta') {
      for (const [id, unit] of changes.units) this.#history.changed(this.#view.units.get(id), unit);
    }
    if (whole ? this.#view.replace(whole, changes) : this.#view.apply(changes)) {
      this.#lostData.noticed(nowMs);
      this.#keeper?.outOfStep();
    }
    this.#noteMembership(before, nowMs);
    for (const each of whole ? [whole, changes] : [changes]) {
      this.#keeper?.noteChanges(each);
      this.#changes.noteConnectors(each.connectors);
    }
  }

  /** After a stall of this process or of the store, silence that nobody listened to proves nothing. */
  #watch(beats: readonly Beat[], askedMs: number): void {
    const { clock, profile } = this.#options;
    const answeredMs = clock.monotonicMs();
    this.#observer.observe(beats, answeredMs);
    const gapMs = askedMs - (this.#lastTurnMs ?? askedMs);
    this.#lastTurnMs = askedMs;
    if (this.#storeWasAway) {
      this.#storeWasAway = false;
      this.#logger.info({}, 'store answers again');
      // Back-off: who was away for long may notice the return so much later than we do.
      const graceMs = Math.min(gapMs, reconnectMsMax);
      this.#observer.leaveOut(gapMs + graceMs, answeredMs + graceMs);
      return;
    }
    const unwatchedMs = gapMs - Math.max(4 * profile.tickMs, profile.deadAfterMs / 4);
    if (unwatchedMs > 0) this.#observer.leaveOut(unwatchedMs, answeredMs);
  }

  /** What a leader would act on is dealt with by the one there is. */
  #follow(nowMs: number): void {
    this.#changes.take();
    this.#goneQueues.follow(nowMs);
  }

  #noteMembership(before: ReadonlyMap<string, MemberRecord>, nowMs: number): void {
    for (const { leaseMs } of this.#view.members.values()) {
      this.#leaseMsMax = Math.max(this.#leaseMsMax, leaseMs);
    }
    const { joined, gone, uncordoned } = this.#changes.noteMembers(before, this.#view.members);
    for (const worker of gone) this.#heldSeats.left(before.get(worker), nowMs);
    // Who takes part again is given its share like one that joins.
    if (joined.length + uncordoned.length > 0) this.#settling.membershipChanged(nowMs);
    for (const worker of joined) this.#goneQueues.joined(worker);
    for (const worker of gone) this.#goneQueues.gone(worker, nowMs);
  }

  #workersUp(): number {
    return [...this.#view.members.values()].filter((each) => plannerStateOf(each) === 'up').length;
  }
}
