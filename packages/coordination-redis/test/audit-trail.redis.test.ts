import type { AuditEntry } from '@sluice/coordination';
import { newShortId } from '@sluice/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { clusterTag, RedisAuditTrail } from '../src/index.ts';
import { RedisUnderTest } from './redis-under-test.ts';

let under: RedisUnderTest;

beforeAll(async () => {
  under = await RedisUnderTest.start();
});

afterAll(async () => {
  await under.stop();
});

const entry: AuditEntry = {
  who: 'ann',
  by: 'password',
  role: 'admin',
  from: '10.0.0.1',
  action: 'pause',
  targets: ['orders'],
  detail: null,
  outcome: 'done',
  status: 202,
};

function makeTrail(): { trail: RedisAuditTrail; key: string } {
  const cluster = newShortId();
  return {
    trail: new RedisAuditTrail({ redis: under.redis, cluster }),
    key: `${clusterTag(cluster)}:audit`,
  };
}

test('an entry is read as it was kept, with its time', async () => {
  const { trail } = makeTrail();
  expect(await trail.read({ limit: 10 })).toEqual({ entries: [], next: null });
  const other = { ...entry, role: null, detail: 'level=DEBUG', status: null, targets: ['a', 'ü"'] };
  await trail.append(entry);
  await trail.append(other);
  const { entries, next } = await trail.read({ limit: 10 });
  expect(next).toBeNull();
  expect(entries).toEqual([
    { ...other, id: entries[0]?.id, atMs: expect.closeTo(Date.now(), -5) as number },
    { ...entry, id: entries[1]?.id, atMs: entries[1]?.atMs },
  ]);
});

test('pages follow each other without gap or overlap, also through a filter', async () => {
  const { trail } = makeTrail();
  // More than are read at once.
  for (let index = 0; index < 1_203; index++) {
    const who = index % 3 === 0 ? 'ann' : 'bob';
    await trail.append({ ...entry, who, targets: [String(index)] });
  }
  const pagesOf = async (query: { who?: string }, limit: number): Promise<string[][]> => {
    const pages: string[][] = [];
    let before: string | null | undefined;
    while (before !== null) {
      const page = await trail.read({ ...query, limit, before });
      pages.push(page.entries.flatMap(({ targets }) => targets));
      before = page.next;
    }
    return pages;
  };
  const all = await pagesOf({}, 401);
  expect(all.map((page) => page.length)).toEqual([401, 401, 401]);
  expect(all.flat()).toEqual(Array.from({ length: 1_203 }, (_, index) => String(1_202 - index)));
  const ofAnn = await pagesOf({ who: 'ann' }, 200);
  expect(ofAnn.map((page) => page.length)).toEqual([200, 200, 1]);
  expect(new Set(ofAnn.flat()).size).toBe(401);
});

test('entries are found by who, what, whom and how it ended, and by time', async () => {
  const { trail, key } = makeTrail();
  await under.redis.xadd(key, '1000-0', 'who', 'old', 'targets', '["orders"]', 'outcome', 'done');
  await trail.append(entry);
  await trail.append({ ...entry, who: 'bob', outcome: 'refused', status: 403 });
  await trail.append({ ...entry, action: 'delete', targets: ['payments', 'orders'] });
  const count = async (query: object): Promise<number> =>
    (await trail.read({ limit: 10, ...query })).entries.length;
  expect(await count({})).toBe(4);
  expect(await count({ who: 'ann' })).toBe(2);
  expect(await count({ action: 'delete' })).toBe(1);
  expect(await count({ target: 'payments' })).toBe(1);
  expect(await count({ target: 'orders' })).toBe(4);
  expect(await count({ outcome: 'refused' })).toBe(1);
  expect(await count({ sinceMs: 1_001 })).toBe(3);
  expect(await count({ untilMs: 1_000 })).toBe(1);
  expect(await count({ untilMs: 999 })).toBe(0);
  expect(await count({ before: '1000-0' })).toBe(0);
});

test('it is bounded, and each entry is', async () => {
  const { trail, key } = makeTrail();
  await trail.append({
    ...entry,
    who: 'w'.repeat(5_000),
    targets: Array.from({ length: 3_000 }, () => 't'.repeat(5_000)),
    detail: 'd'.repeat(5_000),
  });
  expect(await under.redis.memory('USAGE', key)).toBeLessThan(20_000);
  const [kept] = (await trail.read({ limit: 1 })).entries;
  expect(kept?.targets.length).toBe(21);
  expect(kept?.targets.at(-1)).toBe('and 2980 more');
  const pipeline = under.redis.pipeline();
  for (let index = 0; index < 11_000; index++) pipeline.xadd(key, '*', 'who', 'x');
  await pipeline.exec();
  await trail.append(entry);
  expect(await under.redis.xlen(key)).toBeLessThan(10_200);
});

test('an entry that somebody wrote by hand is shown as far as it can be', async () => {
  const { trail, key } = makeTrail();
  await under.redis.xadd(key, '*', 'who', 'eve', 'targets', '{', 'status', 'x', 'outcome', 'fine');
  const { entries } = await trail.read({ limit: 1 });
  expect(entries[0]).toMatchObject({
    who: 'eve',
    targets: ['{'],
    status: null,
    outcome: 'failed',
    action: '',
  });
});

test('it is kept where Redis is full', async () => {
  const full = await RedisUnderTest.start();
  try {
    const trail = new RedisAuditTrail({ redis: full.redis, cluster: 'full' });
    await full.redis.config('SET', 'maxmemory', '1');
    await expect(full.redis.set('x', 'y')).rejects.toThrow('OOM');
    await trail.append(entry);
    expect((await trail.read({ limit: 1 })).entries).toHaveLength(1);
  } finally {
    await full.stop();
  }
});
