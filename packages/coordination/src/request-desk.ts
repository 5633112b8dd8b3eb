/** Applies what users asked for: decides purely, writes decision and result in one step, tells the owners. */
import { newId, toError } from '@sluice/kernel';

import { describeRequest } from './cluster-client.ts';
import {
  decideRequest,
  type RequestContext,
  type RequestDecision,
  refuseUndecidable,
} from './decide-request.ts';
import type { LeaderContext } from './leader-context.ts';
import type { MemberRecord, NewEvent } from './model.ts';
import type { RequestResult, StoredRequest } from './requests.ts';
import type { LeaderTerm } from './store.ts';

/** Tries of a request whose records moved on between decision and write. */
const conflictsMax = 5;

export class RequestDesk {
  readonly #leader: LeaderContext;

  constructor(leader: LeaderContext) {
    this.#leader = leader;
  }

  /** Returns whether there was any. */
  async apply(term: LeaderTerm): Promise<boolean> {
    const { store } = this.#leader.options;
    const requests = await store.pendingRequests(100);
    let applied = 0;
    for (const request of requests) {
      if (this.#mustWait(request)) break;
      await this.#applyOne(term, request);
      applied++;
    }
    return applied > 0;
  }

  /**
   * A definition can be judged only by what workers have announced. Requests after it wait too: they are
   * applied in order.
   */
  #mustWait({ body }: StoredRequest): boolean {
    return body.op === 'apply' && this.#leader.catalog().isEmpty;
  }

  async #applyOne(term: LeaderTerm, request: StoredRequest): Promise<void> {
    const { store, clock, dispatcher } = this.#leader.options;
    for (let attempt = 1; attempt <= conflictsMax; attempt++) {
      const decision = this.#decide(request, {
        view: this.#leader.view,
        catalog: this.#leader.catalog(),
        newUid: newId,
        nowMs: Math.round(clock.wallMs()),
      });
      const { mutation, result, events } = decision;
      const outcome = await store.applyRequest(term, request, mutation, result, events);
      await this.#leader.refresh();
      if (outcome === 'conflict') continue;
      this.#leader.stats.requests++;
      const touched = decision.mutation.connectors.map(({ record }) => record.name);
      const restarted = decision.mutation.restart.map(
        (unit) => this.#leader.view.units.get(unit)?.connector ?? '',
      );
      const owners = this.#ownersOf(new Set([...touched, ...restarted]));
      if (decision.mutation.drain) {
        const member = this.#leader.view.members.get(decision.mutation.drain.worker);
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
    this.#leader.options.logger.warn({ request: request.id }, 'request met conflicts');
  }

  /** A request that is malformed, or that another version made, must not keep the leader from all else. */
  #decide(request: StoredRequest, context: RequestContext): RequestDecision {
    try {
      const decision = decideRequest(request.body, context);
      const refusals = refusalEvents(request, decision.result);
      return { ...decision, events: [...decision.events, ...refusals] };
    } catch (error) {
      this.#leader.options.logger.error(
        { request: request.id, error: toError(error).stack },
        'request failed',
      );
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

/** So that a request that was accepted while no coordinator was up does not fail without a trace. */
function refusalEvents({ body }: StoredRequest, result: RequestResult): NewEvent[] {
  if (result.kind !== 'refused') return [];
  // The message may quote configuration values; the code does not.
  const message = `refused to ${describeRequest(body)}: ${result.code}`;
  return [{ type: 'request.refused', message, facts: { op: body.op, code: result.code } }];
}
