import { hasCode } from '@sluice/kernel';
import { expect, test } from 'vitest';

import type { LeaderStore, LeaderTerm, LeadReply } from '../store.ts';
import {
  connectorRecord,
  leadRequest,
  type MakeStore,
  type StoreUnderTest,
  startTestCluster,
} from './test-cluster.ts';

const hourMs = 3_600_000;

export function testLeadership(make: MakeStore): void {
  const start = async (): Promise<StoreUnderTest & AsyncDisposable> => {
    const under = await make();
    return { ...under, [Symbol.asyncDispose]: () => under.close() };
  };

  test('the first coordinator is elected, and told that it is the first of this data set', async () => {
    await using under = await start();
    const reply = await under.store.lead(leadRequest('a', hourMs));
    expect(reply).toMatchObject({ kind: 'leading', elected: true, founded: true });
  });

  test('a leader that renews keeps its term', async () => {
    await using under = await start();
    const first = await leading(under.store.lead(leadRequest('a', hourMs)));
    const again = await leading(under.store.lead(leadRequest('a', hourMs)));
    expect(again).toEqual({ kind: 'leading', term: first.term, elected: false, founded: false });
  });

  test('a renewal extends the lease', async () => {
    await using under = await start();
    await under.store.lead(leadRequest('a', 300));
    await under.store.lead(leadRequest('a', hourMs));
    await under.elapse(400);
    expect(await under.store.lead(leadRequest('b', hourMs))).toMatchObject({
      kind: 'following',
      leader: 'a',
    });
  });

  test('everybody sees who leads, and what is left of the lease', async () => {
    await using under = await start();
    const { store } = under;
    expect(await store.leader()).toBeUndefined();
    const { term } = await leading(store.lead(leadRequest('a', hourMs)));
    const seen = await store.leader();
    expect(seen).toEqual({ ...term, leaseLeftMs: expect.any(Number) as number });
    expect(seen?.leaseLeftMs).toBeLessThanOrEqual(hourMs);
    expect(seen?.leaseLeftMs).toBeGreaterThan(hourMs - 60_000);
    await store.lead(leadRequest('a', 1_000));
    expect((await store.leader())?.leaseLeftMs).toBeLessThanOrEqual(1_000);
    await under.elapse(1_100);
    expect(await store.leader()).toBeUndefined();
  });

  test('a second coordinator follows, and sees each renewal', async () => {
    await using under = await start();
    await under.store.lead(leadRequest('a', hourMs));
    const before = await following(under.store.lead(leadRequest('b', hourMs)));
    const unchanged = await following(under.store.lead(leadRequest('b', hourMs)));
    await under.store.lead(leadRequest('a', hourMs));
    const after = await following(under.store.lead(leadRequest('b', hourMs)));
    expect(before.leader).toBe('a');
    expect(unchanged.observed).toBe(before.observed);
    expect(after.observed).not.toBe(before.observed);
  });

  test('when a lease is over another coordinator is elected, with a higher epoch', async () => {
    await using under = await start();
    const first = await leading(under.store.lead(leadRequest('a', 50)));
    await under.elapse(100);
    const second = await leading(under.store.lead(leadRequest('b', hourMs)));
    expect(second).toMatchObject({ elected: true, founded: false });
    expect(second.term.epoch).toBeGreaterThan(first.term.epoch);
    expect(await under.store.leader()).toMatchObject(second.term);
  });

  test('a value that stood still is taken over from, even if its lease has not run out', async () => {
    await using under = await start();
    const first = await leading(under.store.lead(leadRequest('a', hourMs)));
    const { observed } = await following(under.store.lead(leadRequest('b', hourMs)));
    const second = await leading(
      under.store.lead(leadRequest('b', hourMs, { takeOver: observed })),
    );
    expect(second.elected).toBe(true);
    expect(second.term.epoch).toBeGreaterThan(first.term.epoch);
  });

  test('a value that was renewed since cannot be taken over from', async () => {
    await using under = await start();
    await under.store.lead(leadRequest('a', hourMs));
    const { observed } = await following(under.store.lead(leadRequest('b', hourMs)));
    await under.store.lead(leadRequest('a', hourMs));
    expect((await under.store.lead(leadRequest('b', hourMs, { takeOver: observed }))).kind).toBe(
      'following',
    );
  });

  test('after a leader resigns the next is elected at once', async () => {
    await using under = await start();
    const { term } = await leading(under.store.lead(leadRequest('a', hourMs)));
    await under.store.resign(term);
    expect(await under.store.leader()).toBeUndefined();
    expect((await leading(under.store.lead(leadRequest('b', hourMs)))).elected).toBe(true);
  });

  test('resigning a term that is over leaves the present leader alone', async () => {
    await using under = await start();
    const { term } = await leading(under.store.lead(leadRequest('a', hourMs)));
    await under.store.resign(term);
    const present = await leading(under.store.lead(leadRequest('b', hourMs)));
    await under.store.resign(term);
    expect(await under.store.leader()).toMatchObject(present.term);
  });

  test.each(Object.entries(leaderCalls))(
    '%s is refused in a term that is over, and changes nothing',
    async (_name, call) => {
      await using cluster = await startTestCluster(make);
      const owner = await cluster.join('w');
      await cluster.run('orders', owner, 1);
      const before = await cluster.everything();
      const events = await cluster.store.events(100);

      const refusals = await Promise.all(
        [cluster.formerTerm, { ...cluster.term, coordinator: 'other' }].map(async (term) =>
          call(cluster.store, term, owner.worker, owner.incarnation).then(
            () => 'accepted',
            (error: unknown) => hasCode(error, 'coordination.not_leader'),
          ),
        ),
      );

      expect(refusals).toEqual([true, true]);
      expect(await cluster.everything()).toEqual(before);
      expect(await cluster.store.events(100)).toEqual(events);
      expect(await cluster.store.quarantine()).toBeUndefined();
    },
  );

  test('endQuarantine is refused in a term that is over', async () => {
    await using cluster = await startTestCluster(make);
    await cluster.store.startQuarantine(cluster.term);
    const nonce = await cluster.store.quarantine();
    const ended = cluster.store.endQuarantine(cluster.formerTerm, nonce ?? '');
    await expect(ended).rejects.toMatchObject({ code: 'coordination.not_leader' });
    expect(await cluster.store.quarantine()).toBe(nonce);
  });
}

type LeaderCall = (
  store: LeaderStore,
  term: LeaderTerm,
  worker: string,
  incarnation: string,
) => Promise<unknown>;

/** In the cluster of that test. */
const leaderCalls: Readonly<Record<string, LeaderCall>> = {
  declareDead: (store, term, worker, incarnation) =>
    store.declareDead(term, worker, incarnation, 1),
  orphan: (store, term, worker) => store.orphan(term, worker, 'unknown', 10),
  forget: (store, term, worker) => store.forget(term, worker, 'unknown'),
  createConnectorUnit: (store, term) => store.createConnectorUnit(term, 'orders', 'x'),
  grant: (store, term, worker, incarnation) =>
    store.grant(term, [{ unit: 'task/orders/0', uid: 'uid-1', epoch: 1, worker, incarnation }]),
  revoke: (store, term) => store.revoke(term, [{ unit: 'connector/orders', fence: 1 }]),
  sweep: (store, term) => store.sweep(term, ['task/orders/0'], ['orders']),
  applyRequest: (store, term, worker, incarnation) =>
    store.applyRequest(
      term,
      { id: 'r', position: '1-1' },
      {
        connectors: [],
        restart: ['task/orders/0'],
        worker: { worker, incarnation, change: 'cordon' },
      },
      { kind: 'done', connectors: [] },
      [{ type: 'test', message: 'test', facts: {} }],
    ),
  adopt: (store, term, worker, incarnation) =>
    store.adopt(term, worker, incarnation, [
      { unit: 'task/orders/0', uid: 'uid-1', epoch: 1, fence: Number.MAX_SAFE_INTEGER },
    ]),
  startQuarantine: (store, term) => store.startQuarantine(term),
  raiseProtocol: (store, term) => store.raiseProtocol(term, 2),
  appendEvents: (store, term) =>
    store.appendEvents(term, [{ type: 'test', message: 'test', facts: {} }]),
  restore: (store, term) =>
    store.restore(
      term,
      [{ ...connectorRecord('other'), taskEpoch: 1, taskVersion: 1, tasks: [] }],
      { ordinal: 1_000, fence: Number.MAX_SAFE_INTEGER },
    ),
  markJournaled: (store, term) =>
    store.markJournaled(term, [{ connector: 'orders', uid: 'uid-1', epoch: 1 }], {
      journal: 'a',
      position: 1,
    }),
  raiseEpoch: (store, term) => store.raiseEpoch(term, Number.MAX_SAFE_INTEGER - 1),
};

async function leading(reply: Promise<LeadReply>): Promise<LeadReply & { kind: 'leading' }> {
  const value = await reply;
  if (value.kind !== 'leading') throw new Error(`expected to lead: ${JSON.stringify(value)}`);
  return value;
}

async function following(reply: Promise<LeadReply>): Promise<LeadReply & { kind: 'following' }> {
  const value = await reply;
  if (value.kind !== 'following') throw new Error('expected to follow');
  return value;
}
