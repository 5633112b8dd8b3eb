import { type LoadReport, loadLimits, taskUnit } from '@sluice/coordination';
import { newShortId } from '@sluice/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { clusterTag, RedisLoadReports } from '../src/index.ts';
import { RedisUnderTest } from './redis-under-test.ts';

let under: RedisUnderTest;

beforeAll(async () => {
  under = await RedisUnderTest.start();
});

afterAll(async () => {
  await under.stop();
});

const load = {
  records_in: 100.5,
  records_out: 99,
  bytes: 12_345,
  lag_records: 7,
  source_delay_ms: null,
  errors: 1,
  retries: 2,
  skipped: 3,
  dead_letters: 4,
};
const totals = { records_in: 1_000, records_out: 990, bytes: 123_456 };
const report: LoadReport = {
  worker: {
    at_ms: 1_700_000_000_000,
    cpu_cores: 1.25,
    rss_bytes: 200_000_000,
    executors: [
      {
        id: 'shared-0',
        kind: 'shared',
        actors: 2,
        heap_used_bytes: 30_000_000,
        event_loop_delay_ms: 1.5,
      },
    ],
  },
  tasks: new Map([
    [taskUnit('orders', 0), { load, totals }],
    [taskUnit('bills', 3), { load: { ...load, lag_records: null, source_delay_ms: 250 }, totals }],
    [
      taskUnit('bills', 4),
      {
        load: {
          ...load,
          transforms: [
            { name: 'drop', records_in: 10.5, records_out: 8, busy: 0.25 },
            { name: 'route', records_in: 8, records_out: 8, busy: 0 },
          ],
        },
        totals,
      },
    ],
  ]),
  tasks_left_out: 0,
};

function makeReports(): { reports: RedisLoadReports; tag: string } {
  const cluster = newShortId();
  return {
    reports: new RedisLoadReports({ redis: under.redis, cluster }),
    tag: clusterTag(cluster),
  };
}

test('a report is read as it was told, of those who told one, until it expires', async () => {
  const { reports, tag } = makeReports();
  await reports.tell('w-1', report);
  const found = await reports.readAll(['w-0', 'w-1']);
  const worker = { ...report.worker, at_ms: expect.any(Number) as number };
  expect(found).toEqual(new Map([['w-1', { ...report, worker }]]));
  expect(await reports.readAll([])).toEqual(new Map());
  const leftMs = await under.redis.pttl(`${tag}:load:w-1`);
  expect(leftMs).toBeGreaterThan(loadLimits.keptMs - 5_000);
  expect(leftMs).toBeLessThanOrEqual(loadLimits.keptMs);
});

test('how old a report is, Redis says, whatever the clock of its worker', async () => {
  const { reports, tag } = makeReports();
  // Of 2023.
  await reports.tell('w', report);
  await under.redis.pexpire(`${tag}:load:w`, 4_000);
  const nowMs = Date.now();
  const atMs = (await reports.readAll(['w'])).get('w')?.worker.at_ms ?? 0;
  const ageMs = loadLimits.keptMs - 4_000;
  expect(atMs).toBeGreaterThan(nowMs - ageMs - 3_900);
  expect(atMs).toBeLessThanOrEqual(Date.now() - ageMs);
});

test('of hundreds of workers all are read', async () => {
  const { reports } = makeReports();
  const names = Array.from({ length: 120 }, (_, index) => `w-${index}`);
  await Promise.all(names.map((name) => reports.tell(name, report)));
  expect([...(await reports.readAll(names)).keys()]).toEqual(names);
});

test('it is bounded, a task takes little, and what is left out is counted', async () => {
  const { reports, tag } = makeReports();
  const tasks = new Map(
    Array.from({ length: 6_000 }, (_, index) => [taskUnit('orders', index), { load, totals }]),
  );
  await reports.tell('w', { ...report, tasks, tasks_left_out: 1 });
  const found = (await reports.readAll(['w'])).get('w');
  expect(found?.tasks.size).toBe(loadLimits.tasks);
  expect(found?.tasks_left_out).toBe(1_001);
  const bytes = await under.redis.strlen(`${tag}:load:w`);
  expect(bytes / loadLimits.tasks).toBeLessThan(100);
});

test('what nobody can read counts as not told', async () => {
  const { reports, tag } = makeReports();
  const texts = [
    '',
    '{',
    'null',
    '[]',
    '{"layout":2,"worker":{"at_ms":1},"rows":[]}',
    '{"layout":1}',
  ];
  for (const [index, text] of texts.entries()) await under.redis.set(`${tag}:load:${index}`, text);
  expect(await reports.readAll(texts.map((_, index) => String(index)))).toEqual(new Map());
  await under.redis.set(
    `${tag}:load:odd`,
    '{"layout":1,"worker":{"at_ms":5},"rows":[1,[2],["u"],["v",1,1,1,1,1,1,1,1,1,1,1,1,[1,["t"],[2]]]]}',
  );
  const odd = (await reports.readAll(['odd'])).get('odd');
  expect(odd?.worker).toEqual({ at_ms: 5, cpu_cores: 0, rss_bytes: 0, executors: [] });
  expect([...(odd?.tasks.keys() ?? [])]).toEqual(['u', 'v']);
  expect(odd?.tasks.get('v')?.load.transforms).toEqual([
    { name: 't', records_in: 0, records_out: 0, busy: 0 },
  ]);
});
