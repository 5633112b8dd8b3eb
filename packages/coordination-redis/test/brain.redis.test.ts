/** Coordinators and workers together on a real Redis: what becomes of the units. */
import { afterAll, beforeAll, expect, test } from 'vitest';

import { BrainCluster } from './brain-cluster.ts';
import { RedisUnderTest } from './redis-under-test.ts';

let under: RedisUnderTest;

beforeAll(async () => {
  under = await RedisUnderTest.start();
});

afterAll(async () => {
  await under.stop();
});

test('a cold start is the formula: task j on worker j mod N', async () => {
  await using cluster = new BrainCluster(under);
  await cluster.coordinator();
  await cluster.joinAll(3);
  await cluster.apply('orders', 10);
  const owners = await cluster.running(10);
  expect(owners).toEqual(Array.from({ length: 10 }, (_, j) => `w${(j % 3) + 1}`));
  expect(cluster.watch.violations).toEqual([]);
});

test('a worker that stops beating loses its units, each once, and nobody else’s move', async () => {
  await using cluster = new BrainCluster(under);
  await cluster.coordinator();
  const [, w2] = await cluster.joinAll(3);
  await cluster.apply('orders', 30);
  await cluster.balanced(30, 3);
  const before = await cluster.tasks();
  w2?.kill();
  await cluster.running(30, (owners) => !owners.includes('w2'));
  await cluster.balanced(30, 2);
  const after = await cluster.tasks();
  for (const [index, unit] of before.entries()) {
    const same = after[index];
    if (unit.worker === 'w2') expect(same?.lastWorker).toBe('w2');
    else expect(same).toEqual(unit);
  }
  const starts = [...cluster.workers.values()].flatMap(({ runner }) => runner.starts);
  expect(starts.filter(({ unit }) => unit.startsWith('task/'))).toHaveLength(40);
  expect(await cluster.eventMessages('assignment.rerun')).toContain(
    'modulo rerun: lease of w2 expired, N 3→2, 10 orphaned, 10 moved',
  );
  expect(cluster.watch.violations).toEqual([]);
});
