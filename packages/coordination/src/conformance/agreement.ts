import { expect, test } from 'vitest';

import { joinRequest, leadRequest, type MakeStore, startTestCluster } from './test-cluster.ts';

const hourMs = 3_600_000;
const first = { min: 1, max: 1 };
const both = { min: 1, max: 2 };
const second = { min: 2, max: 3 };

/** What a store must hold all processes of a cluster to: one version of the protocol, one record log. */
export function testAgreement(make: MakeStore): void {
  test('a new data set begins with the lowest version that its first process speaks', async () => {
    for (const protocol of [both, second]) {
      const under = await make();
      const { store } = under;
      await store.join(joinRequest('w', 'w-1', { protocol }));
      expect((await store.changes(0, undefined)).protocol).toBe(protocol.min);
      await under.close();
    }
  });

  test('nothing is in use before anybody joined or led', async () => {
    const under = await make();
    const { store } = under;
    expect((await store.changes(0, undefined)).protocol).toBeUndefined();
    await under.close();
  });

  test('members say what they speak, and which log they are set to', async () => {
    await using cluster = await startTestCluster(make);
    await cluster.join('w', { protocol: both });
    const member = (await cluster.everything()).members.get('w');
    expect(member).toMatchObject({ protocol: both, log: 'redis' });
  });

  test('who is too new for the version in use is refused, and changes nothing', async () => {
    await using cluster = await startTestCluster(make);
    const before = await cluster.everything();
    const refused = { kind: 'refused', disagreement: { about: 'protocol', inUse: 1 } };
    expect(await cluster.store.join(joinRequest('w', 'w-1', { protocol: second }))).toEqual(
      refused,
    );
    const leading = leadRequest('other', hourMs, { protocol: second });
    expect(await cluster.store.lead(leading)).toEqual(refused);
    expect(await cluster.everything()).toEqual(before);
  });

  test('once it is raised, who is too old is refused, and who speaks it is not', async () => {
    await using cluster = await startTestCluster(make, { protocol: both });
    await cluster.join('new', { protocol: both });
    expect(await cluster.store.raiseProtocol(cluster.term, 2)).toEqual({ kind: 'raised' });
    expect((await cluster.everything()).protocol).toBe(2);
    const refused = { kind: 'refused', disagreement: { about: 'protocol', inUse: 2 } };
    const before = await cluster.everything();
    expect(await cluster.store.join(joinRequest('old', 'old-1', { protocol: first }))).toEqual(
      refused,
    );
    expect(await cluster.store.lead(leadRequest('other', hourMs, { protocol: first }))).toEqual(
      refused,
    );
    expect(await cluster.everything()).toEqual(before);
    await cluster.join('newer', { protocol: second });
    const newer = await cluster.store.lead(leadRequest('other', hourMs, { protocol: second }));
    expect(newer).toMatchObject({ kind: 'following' });
  });

  test('an old incarnation of before is refused when it comes back', async () => {
    await using cluster = await startTestCluster(make, { protocol: both });
    const old = await cluster.join('old', { protocol: first });
    await cluster.join('new', { protocol: both });
    await cluster.kill(old);
    expect(await cluster.store.raiseProtocol(cluster.term, 2)).toEqual({ kind: 'raised' });
    expect(await cluster.beat(old)).toEqual({ kind: 'fenced' });
    const again = joinRequest('old', 'old-2', { protocol: first });
    expect(await cluster.store.join(again)).toMatchObject({ kind: 'refused' });
  });

  test('a member that does not speak it keeps the version from being raised, a dead one does not', async () => {
    await using cluster = await startTestCluster(make, { protocol: both });
    const old = await cluster.join('old', { protocol: first });
    await cluster.join('new', { protocol: both });
    const raise = async (): Promise<unknown> => cluster.store.raiseProtocol(cluster.term, 2);
    expect(await raise()).toEqual({ kind: 'refused', by: 'old' });
    await cluster.store.drain('old', old.incarnation, { returns: true });
    expect(await raise()).toEqual({ kind: 'refused', by: 'old' });
    expect((await cluster.everything()).protocol).toBe(1);
    await cluster.kill(old);
    expect(await raise()).toEqual({ kind: 'raised' });
  });

  test('a coordinator that does not speak it keeps the version from being raised until it ends', async () => {
    await using cluster = await startTestCluster(make, { protocol: both });
    await cluster.join('new', { protocol: both });
    await cluster.store.lead(leadRequest('other', hourMs, { protocol: first }));
    const raise = async (): Promise<unknown> => cluster.store.raiseProtocol(cluster.term, 2);
    expect(await raise()).toEqual({ kind: 'refused', by: 'other' });
    await cluster.store.withdraw('other');
    expect(await raise()).toEqual({ kind: 'raised' });
  });

  test('the version never goes back', async () => {
    await using cluster = await startTestCluster(make, { protocol: { min: 1, max: 3 } });
    await cluster.join('w', { protocol: { min: 1, max: 3 } });
    await cluster.store.raiseProtocol(cluster.term, 3);
    for (const version of [1, 2, 3]) {
      expect(await cluster.store.raiseProtocol(cluster.term, version)).toMatchObject({
        kind: 'refused',
      });
    }
    expect((await cluster.everything()).protocol).toBe(3);
  });

  test('who is set to another log than others are is refused, and changes nothing', async () => {
    await using cluster = await startTestCluster(make);
    await cluster.join('w');
    const before = await cluster.everything();
    const refused = { kind: 'refused', disagreement: { about: 'log', inUse: 'redis' } };
    expect(await cluster.store.join(joinRequest('x', 'x-1', { log: 'kafka' }))).toEqual(refused);
    expect(await cluster.store.lead(leadRequest('other', hourMs, { log: 'kafka' }))).toEqual(
      refused,
    );
    expect(await cluster.everything()).toEqual(before);
  });

  test('a worker alone chooses the log; a leader that comes later has to agree', async () => {
    const under = await make();
    const { store } = under;
    const { incarnation } = joinRequest('w', 'w-1');
    expect(await store.join(joinRequest('w', incarnation))).toMatchObject({ kind: 'joined' });
    const other = leadRequest('c', hourMs, { log: 'kafka' });
    expect(await store.lead(other)).toMatchObject({ kind: 'refused' });
    await store.leave('w', incarnation);
    expect(await store.lead(other)).toMatchObject({ kind: 'leading' });
    // Nobody may come back with the old one.
    expect(await store.join(joinRequest('w', 'w-2'))).toMatchObject({ kind: 'refused' });
    await under.close();
  });

  test('a worker that is alone may come back with another log, while nobody leads', async () => {
    const under = await make();
    const { store } = under;
    await store.join(joinRequest('w', 'w-1'));
    await store.leave('w', 'w-1');
    expect(await store.join(joinRequest('w', 'w-2', { log: 'kafka' }))).toMatchObject({
      kind: 'joined',
    });
    await under.close();
  });

  test('… also in the place that its dead namesake still has', async () => {
    await using cluster = await startTestCluster(make);
    await cluster.kill(await cluster.join('w'));
    await cluster.store.resign(cluster.term);
    const moved = joinRequest('w', 'w-2', { log: 'kafka' });
    expect(await cluster.store.join(moved)).toMatchObject({ kind: 'joined', slot: 0 });
  });

  test('a coordinator that saw all users of the other log silent may lead, and then nobody joins with that', async () => {
    const under = await make();
    const { store } = under;
    await store.join(joinRequest('killed', 'killed-1'));
    const moved = leadRequest('c', hourMs, { log: 'kafka' });
    expect(await store.lead(moved)).toMatchObject({ kind: 'refused' });
    expect(await store.lead({ ...moved, abandonedLog: 'memory' })).toMatchObject({
      kind: 'refused',
    });
    expect(await store.lead({ ...moved, abandonedLog: 'redis' })).toMatchObject({
      kind: 'leading',
    });
    expect(await store.join(joinRequest('w', 'w-1'))).toMatchObject({ kind: 'refused' });
    await under.close();
  });

  test('a leader that is there is not pushed aside by one that is set to another log', async () => {
    await using cluster = await startTestCluster(make);
    const moved = leadRequest('other', hourMs, { log: 'kafka', abandonedLog: 'redis' });
    expect(await cluster.store.lead(moved)).toMatchObject({ kind: 'refused' });
    expect(await cluster.store.leader()).toMatchObject(cluster.term);
  });
  test('who takes over from a leader that stood still may bring another log, if there is no worker', async () => {
    await using cluster = await startTestCluster(make);
    const follower = await cluster.store.lead(leadRequest('other', hourMs));
    const takeOver = follower.kind === 'following' ? follower.observed : '';
    const moved = leadRequest('other', hourMs, { log: 'kafka', takeOver });
    const member = await cluster.join('w');
    expect(await cluster.store.lead(moved)).toMatchObject({ kind: 'refused' });
    await cluster.store.leave('w', member.incarnation);
    expect(await cluster.store.lead(moved)).toMatchObject({ kind: 'leading', elected: true });
    expect(await cluster.store.join(joinRequest('w', 'w-2'))).toMatchObject({ kind: 'refused' });
  });
}
