/**
 * What a request about a worker means: drain, cordon, uncordon. Pure.
 *
 * A cordon belongs to the worker's name: the store keeps it for whoever runs under that name next. It is written again
 * when it holds already, so that a store which has lost it has it then; the event is for what was not so before.
 */
import type { MemberRecord, NewEvent } from './model.ts';
import {
  nothing,
  type RequestContext,
  type RequestDecision,
  refusal,
  refused,
} from './request-decision.ts';
import { cordonProtocol, type RequestBody } from './requests.ts';

type WorkerRequest = Extract<RequestBody, { op: 'drain' | 'cordon' | 'uncordon' }>;

/** Whatever it says itself: who asks as an operator may leave it out. */
export function protocolNeeded({ op }: Pick<RequestBody, 'op'>): number {
  return op === 'cordon' ? cordonProtocol : 1;
}

export function decideWorker(
  { op, worker }: WorkerRequest,
  { view }: RequestContext,
): RequestDecision {
  const member = view.members.get(worker);
  if (!member || member.state === 'dead') {
    const known = [...view.members.values()].filter(({ state }) => state !== 'dead');
    const names = known.map((each) => each.worker).join(', ') || 'none';
    // The store knows which names are cordoned, also those that nobody has; members are all that is known here.
    const later =
      op === 'uncordon'
        ? '; if the name is cordoned, that is kept for a week: uncordon it once a worker runs under it'
        : '';
    return refusal(
      refused(404, 'worker.unknown', `no worker "${worker}" is up; there are: ${names}${later}`),
    );
  }
  const { incarnation } = member;
  return {
    mutation: { ...nothing, worker: { worker, incarnation, change: op } },
    result: { kind: 'done', connectors: [] },
    events: eventsOf(op, member),
  };
}

function eventsOf(op: WorkerRequest['op'], { worker, cordoned }: MemberRecord): NewEvent[] {
  const event = (message: string): NewEvent => ({
    type: `worker.${op}`,
    message,
    facts: { worker },
  });
  switch (op) {
    case 'drain':
      return [event(`${worker} is to be drained`)];
    case 'cordon':
      return cordoned
        ? []
        : [event(`${worker} is cordoned: it keeps what it runs, and gets nothing new`)];
    case 'uncordon':
      return cordoned ? [event(`${worker} is not cordoned any more`)] : [];
  }
}
