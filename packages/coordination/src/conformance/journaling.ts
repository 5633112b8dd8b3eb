import { expect, test } from 'vitest';

import type { JournalMark } from '../journal/definition-journal.ts';
import type { ConnectorMutation, RequestResult } from '../requests.ts';
import {
  connectorRecord,
  leadRequest,
  type MakeStore,
  startTestCluster,
  taskConfigs,
} from './test-cluster.ts';

const done: RequestResult = { kind: 'done', connectors: [] };

export function testJournalMarks(make: MakeStore): void {
  test('there is no mark before the first, and none after a loss', async () => {
    await using cluster = await startTestCluster(make);
    expect(await cluster.store.journalMark()).toBeUndefined();
    const mark = { journal: 'a|b', position: 7 };
    await cluster.store.markJournaled(cluster.term, [], mark);
    expect(await cluster.store.journalMark()).toEqual(mark);
    await cluster.under.loseData();
    expect(await cluster.store.journalMark()).toBeUndefined();
  });

  test('a mark goes forward only, unless it is of another journal', async () => {
    await using cluster = await startTestCluster(make);
    const mark = async (journal: string, position: number): Promise<unknown> => {
      await cluster.store.markJournaled(cluster.term, [], { journal, position });
      return cluster.store.journalMark();
    };
    await mark('a', 7);
    expect(await mark('a', 6)).toEqual({ journal: 'a', position: 7 });
    expect(await mark('a', 10)).toEqual({ journal: 'a', position: 10 });
    expect(await mark('b', 2)).toEqual({ journal: 'b', position: 2 });
  });

  test('a store that went back since is not told of more', async () => {
    await using cluster = await startTestCluster(make);
    const { store, term } = cluster;
    const [first, second, third] = [1, 2, 3].map((position) => ({ journal: 'a', position }));
    if (!first || !second || !third) throw new Error('there are three');
    const sets = [{ connector: 'orders', uid: (await cluster.define('orders')).uid, epoch: 1 }];
    expect(await store.markJournaled(term, [], { ...first, after: null })).toBe(true);
    const restore = await cluster.under.saveData();
    expect(await store.markJournaled(term, [], { ...second, after: first })).toBe(true);
    await restore();
    expect(await store.markJournaled(term, sets, { ...third, after: second })).toBe(false);
    expect(await store.markJournaled(term, sets, { ...third, after: null })).toBe(false);
    const mutation = { connectors: [{ record: connectorRecord('logs') }], restart: [] };
    const apply = async (after: JournalMark): Promise<string> =>
      store.applyRequest(term, cluster.request(), mutation, done, [], { ...third, after });
    expect(await apply(second)).toBe('conflict');
    expect(await store.journalMark()).toEqual(first);
    expect((await cluster.connector('orders')).journaledEpoch ?? 0).toBe(0);
    expect(await apply(first)).toBe('applied');
    expect(await store.journalMark()).toEqual(third);
  });

  test('many sets are noted behind one mark', async () => {
    await using cluster = await startTestCluster(make);
    const mark = { journal: 'a', position: 1 };
    const gone = Array.from({ length: 1_200 }, (_, index) => ({
      connector: `gone-${index}`,
      uid: 'uid',
      epoch: 1,
    }));
    const told = { ...mark, after: null };
    expect(await cluster.store.markJournaled(cluster.term, gone, told)).toBe(true);
    expect(await cluster.store.journalMark()).toEqual(mark);
  });

  test('a request advances it in the same step', async () => {
    await using cluster = await startTestCluster(make);
    const record = connectorRecord('orders');
    const mutation = { connectors: [{ record }], restart: [] };
    const apply = async (position: number): Promise<string> =>
      cluster.store.applyRequest(cluster.term, cluster.request(), mutation, done, [], {
        journal: 'a',
        position,
      });
    expect(await apply(3)).toBe('applied');
    expect(await apply(4)).toBe('conflict');
    expect(await cluster.store.journalMark()).toEqual({ journal: 'a', position: 3 });
  });

  test('a request that is not in it leaves the mark as it is', async () => {
    await using cluster = await startTestCluster(make);
    await cluster.define('orders');
    expect(await cluster.store.journalMark()).toBeUndefined();
    const mark = { journal: 'a', position: 7 };
    await cluster.store.markJournaled(cluster.term, [], mark);
    await cluster.stop('orders');
    expect(await cluster.store.journalMark()).toEqual(mark);
  });

  test('with a journal, a connector begins with no task set in it, and a change keeps what there is', async () => {
    await using cluster = await startTestCluster(make);
    const record = connectorRecord('orders');
    const apply = async (mutation: ConnectorMutation, position: number): Promise<unknown> => {
      const mark = { journal: 'a', position };
      const whole = { connectors: [mutation], restart: [] };
      return cluster.store.applyRequest(cluster.term, cluster.request(), whole, done, [], mark);
    };
    await apply({ record }, 1);
    expect((await cluster.connector('orders')).journaledEpoch).toBe(0);
    const set = { connector: 'orders', uid: record.uid, epoch: 3 };
    await cluster.store.markJournaled(cluster.term, [set], { journal: 'a', position: 2 });
    await apply({ record: { ...record, version: 2 }, expected: record }, 3);
    expect(await cluster.connector('orders')).toMatchObject({ version: 2, journaledEpoch: 3 });
  });

  test('a task set is marked for its connector and epoch, which readers see', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { uid } = await cluster.run('orders', member, 2);
    expect((await cluster.connector('orders')).journaledEpoch).toBeUndefined();
    const { revision, dataset } = await cluster.everything();
    const mark = { journal: 'a', position: 1 };
    const sets = [
      { connector: 'orders', uid, epoch: 1 },
      { connector: 'gone', uid, epoch: 1 },
    ];
    await cluster.store.markJournaled(cluster.term, sets, mark);
    const { connectors } = await cluster.store.changes(revision, dataset);
    expect(connectors.get('orders')?.journaledEpoch).toBe(1);
    expect([...connectors.keys()]).toEqual(['orders']);
    const others = [
      { connector: 'orders', uid: 'another', epoch: 5 },
      { connector: 'orders', uid, epoch: 0 },
    ];
    await cluster.store.markJournaled(cluster.term, others, mark);
    expect((await cluster.connector('orders')).journaledEpoch).toBe(1);
  });

  test('an epoch that is raised ends the term, and the next one is above it', async () => {
    await using cluster = await startTestCluster(make);
    const epoch = cluster.term.epoch + 1_000_000_000_000;
    await cluster.store.raiseEpoch(cluster.term, epoch);
    await expect(cluster.store.appendEvents(cluster.term, [])).rejects.toMatchObject({
      code: 'coordination.not_leader',
    });
    const reply = await cluster.store.lead(leadRequest('another', 60_000));
    expect(reply.kind === 'leading' && reply.term.epoch).toBeGreaterThan(epoch);
    // A lower one that was seen elsewhere changes nothing of that.
    if (reply.kind === 'leading') await cluster.store.raiseEpoch(reply.term, 5);
    const last = await cluster.store.lead(leadRequest('third', 60_000));
    expect(last.kind === 'leading' && last.term.epoch).toBeGreaterThan(epoch + 1);
  });
}

export function testTaskSetReading(make: MakeStore): void {
  test('sets are read as they were published, in the order asked for', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { uid } = await cluster.run('orders', member, 12);
    await cluster.define('empty', { uid: 'uid-empty' });
    expect(await cluster.store.taskSets(['empty', 'gone', 'orders'])).toEqual([
      { uid: 'uid-empty', epoch: 0, version: 0, configs: [] },
      undefined,
      { uid, epoch: 1, version: 1, configs: taskConfigs(12) },
    ]);
    expect(await cluster.store.taskSets([])).toEqual([]);
  });
}
