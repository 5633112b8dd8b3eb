import { FakeClock } from '@sluice/kernel/testing';
import { describe, expect, test } from 'vitest';

import {
  type ClusterClient,
  type ClusterClientOptions,
  createClusterClient,
  describeRequest,
} from '../src/cluster-client.ts';
import type { ClusterEvent } from '../src/model.ts';
import { timingProfiles } from '../src/profile.ts';
import type { RequestBody, RequestResult } from '../src/requests.ts';
import type { Beat, Changes, ClusterStore, LeaderSeen, OffsetsFence } from '../src/store.ts';
import { changesOf, connector, member } from './records.ts';

class PlayedCluster implements ClusterStore {
  readonly clock = new FakeClock();
  readonly submitted: { readonly id: string; readonly body: RequestBody }[] = [];
  readonly wakeUps: [string, string | undefined][] = [];
  readonly results = new Map<string, RequestResult>();
  leads: LeaderSeen | undefined = { coordinator: 'c1', epoch: 1, leaseLeftMs: 3_000 };
  newestEvents: ClusterEvent[] = [];
  readonly fences: OffsetsFence[] = [];
  reads = 0;
  protocol: number | undefined = 1;
  /** Nothing changes any more: each read finds these. */
  still: Partial<Changes> | undefined;
  /** What there is at the same revision, since the store went back to it. */
  wentBackTo: Partial<Changes> | undefined;
  ageMs = 70;
  /** What a read sees: the number of the read is the connector's version. */
  held: (() => void)[] = [];
  holds = false;
  readonly failing = new Set<number>();
  wakes: () => Promise<void> = async () => {};
  readonly client: ClusterClient;

  constructor(options: Pick<ClusterClientOptions, 'protocol'> = {}) {
    this.client = createClusterClient({
      store: this,
      waker: {
        wake: async (reason, id) => {
          this.wakeUps.push([reason, id]);
          await this.wakes();
        },
      },
      clock: this.clock,
      profile: timingProfiles.default,
      ...options,
    });
  }

  async changes(since: number): Promise<Changes> {
    if (since === 0 && this.wentBackTo) {
      return { ...changesOf({}, { kind: 'full', revision: 1 }), ...this.wentBackTo };
    }
    if (this.still) return { ...changesOf({}, { revision: 1 }), ...this.still };
    const version = ++this.reads;
    if (this.holds) await new Promise<void>((resolve) => this.held.push(resolve));
    if (this.failing.has(version)) throw new Error('Redis is away');
    const records = { members: [member('w1')], connectors: [connector('orders', { version })] };
    return changesOf(records, { revision: version, protocol: this.protocol });
  }
  async beats(): Promise<Beat[]> {
    return [{ worker: 'w1', beat: 1, ageMs: this.ageMs, ackedBeat: 1 }];
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
  async topics(): Promise<string[]> {
    return ['lines'];
  }
  async forgetTopics(): Promise<void> {}
  async loggerLevels(): ReturnType<ClusterStore['loggerLevels']> {
    return new Map();
  }
  async setLoggerLevel(): Promise<void> {}
  async fenceOffsets(): Promise<OffsetsFence> {
    return this.fences.shift() ?? { kind: 'held', tasks: 1 };
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
    expect(leader).toEqual({ coordinator: 'c1', epoch: 1, leaseLeftMs: 3_000 });
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

test('one connector is as it is now, with the plugins that there are', async () => {
  const { client } = new PlayedCluster();
  expect((await client.connector('orders'))?.record.version).toBe(1);
  expect(await client.connector('orders')).toMatchObject({
    record: { version: 2 },
    plugins: [{ class: 'example.Clock' }],
  });
  expect(await client.connector('unknown')).toBeUndefined();
});

describe('while nothing changes', () => {
  /** It has been read once. */
  async function atRest(): Promise<PlayedCluster> {
    const cluster = new PlayedCluster();
    await cluster.client.snapshot();
    cluster.still = {};
    return cluster;
  }

  test('what was derived is shown again for a tenth of a second, and not for longer', async () => {
    const cluster = await atRest();
    const first = await cluster.client.snapshot();
    cluster.ageMs = 90;
    await cluster.clock.advance(99);
    expect(await cluster.client.snapshot()).toBe(first);
    await cluster.clock.advance(1);
    expect((await cluster.client.snapshot()).workers[0]?.beatAgeMs).toBe(90);
  });

  test.each<[string, (cluster: PlayedCluster) => void]>([
    ['another revision', (cluster) => (cluster.still = { revision: 2 })],
    ['another data set', (cluster) => (cluster.still = { dataset: 'another' })],
    [
      'another leader',
      (cluster) => (cluster.leads = { coordinator: 'c2', epoch: 2, leaseLeftMs: 3_000 }),
    ],
    ['no leader', (cluster) => (cluster.leads = undefined)],
  ])('%s is shown at once', async (_what, change) => {
    const cluster = await atRest();
    const first = await cluster.client.snapshot();
    change(cluster);
    expect(await cluster.client.snapshot()).not.toBe(first);
  });

  test('what the store went back to without being noticed is shown once everything was read', async () => {
    const cluster = await atRest();
    const record = connector('orders', { version: 0 });
    cluster.wentBackTo = { connectors: new Map([['orders', record]]) };
    await cluster.clock.advance(30_000);
    expect((await cluster.client.snapshot()).connectors.get('orders')?.record.version).toBe(1);
    await cluster.clock.advance(0);
    expect((await cluster.client.snapshot()).connectors.get('orders')?.record.version).toBe(0);
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
      { coordinator: 'c1', epoch: 1, leaseLeftMs: 3_000 },
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

  test('and the reason is that no worker is up, if none is', async () => {
    const cluster = new PlayedCluster();
    cluster.still = {};
    const outcome = cluster.client.submit(drain, { timeoutMs: 500, requestId: 'r1' });
    await cluster.clock.advance(500);
    expect(await outcome).toMatchObject({ kind: 'pending', reason: 'no worker is up' });
  });

  test('a wake-up that fails does not make a stored request fail', async () => {
    const cluster = new PlayedCluster();
    cluster.wakes = async () => {
      throw new Error('no queue');
    };
    cluster.results.set('r1', done);
    const outcome = cluster.client.submit(drain, { timeoutMs: 500, requestId: 'r1' });
    await cluster.clock.advance(5);
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
  ['cordon w1', { op: 'cordon', worker: 'w1', protocol: 2 }],
  ['unknown request', { op: 'teleport' } as unknown as RequestBody],
  [`drain ${'w'.repeat(200)}…`, { op: 'drain', worker: 'w'.repeat(201) }],
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

test('so does one that is too new for it; where none is in use yet, all are welcome', async () => {
  const cluster = new PlayedCluster({ protocol: { min: 2, max: 3 } });
  await expect(cluster.client.snapshot()).rejects.toMatchObject({
    code: 'cluster.protocol_too_new',
  });
  cluster.protocol = undefined;
  expect((await cluster.client.snapshot()).protocol).toBeUndefined();
});

describe('a fence for offsets', () => {
  test('waits for tasks that are being stopped, and for who has not been heard', async () => {
    const cluster = new PlayedCluster();
    const fenced = { kind: 'fenced', uid: 'u', taskEpoch: 1, fence: 7, tasksMax: 1 } as const;
    cluster.fences.push({ kind: 'held', tasks: 2 }, { kind: 'quarantined' }, fenced);
    const asked = cluster.client.fenceOffsets('orders', { timeoutMs: 1_000 });
    await cluster.clock.advance(250);
    expect(await asked).toEqual(fenced);
  });

  test('waits no longer than it may', async () => {
    const cluster = new PlayedCluster();
    const asked = cluster.client.fenceOffsets('orders', { timeoutMs: 1_000 });
    await cluster.clock.advance(1_000);
    expect(await asked).toEqual({ kind: 'held', tasks: 1 });
  });

  test.each(['unknown', 'not-stopped'] as const)('%s is told at once', async (kind) => {
    const cluster = new PlayedCluster();
    cluster.fences.push({ kind });
    expect(await cluster.client.fenceOffsets('orders', { timeoutMs: 1_000 })).toEqual({ kind });
  });
});
