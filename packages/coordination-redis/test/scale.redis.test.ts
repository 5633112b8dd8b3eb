import type { ConnectorRecord } from '@sluice/coordination';
import { startTestCluster } from '@sluice/coordination/conformance';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { RedisUnderTest } from './redis-under-test.ts';

let under: RedisUnderTest;

beforeAll(async () => {
  under = await RedisUnderTest.start();
});

afterAll(async () => {
  await under.stop();
});

test('ten thousand tasks are granted, claimed, reported and read back as one', async () => {
  const cluster = await startTestCluster(async () => under.makeStore());
  const { store, term } = cluster;
  const member = await cluster.join('w');
  const { worker, incarnation } = member;
  await cluster.run('orders', member, 10_000);
  const units = [...(await cluster.everything()).units.values()].flatMap((unit) =>
    unit?.kind === 'task' ? [unit] : [],
  );
  expect(units).toHaveLength(10_000);

  const grants = await store.grant(
    term,
    units.map(({ unit, uid, epoch }) => ({ unit, uid, epoch, worker, incarnation })),
  );
  const owned = grants.flatMap((grant, index) => {
    const unit = units[index]?.unit ?? '';
    return grant.kind === 'granted' ? [{ unit, fence: grant.fence }] : [];
  });
  expect(owned).toHaveLength(10_000);
  const claims = await store.claim(worker, incarnation, owned);
  expect(claims.filter(({ kind }) => kind === 'stale')).toEqual([]);
  const status = { state: 'RUNNING', attempts: 1 } as const;
  const reports = owned.map((unit) => ({ ...unit, status }));
  expect(new Set(await store.report(worker, incarnation, reports))).toEqual(new Set([true]));

  const before = await cpuMs();
  await cluster.everything();
  expect((await cpuMs()) - before).toBeLessThan(1_000);
  const all = await cluster.everything();
  const running = [...all.units.values()].filter((unit) => unit?.status?.state === 'RUNNING');
  expect(running).toHaveLength(10_000);

  expect((await store.assignments(worker, incarnation)).units).toHaveLength(10_001);
  await cluster.kill(member);
  const freed = await store.orphan(term, worker, incarnation, 20_000);
  expect(new Set(freed).size).toBe(10_001);
});

test('a request for six thousand connectors is applied', async () => {
  const { store, term } = await startTestCluster(async () => under.makeStore());
  const names = Array.from({ length: 6_000 }, (_, number) => `connector-${number}`);
  const connectors = names.map((name) => ({ record: connectorNamed(name) }));
  const mutation = { connectors, restart: [] };
  const request = { id: 'large', position: '1-1' };
  const result = { kind: 'done', connectors: [] } as const;
  expect(await store.applyRequest(term, request, mutation, result, [])).toBe('applied');
  expect((await store.changes(0, undefined)).connectors.size).toBe(names.length);
});

function connectorNamed(name: string): ConnectorRecord {
  return {
    name,
    uid: `uid of ${name}`,
    version: 1,
    config: {},
    type: 'source',
    targetState: 'STARTED',
    lifecycle: 'live',
    taskEpoch: 0,
    taskCount: 0,
    taskVersion: 0,
    createdAtMs: 0,
  };
}

/** Of this process and of Redis together: unlike time that passes, it does not depend on what else runs. */
async function cpuMs(): Promise<number> {
  const { user, system } = process.cpuUsage();
  const seconds = [...(await under.redis.info('cpu')).matchAll(/^used_cpu_(?:sys|user):(\S+)/gm)];
  return (user + system) / 1_000 + seconds.reduce((sum, [, each]) => sum + Number(each) * 1_000, 0);
}
