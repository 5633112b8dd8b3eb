/** Applies what users asked for: decides purely, writes decision and result in one step, tells the owners. */
import { newId, toError } from '@sluice/kernel';

import { describeRequest } from './cluster-client.ts';
import { decideRequest, refuseUndecidable, refuseUnwritable } from './decide-request.ts';
import type { RefreshJob } from './dispatch.ts';
import type { NextJournalMark } from './journal/definition-journal.ts';
import type { WrittenDecision } from './journal/definition-keeper.ts';
import type { LeaderContext } from './leader-context.ts';
import type { MemberRecord, NewEvent } from './model.ts';
import type { RequestDecision } from './request-decision.ts';
import { independentGroups } from './request-groups.ts';
import type { Mutation, RequestResult, StoredRequest } from './requests.ts';
import type { LeaderStore, LeaderTerm } from './store.ts';

/** Looked at in one turn. */
const requestsMax = 100;
/** Tries of a request whose records moved on between decision and write. */
const conflictsMax = 5;

type ApplyOutcome = Awaited<ReturnType<LeaderStore['applyRequest']>>;

interface Decided {
  readonly request: StoredRequest;
  readonly decision: RequestDecision;
}

export class RequestDesk {
  readonly #leader: LeaderContext;

  constructor(leader: LeaderContext) {
    this.#leader = leader;
  }

  async apply(term: LeaderTerm): Promise<void> {
    const { keeper, options } = this.#leader;
    // What is missing in the store may be in the journal.
    if (keeper && !keeper.isInStep) return;
    const requests = await options.store.pendingRequests(requestsMax);
    keeper?.checkWritten(requests);
    const ready = this.#withoutWaiting(requests);
    // The journal takes one after the other.
    const groups = keeper ? ready.map((request) => [request]) : independentGroups(ready);
    for (const group of groups) {
      if (!(await this.#applyGroup(term, group))) break;
    }
  }

  /**
   * A definition can be judged only by what workers have announced. Requests after it wait too: they are
   * applied in order.
   */
  #withoutWaiting(requests: readonly StoredRequest[]): readonly StoredRequest[] {
    const first = requests.findIndex(({ body }) => body.op === 'apply');
    return first < 0 || !this.#leader.view.catalog.isEmpty ? requests : requests.slice(0, first);
  }

  /** Returns whether all were applied; those after them have to wait if they were not. */
  async #applyGroup(term: LeaderTerm, group: readonly StoredRequest[]): Promise<boolean> {
    const [first, ...others] = group;
    if (first && others.length === 0) return this.#applyOne(term, first);
    const decided = group.map((request) => ({ request, decision: this.#decide(request) }));
    // One after the other without waiting for answers in between.
    const outcomes = await settled(
      decided.map(({ request, decision }) => this.#write(term, request, decision)),
    );
    await this.#leader.refresh();
    await this.#tellOwners(decided.filter((_each, index) => outcomes[index] !== 'conflict'));
    for (const [index, request] of group.entries()) {
      if (outcomes[index] === 'conflict' && !(await this.#applyOne(term, request))) return false;
    }
    return true;
  }

  /** Returns whether it was applied; those after it have to wait if it was not. */
  async #applyOne(term: LeaderTerm, request: StoredRequest): Promise<boolean> {
    const { keeper } = this.#leader;
    const written = keeper?.written(request);
    if (written) return this.#applyWritten(term, request, written);
    for (let attempt = 1; attempt <= conflictsMax; attempt++) {
      // What the store has lost, a decision made on the rest would take out of the journal, too.
      if (keeper && !(await keeper.storeFollows())) return false;
      const decision = this.#decide(request);
      if (keeper && decision.mutation.connectors.length > 0) {
        // First the journal, and in a later turn the store.
        keeper.write(request, decision);
        return false;
      }
      const outcome = await this.#store(term, request, decision);
      if (outcome !== 'conflict') return true;
    }
    // Stays pending: the next turn tries again.
    this.#leader.options.logger.warn({ request: request.id }, 'request met conflicts');
    return false;
  }

  async #applyWritten(
    term: LeaderTerm,
    request: StoredRequest,
    written: WrittenDecision,
  ): Promise<boolean> {
    const { keeper } = this.#leader;
    const outcome = await (written.kind === 'written'
      ? this.#store(term, request, written.decision, written.mark)
      : this.#store(term, request, refuseUnwritable(request, written.error)));
    if (outcome === 'conflict') {
      // Nobody else decides: the store is not what it was.
      keeper?.outOfStep();
      return false;
    }
    keeper?.applied();
    // By a call whose answer was lost, or long ago: how far the store has followed the journal is to be asked.
    if (outcome === 'already') keeper?.outOfStep();
    return true;
  }

  async #store(
    term: LeaderTerm,
    request: StoredRequest,
    decision: RequestDecision,
    mark?: NextJournalMark,
  ): Promise<ApplyOutcome> {
    const outcome = await this.#write(term, request, decision, mark);
    await this.#leader.refresh();
    if (outcome !== 'conflict') await this.#tellOwners([{ request, decision }]);
    return outcome;
  }

  async #write(
    term: LeaderTerm,
    request: StoredRequest,
    { mutation, result, events }: RequestDecision,
    mark?: NextJournalMark,
  ): Promise<ApplyOutcome> {
    const { store, onApplied } = this.#leader.options;
    const outcome = await store.applyRequest(term, request, mutation, result, events, mark);
    if (outcome === 'conflict') return outcome;
    this.#leader.stats.requests++;
    onApplied?.(request.id);
    return outcome;
  }

  async #tellOwners(applied: readonly Decided[]): Promise<void> {
    const jobs = new Map<string, RefreshJob>();
    for (const { request, decision } of applied) {
      for (const { worker, incarnation } of this.#ownersTouchedBy(decision.mutation)) {
        if (jobs.has(incarnation)) continue;
        jobs.set(incarnation, { worker, incarnation, reason: request.body.op });
      }
    }
    await this.#leader.options.dispatcher.refresh([...jobs.values()]);
  }

  #ownersTouchedBy(mutation: Mutation): Set<MemberRecord> {
    const { view } = this.#leader;
    const touched = mutation.connectors.map(({ record }) => record.name);
    const restarted = mutation.restart.map((unit) => view.units.get(unit)?.connector ?? '');
    const owners = this.#ownersOf(new Set([...touched, ...restarted]));
    // Of a cordon it has to know nothing.
    if (mutation.worker?.change === 'drain') {
      const member = view.members.get(mutation.worker.worker);
      if (member) owners.add(member);
    }
    return owners;
  }

  /** A request that is malformed, or that another version made, must not keep the leader from all else. */
  #decide(request: StoredRequest): RequestDecision {
    const { view, options } = this.#leader;
    try {
      const decision = decideRequest(request.body, {
        view,
        catalog: view.catalog,
        newUid: newId,
        logPromise: options.logPromise?.(),
        checkConfig: options.checkConfig,
        exactlyOnce: options.exactlyOnce,
        nowMs: Math.round(options.clock.wallMs()),
      });
      const refusals = refusalEvents(request, decision.result);
      return { ...decision, events: [...decision.events, ...refusals] };
    } catch (error) {
      const { stack } = toError(error);
      options.logger.error({ request: request.id, error: stack }, 'request failed');
      return refuseUndecidable(request);
    }
  }

  #ownersOf(connectors: ReadonlySet<string>): Set<MemberRecord> {
    const owners = new Set<MemberRecord>();
    for (const connector of connectors) {
      for (const unit of this.#leader.view.unitsOf(connector)) {
        const owner = this.#leader.view.liveOwner(unit);
        if (owner) owners.add(owner);
      }
    }
    return owners;
  }
}

/** @throws the first failure once all have ended: what is under way must not outlive its turn. */
async function settled<Result>(works: readonly Promise<Result>[]): Promise<Result[]> {
  await Promise.allSettled(works);
  return Promise.all(works);
}

/** So that a request that was accepted while no coordinator was up does not fail without a trace. */
function refusalEvents({ body }: StoredRequest, result: RequestResult): NewEvent[] {
  if (result.kind !== 'refused') return [];
  // The message may quote configuration values; the code does not.
  const message = `refused to ${describeRequest(body)}: ${result.code}`;
  return [{ type: 'request.refused', message, facts: { op: body.op, code: result.code } }];
}
