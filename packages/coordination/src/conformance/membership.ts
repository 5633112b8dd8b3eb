import { expect, test } from 'vitest';

import { protocolSpoken } from '../agreement.ts';
import { connectorUnit, taskUnit } from '../model.ts';
import { joinRequest, leadRequest, type MakeStore, startTestCluster } from './test-cluster.ts';

export function testJoining(make: MakeStore): void {
  test('a worker that joins is a member that is up', async () => {
    await using cluster = await startTestCluster(make);
    const plugins = [
      { class: 'Clock', aliases: [], type: 'source', version: '1', configKeys: [] } as const,
    ];
    const { incarnation } = await cluster.join('w', { plugins });
    const { members } = await cluster.everything();
    expect(members.get('w')).toEqual({
      worker: 'w',
      incarnation,
      state: 'up',
      slot: 0,
      pid: 4711,
      host: 'host.example',
      address: 'host.example:8090',
      protocol: protocolSpoken,
      log: 'redis',
      leaseMs: 4_000,
      plugins,
      joinedAtMs: expect.any(Number) as number,
    });
  });

  test('a member may have other plugins from some time on', async () => {
    await using cluster = await startTestCluster(make);
    const clock = { class: 'Clock', aliases: [], type: 'source', configKeys: [] } as const;
    const first = [{ ...clock, version: '1' }];
    const then = [...first, { ...clock, version: '2' }];
    const { incarnation } = await cluster.join('w', { plugins: first });
    const before = await cluster.everything();
    expect(await cluster.store.announce('w', incarnation, then)).toBe('announced');
    const changes = await cluster.store.changes(before.revision, before.dataset);
    expect(changes.kind).toBe('delta');
    expect([...changes.members.keys()]).toEqual(['w']);
    expect(changes.members.get('w')).toEqual({ ...before.members.get('w'), plugins: then });
  });

  test('the plugins that it has already are no change', async () => {
    await using cluster = await startTestCluster(make);
    const clock = { class: 'Clock', aliases: [], type: 'source', version: '1' } as const;
    const plugins = [{ ...clock, configKeys: [] }];
    const { incarnation } = await cluster.join('w', { plugins });
    const { revision } = await cluster.everything();
    expect(await cluster.store.announce('w', incarnation, plugins)).toBe('unchanged');
    expect((await cluster.everything()).revision).toBe(revision);
    expect(await cluster.store.announce('w', incarnation, [])).toBe('announced');
    expect(await cluster.store.announce('w', incarnation, [])).toBe('unchanged');
  });

  test('plugins of one that is no live member are refused', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    expect(await cluster.store.announce('w', 'another', [])).toBe('refused');
    expect(await cluster.store.announce('nobody', member.incarnation, [])).toBe('refused');
    await cluster.kill(member);
    const { revision } = await cluster.everything();
    expect(await cluster.store.announce('w', member.incarnation, [])).toBe('refused');
    expect((await cluster.everything()).revision).toBe(revision);
  });

  test('joining counts as a first beat', async () => {
    await using cluster = await startTestCluster(make);
    const { beat } = await cluster.join('w');
    expect(await cluster.store.beats()).toMatchObject([{ worker: 'w', beat }]);
  });

  test('a new incarnation has nothing of the one before', async () => {
    await using cluster = await startTestCluster(make);
    const old = await cluster.join('w');
    await cluster.store.drain('w', old.incarnation, { returns: true });
    await cluster.kill(old);
    const before = (await cluster.everything()).members.get('w');
    await cluster.under.elapse(20);
    await cluster.join('w');
    const member = (await cluster.everything()).members.get('w');
    expect(member?.state).toBe('up');
    expect(member).not.toHaveProperty('returns');
    expect(member?.joinedAtMs).toBeGreaterThan(before?.joinedAtMs ?? 0);
  });

  test('a worker may join before any coordinator was there', async () => {
    const under = await make();
    const reply = await under.store.join(joinRequest('w', 'w-1'));
    const lead = await under.store.lead(leadRequest('coordinator', 60_000));
    expect(reply).toMatchObject({ kind: 'joined', slot: 0 });
    expect(lead).toMatchObject({ founded: true });
    expect((await under.store.changes(0, undefined)).dataset).toBe(
      reply.kind === 'joined' ? reply.dataset : '',
    );
    await under.close();
  });

  test('joining again is confirmed, with the same slot and state', async () => {
    await using cluster = await startTestCluster(make);
    await cluster.join('a');
    const b = await cluster.join('b');
    await cluster.store.drain(b.worker, b.incarnation, { returns: true });
    const before = (await cluster.everything()).members.get('b');
    await cluster.under.elapse(20);
    const again = await cluster.join('b', { incarnation: b.incarnation });
    expect(again.slot).toBe(1);
    expect((await cluster.everything()).members.get('b')).toEqual(before);
  });

  test.each(['up', 'draining'])(
    'a name whose incarnation is %s is taken, and the answer says by whom',
    async (state) => {
      await using cluster = await startTestCluster(make);
      const { incarnation } = await cluster.join('w', { pid: 12, host: 'elsewhere' });
      if (state === 'draining') await cluster.store.drain('w', incarnation, { returns: true });
      const reply = await cluster.store.join(joinRequest('w', 'another'));
      expect(reply).toEqual({ kind: 'name-taken', incarnation, host: 'elsewhere', pid: 12 });
      expect((await cluster.everything()).members.get('w')?.incarnation).toBe(incarnation);
    },
  );

  test('an incarnation that was declared dead is fenced; a new one may take its name', async () => {
    await using cluster = await startTestCluster(make);
    const { incarnation } = await cluster.join('w').then(async (member) => {
      await cluster.kill(member);
      return member;
    });
    expect(await cluster.store.join(joinRequest('w', incarnation))).toEqual({ kind: 'fenced' });
    const next = await cluster.join('w');
    expect((await cluster.everything()).members.get('w')).toMatchObject({
      incarnation: next.incarnation,
      state: 'up',
    });
    expect(await cluster.store.join(joinRequest('w', incarnation))).toEqual({ kind: 'fenced' });
  });

  test('an incarnation that left is fenced', async () => {
    await using cluster = await startTestCluster(make);
    const { worker, incarnation } = await cluster.join('w');
    await cluster.store.leave(worker, incarnation);
    expect(await cluster.store.join(joinRequest('w', incarnation))).toEqual({ kind: 'fenced' });
  });

  test('what a dead incarnation owns stays its own when its name is taken', async () => {
    await using cluster = await startTestCluster(make);
    const old = await cluster.join('w');
    const { unit, fence } = await cluster.runTask('orders', old);
    await cluster.kill(old);
    const next = await cluster.join('w');
    expect(await cluster.unit(unit)).toMatchObject({
      state: 'claimed',
      incarnation: old.incarnation,
      fence,
    });
    expect(await cluster.assigned(next)).toEqual([]);
  });

  test('slots are the smallest free numbers', async () => {
    await using cluster = await startTestCluster(make);
    const joined = [];
    for (const worker of ['a', 'b', 'c']) joined.push(await cluster.join(worker));
    expect(joined.map(({ slot }) => slot)).toEqual([0, 1, 2]);
    await cluster.store.leave('b', joined[1]?.incarnation ?? '');
    expect((await cluster.join('d')).slot).toBe(1);
    expect((await cluster.join('e')).slot).toBe(3);
  });

  test('the smallest free number is found among many', async () => {
    await using cluster = await startTestCluster(make);
    const members = new Map<number, Awaited<ReturnType<typeof cluster.join>>>();
    for (let number = 0; number < 20; number++) {
      const joined = await cluster.join(`w${number}`);
      members.set(joined.slot, joined);
    }
    for (const slot of [17, 4, 11]) {
      const member = members.get(slot);
      if (member) expect(await cluster.store.leave(member.worker, member.incarnation)).toBe(true);
    }
    const slots: number[] = [];
    for (const name of ['a', 'b', 'c', 'd']) slots.push((await cluster.join(name)).slot);
    expect(slots).toEqual([4, 11, 17, 20]);
  });

  test('a worker that comes back gets its old slot, also if a smaller one is free', async () => {
    await using cluster = await startTestCluster(make);
    const a = await cluster.join('a');
    const b = await cluster.join('b');
    await cluster.store.leave('b', b.incarnation);
    await cluster.store.leave('a', a.incarnation);
    expect((await cluster.join('b')).slot).toBe(1);
  });

  test('a worker whose old slot was given away gets the smallest free one', async () => {
    await using cluster = await startTestCluster(make);
    const a = await cluster.join('a');
    await cluster.store.leave('a', a.incarnation);
    await cluster.join('b');
    expect((await cluster.join('a')).slot).toBe(1);
  });

  test('a dead member keeps its slot until it is forgotten', async () => {
    await using cluster = await startTestCluster(make);
    const a = await cluster.join('a');
    await cluster.kill(a);
    expect((await cluster.join('b')).slot).toBe(1);
    await cluster.store.forget(cluster.term, 'a', a.incarnation);
    expect((await cluster.join('c')).slot).toBe(0);
  });
}

export function testBeating(make: MakeStore): void {
  test('each beat has a number of its own, higher than any before', async () => {
    await using cluster = await startTestCluster(make);
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    const first = await cluster.beat(a);
    const second = await cluster.beat(b);
    expect(first).toMatchObject({ kind: 'ok', state: 'up', quarantined: false });
    const numbers = [first, second].map((reply) => (reply.kind === 'ok' ? reply.beat : 0));
    expect(numbers[0]).toBeGreaterThan(b.beat);
    expect(numbers[1]).toBeGreaterThan(numbers[0] ?? 0);
  });

  test('a beat tells the present revision', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.define('orders');
    const { revision } = await cluster.everything();
    expect(await cluster.beat(member)).toMatchObject({ revision });
  });

  test('a beat is seen with its number, age and acknowledgement', async () => {
    await using cluster = await startTestCluster(make);
    const { worker, incarnation, dataset, beat } = await cluster.join('w');
    const seen = { beatSeen: beat, revisionSeen: 0, ackedBeat: beat };
    const reply = await cluster.store.beat({ worker, incarnation, dataset, ...seen });
    await cluster.under.elapse(60);
    const [observed] = await cluster.store.beats();
    expect(observed).toMatchObject({
      worker: 'w',
      beat: reply.kind === 'ok' ? reply.beat : 0,
      ackedBeat: beat,
    });
    expect(observed?.ageMs).toBeGreaterThanOrEqual(50);
    expect(observed?.ageMs).toBeLessThan(10_000);
  });

  test('the beat of a draining worker says that it is draining', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.store.drain('w', member.incarnation, { returns: true });
    expect(await cluster.beat(member)).toMatchObject({ kind: 'ok', state: 'draining' });
  });

  test.each([
    ['was declared dead', async () => {}],
    [
      'was declared dead and forgotten',
      async ({ cluster, member }: Fallen) => {
        await cluster.store.forget(cluster.term, 'w', member.incarnation);
      },
    ],
    [
      'was declared dead and its name taken',
      async ({ cluster }: Fallen) => {
        await cluster.join('w');
      },
    ],
  ])('who %s is fenced', async (_how, next) => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.kill(member);
    await next({ cluster, member });
    expect(await cluster.beat(member)).toEqual({ kind: 'fenced' });
  });

  test('who left is fenced', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.store.leave('w', member.incarnation);
    expect(await cluster.beat(member)).toEqual({ kind: 'fenced' });
  });

  test('a beat of another incarnation under the name is fenced, and does not count', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const before = await cluster.store.beats();
    expect(await cluster.beat({ ...member, incarnation: 'impostor' })).toEqual({ kind: 'fenced' });
    expect((await cluster.store.beats())[0]?.beat).toBe(before[0]?.beat);
  });

  test('a worker that the store does not know, and never buried, is to join again', async () => {
    await using cluster = await startTestCluster(make);
    const { dataset } = await cluster.join('w');
    const stranger = { worker: 'x', incarnation: 'x-1', dataset, beat: 0, revision: 0, slot: 0 };
    expect(await cluster.beat(stranger)).toEqual({ kind: 'rejoin' });
    expect(await cluster.store.quarantine()).toBeUndefined();
  });

  test('who knows no data set yet is to join, and proves no loss', async () => {
    await using cluster = await startTestCluster(make);
    const { dataset } = await cluster.join('w');
    const stranger = { worker: 'x', incarnation: 'x-1', beat: 0, revision: 0, slot: 0 };
    expect(await cluster.beat({ ...stranger, dataset: '' })).toEqual({ kind: 'rejoin' });
    expect(await cluster.store.quarantine()).toBeUndefined();
    expect((await cluster.everything()).dataset).toBe(dataset);
  });
}

export function testEnding(make: MakeStore): void {
  test('a draining member says whether it will be back', async () => {
    await using cluster = await startTestCluster(make);
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    await cluster.store.drain('a', a.incarnation, { returns: true });
    await cluster.store.drain('b', b.incarnation, { returns: false });
    const { members } = await cluster.everything();
    expect(members.get('a')).toMatchObject({ state: 'draining', returns: true });
    expect(members.get('b')?.state).toBe('draining');
    expect(members.get('b')?.returns).toBeUndefined();
  });

  test('only the present, living incarnation drains', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.store.drain('w', 'another', { returns: false });
    expect((await cluster.everything()).members.get('w')?.state).toBe('up');
    await cluster.kill(member);
    await cluster.store.drain('w', member.incarnation, { returns: false });
    expect((await cluster.everything()).members.get('w')?.state).toBe('dead');
  });

  test('who leaves is no member any more, and its beats are gone', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    expect(await cluster.store.leave('w', member.incarnation)).toBe(true);
    expect((await cluster.everything()).members.size).toBe(0);
    expect(await cluster.store.beats()).toEqual([]);
  });

  test('a worker cannot leave while it owns units', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.define('orders');
    const fence = await cluster.own(connectorUnit('orders'), member);
    expect(await cluster.store.leave('w', member.incarnation)).toBe(false);
    expect((await cluster.everything()).members.size).toBe(1);
    await cluster.release(member, connectorUnit('orders'), fence);
    expect(await cluster.store.leave('w', member.incarnation)).toBe(true);
  });

  test('leaving twice is no error, and does not end the next incarnation of the name', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.store.leave('w', member.incarnation);
    const next = await cluster.join('w');
    expect(await cluster.store.leave('w', member.incarnation)).toBe(true);
    expect((await cluster.everything()).members.get('w')?.incarnation).toBe(next.incarnation);
  });

  test('a worker is declared dead only if its beat still stands where it was seen', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { term, store } = cluster;
    await cluster.beat(member);
    expect(await store.declareDead(term, 'w', member.incarnation, member.beat)).toBe('alive');
    expect((await cluster.everything()).members.get('w')?.state).toBe('up');
    expect(await cluster.declareDead(member)).toBe('dead');
    expect((await cluster.everything()).members.get('w')?.state).toBe('dead');
  });

  test('declaring the dead dead again is no error', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.kill(member);
    const { term, store } = cluster;
    expect(await store.declareDead(term, 'w', member.incarnation, -1)).toBe('dead');
  });

  test('declaring a former incarnation dead leaves the present one alone', async () => {
    await using cluster = await startTestCluster(make);
    const former = await cluster.join('w');
    await cluster.store.leave('w', former.incarnation);
    const member = await cluster.join('w');
    expect(await cluster.declareDead({ ...member, incarnation: former.incarnation })).toBe('dead');
    expect((await cluster.everything()).members.get('w')?.state).toBe('up');
    expect(await cluster.beat(member)).toMatchObject({ kind: 'ok' });
  });

  test('who is declared dead without being a member stays out, too', async () => {
    await using cluster = await startTestCluster(make);
    const { dataset } = await cluster.join('w');
    const gone = { worker: 'x', incarnation: 'x-1', dataset, beat: 0, revision: 0, slot: 0 };
    expect(await cluster.declareDead(gone)).toBe('dead');
    expect(await cluster.beat(gone)).toEqual({ kind: 'fenced' });
    expect(await cluster.store.join(joinRequest('x', 'x-1'))).toEqual({ kind: 'fenced' });
  });

  test('orphaning frees what the dead owned, some at a time', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders', member, 3);
    for (const task of [0, 1, 2]) await cluster.own(taskUnit('orders', task), member);
    await cluster.kill(member);
    const orphan = (max: number): Promise<string[]> =>
      cluster.store.orphan(cluster.term, 'w', member.incarnation, max);
    const [first, second, third] = [await orphan(3), await orphan(3), await orphan(3)];
    expect([first.length, second.length, third.length]).toEqual([3, 1, 0]);
    const freed = [...first, ...second].toSorted();
    expect(freed).toEqual(['connector/orders', 'task/orders/0', 'task/orders/1', 'task/orders/2']);
    for (const unit of freed) {
      const record = await cluster.unit(unit);
      expect(record).toMatchObject({ state: 'free', lastWorker: 'w' });
      expect(record.worker ?? record.incarnation ?? record.heldEpoch).toBeUndefined();
    }
  });

  test('units of the living are not orphaned, also while they drain', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { unit } = await cluster.runTask('orders', member);
    const orphan = (): Promise<string[]> =>
      cluster.store.orphan(cluster.term, 'w', member.incarnation, 10);
    expect(await orphan()).toEqual([]);
    await cluster.store.drain('w', member.incarnation, { returns: false });
    expect(await orphan()).toEqual([]);
    expect((await cluster.unit(unit)).state).toBe('claimed');
  });

  test('what a dead incarnation left is orphaned also after its name was taken', async () => {
    await using cluster = await startTestCluster(make);
    const old = await cluster.join('w');
    const { unit } = await cluster.runTask('orders', old);
    await cluster.kill(old);
    const next = await cluster.join('w');
    await cluster.define('logs');
    await cluster.own(connectorUnit('logs'), next);
    const freed = await cluster.store.orphan(cluster.term, 'w', old.incarnation, 10);
    expect(freed.toSorted()).toEqual([connectorUnit('orders'), unit]);
    expect((await cluster.unit(connectorUnit('logs'))).state).toBe('claimed');
  });

  test('a retired unit is deleted when it is orphaned', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { unit } = await cluster.runTask('orders', member);
    await cluster.stop('orders');
    await cluster.kill(member);
    await cluster.store.orphan(cluster.term, 'w', member.incarnation, 10);
    expect(await cluster.exists(unit)).toBe(false);
    expect(await cluster.exists(connectorUnit('orders'))).toBe(true);
  });

  test('the dead are forgotten once they own nothing', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.runTask('orders', member);
    await cluster.kill(member);
    const forget = (): Promise<boolean> =>
      cluster.store.forget(cluster.term, 'w', member.incarnation);
    expect(await forget()).toBe(false);
    expect((await cluster.everything()).members.size).toBe(1);
    await cluster.store.orphan(cluster.term, 'w', member.incarnation, 10);
    expect(await forget()).toBe(true);
    expect((await cluster.everything()).members.size).toBe(0);
    expect(await cluster.store.beats()).toEqual([]);
  });

  test('the living are not forgotten', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    expect(await cluster.store.forget(cluster.term, 'w', member.incarnation)).toBe(false);
    expect(await cluster.beat(member)).toMatchObject({ kind: 'ok' });
  });

  test('forgetting a former incarnation leaves the present one alone', async () => {
    await using cluster = await startTestCluster(make);
    const old = await cluster.join('w');
    await cluster.kill(old);
    const next = await cluster.join('w');
    expect(await cluster.store.forget(cluster.term, 'w', old.incarnation)).toBe(true);
    expect(await cluster.beat(next)).toMatchObject({ kind: 'ok' });
  });
}

interface Fallen {
  readonly cluster: Awaited<ReturnType<typeof startTestCluster>>;
  readonly member: Awaited<ReturnType<Fallen['cluster']['join']>>;
}
