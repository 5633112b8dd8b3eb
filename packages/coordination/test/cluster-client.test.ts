import { FakeClock } from '@sluice/kernel/testing';
import { describe, expect, test } from 'vitest';

import { type ClusterClient, createClusterClient, describeRequest } from '../src/cluster-client.ts';
import type { ClusterEvent } from '../src/model.ts';
import { timingProfiles } from '../src/profile.ts';
import type { RequestBody, RequestResult } from '../src/requests.ts';
import type { Beat, Changes, ClusterStore } from '../src/store.ts';
import { changesOf, connector, member } from './records.ts';

class PlayedCluster implements ClusterStore {
  readonly clock = new FakeClock();
  readonly submitted: { readonly id: string; readonly body: RequestBody }[] = [];
  readonly wakeUps: [string, string | undefined][] = [];
  readonly results = new Map<string, RequestResult>();
  leads: { coordinator: string; epoch: number } | undefined = { coordinator: 'c1', epoch: 1 };
  newestEvents: ClusterEvent[] = [];
  reads = 0;
  protocol = 1;
  /** What a read sees: the number of the read is the connector's version. */
  held: (() => void)[] = [];
  holds = false;
  readonly failing = new Set<number>();
  wakes: () => Promise<void> = async () => {};
  readonly client: ClusterClient = createClusterClient({
    store: this,
    waker: {
      wake: async (reason, id) => {
        this.wakeUps.push([reason, id]);
        await this.wakes();
      },
    },
    clock: this.clock,
    profile: timingProfiles.default,
  });

  async changes(): Promise<Changes> {
    const version = ++this.reads;
    if (this.holds) await new Promise<void>((resolve) => this.held.push(resolve));
    if (this.failing.has(version)) throw new Error('Redis is away');
    const records = { members: [member('w1')], connectors: [connector('orders', { version })] };
    return changesOf(records, { revision: version, protocol: this.protocol });
  }
  async beats(): Promise<Beat[]> {
    return [{ worker: 'w1', beat: 1, ageMs: 70, ackedBeat: 1 }];
  }
  async leader(): ReturnType<ClusterStore['leader']> {
    return this.leads;
  }
  async taskConfigs(): ReturnType<ClusterStore['taskConfigs']> {
    return [{ number: '0' }];
  }
  async events(): ReturnType<ClusterStore['events']> {
    return this.newestEvents;
  }
  async submit(id: string, body: RequestBody): Promise<void> {
    this.submitted.push({ id, body });
  }
  async result(id: string): ReturnType<ClusterStore['result']> {
    return this.results.get(id);
  }
  async ping(): Promise<void> {}
}

const done: RequestResult = { kind: 'done', connectors: [] };
const drain: RequestBody = { op: 'drain', worker: 'w1' };

describe('snapshots', () => {
  test('show what is stored, and how old the beats are', async () => {
    const { client } = new PlayedCluster();
    const { connectors, workers, leader, plugins } = await client.snapshot();
    expect(connectors.get('orders')?.record.version).toBe(1);
    expect(workers).toMatchObject([{ state: 'up', beatAgeMs: 70 }]);
    expect(leader).toEqual({ coordinator: 'c1', epoch: 1 });
    expect(plugins.map((each) => each.class)).toEqual(['example.Clock']);
  });

  test('one that is asked for during a read is of a later one; a hundred share it', async () => {
    const cluster = new PlayedCluster();
    cluster.holds = true;
    const first = cluster.client.snapshot();
    const others = Array.from({ length: 100 }, () => cluster.client.snapshot());
    cluster.holds = false;
    for (const release of cluster.held) release();
    const versionOf = async (snapshot: typeof first): Promise<number | undefined> =>
      (await snapshot).connectors.get('orders')?.record.version;
    expect(await versionOf(first)).toBe(1);
    expect(new Set(await Promise.all(others.map(versionOf)))).toEqual(new Set([2]));
    expect(cluster.reads).toBe(2);
  });

  test('a read that fails fails for its own readers only', async () => {
    const cluster = new PlayedCluster();
    cluster.holds = true;
    cluster.failing.add(1);
    const first = cluster.client.snapshot();
    const second = cluster.client.snapshot();
    const outcome = expect(first).rejects.toThrow('Redis is away');
    cluster.holds = false;
    for (const release of cluster.held) release();
    await outcome;
    await expect(second).resolves.toMatchObject({ leader: { coordinator: 'c1' } });
    expect((await cluster.client.snapshot()).connectors.size).toBe(1);
  });
});

describe('requests', () => {
  test('are stored, the leader is woken, and the result comes back', async () => {
    const cluster = new PlayedCluster();
    const outcome = cluster.client.submit(drain, { timeoutMs: 1_000, requestId: 'r1' });
    await cluster.clock.advance(20);
    cluster.results.set('r1', done);
    await cluster.clock.advance(100);
    expect(await outcome).toEqual(done);
    expect(cluster.submitted).toEqual([{ id: 'r1', body: drain }]);
    expect(cluster.wakeUps).toEqual([['drain w1', 'r1']]);
  });

  test('each without an id gets one of its own', async () => {
    const cluster = new PlayedCluster();
    void cluster.client.submit(drain, { timeoutMs: 0 });
    void cluster.client.submit(drain, { timeoutMs: 0 });
    await cluster.clock.advance(0);
    expect(new Set(cluster.submitted.map(({ id }) => id)).size).toBe(2);
  });

  test.each([
    [
      'a leader that is slow',
      { coordinator: 'c1', epoch: 1 },
      'the leader c1 has not applied it within 500 ms',
    ],
    ['no leader', undefined, 'no coordinator is up'],
  ])(
    'with %s they are pending after the time, and the answer says why',
    async (_what, leads, reason) => {
      const cluster = new PlayedCluster();
      cluster.leads = leads;
      const outcome = cluster.client.submit(drain, { timeoutMs: 500, requestId: 'r1' });
      await cluster.clock.advance(500);
      expect(await outcome).toEqual({ kind: 'pending', requestId: 'r1', reason });
    },
  );

  test.each([
    ['is away', ['journal.away', 'journal.back'], 'what waits'],
    ['is back', ['journal.back', 'journal.away'], 'the leader c1 has not applied it within 500 ms'],
  ])('and the reason is the journal while it %s', async (_how, types, reason) => {
    const cluster = new PlayedCluster();
    cluster.newestEvents = ['task.failed', ...types].map((type, index) => {
      const message = type === 'journal.away' ? 'what waits' : 'something else';
      return { id: `${9 - index}`, atMs: 1, type, message, facts: {} };
    });
    const outcome = cluster.client.submit(drain, { timeoutMs: 500, requestId: 'r1' });
    await cluster.clock.advance(500);
    expect(await outcome).toEqual({ kind: 'pending', requestId: 'r1', reason });
  });

  test('a wake-up that fails does not make a stored request fail', async () => {
    const cluster = new PlayedCluster();
    cluster.wakes = async () => {
      throw new Error('no queue');
    };
    cluster.results.set('r1', done);
    const outcome = cluster.client.submit(drain, { timeoutMs: 500, requestId: 'r1' });
    expect(await outcome).toEqual(done);
  });
});

test.each<[string, RequestBody]>([
  ['apply a, b', { op: 'apply', mode: 'upsert', definitions: ['a', 'b'].map(definition) }],
  [
    'apply a, b, c and 2 more',
    { op: 'apply', mode: 'upsert', definitions: ['a', 'b', 'c', 'd', 'e'].map(definition) },
  ],
  ['delete a', { op: 'delete', connector: 'a' }],
  ['set a PAUSED', { op: 'target', connector: 'a', state: 'PAUSED' }],
  ['restart a', { op: 'restart', connector: 'a', includeTasks: true }],
  ['restart a/3', { op: 'restart', connector: 'a', task: 3 }],
  ['drain w1', drain],
  ['unknown request', { op: 'teleport' } as unknown as RequestBody],
])('a request reads "%s" on the board', (expected, body) => {
  expect(describeRequest(body)).toBe(expected);
  expect(describeRequest(body)).not.toContain('secret');
});

function definition(name: string): { name: string; config: Record<string, string> } {
  return { name, config: { password: 'secret' } };
}

test('a client that does not speak the protocol in use says so, instead of misreading what is there', async () => {
  const cluster = new PlayedCluster();
  cluster.protocol = 99;
  await expect(cluster.client.snapshot()).rejects.toMatchObject({
    code: 'cluster.protocol_too_old',
    message: expect.stringContaining('the cluster uses version 99') as string,
  });
});
