/** What a dashboard asks besides Kafka Connect's API: failures, events, lines, plans. */
import type { EventQuery, LogLineQuery } from '@sluice/coordination';
import { expect, test } from 'vitest';

import { apiUnderTest } from './api-under-test.ts';
import { workerView } from './fake-cluster.ts';

test('failures are put together by what went wrong', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders', { tasks: 2 });
  cluster.fail('orders', 0, 'Error: no table "a"');
  cluster.fail('orders', 1, 'Error: no table "b"');
  const response = await call('GET /sluice/errors');
  expect(response.json()).toEqual([
    {
      fingerprint: 'Error: no table …',
      message: 'Error: no table "b"',
      trace: 'Error: no table "b"',
      connectors: ['orders'],
      units: ['task/orders/0', 'task/orders/1'],
      count: 2,
      first_ms: 2_000,
      last_ms: 2_000,
    },
  ]);
});

test('events are asked of the history as the query says', async () => {
  const asked: EventQuery[] = [];
  const { call } = apiUnderTest({
    history: {
      read: async (query) => {
        asked.push(query);
        return [{ id: '5-0', atMs: 5, type: 'unit.running', message: 'runs', facts: { fence: 1 } }];
      },
    },
  });
  const response = await call('GET /sluice/events?unit=task/orders/0&type=unit&limit=5&before=9-0');
  expect(asked).toEqual([{ unit: 'task/orders/0', type: 'unit', limit: 5, before: '9-0' }]);
  expect(response.json()).toEqual([
    { id: '5-0', at_ms: 5, type: 'unit.running', message: 'runs', facts: { fence: 1 } },
  ]);
});

test('without a history the newest events are looked through', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.storedEvents = [3, 2, 1].map((n) => ({
    id: `${n}-0`,
    atMs: n,
    type: n === 2 ? 'worker.dead' : 'worker.drain',
    message: '',
    facts: { worker: `worker-${n}` },
  }));
  const ids = async (query: string): Promise<string[]> =>
    (await call(`GET /sluice/events?${query}`)).json<{ id: string }[]>().map(({ id }) => id);
  expect(await ids('')).toEqual(['3-0', '2-0', '1-0']);
  expect(await ids('before=3-0')).toEqual(['2-0', '1-0']);
  expect(await ids('worker=worker-1')).toEqual(['1-0']);
  expect(await ids('type=worker.dead')).toEqual(['2-0']);
});

test('lines are asked for as the query says', async () => {
  const asked: LogLineQuery[] = [];
  const line = { worker: 'w1', connector: 'orders', task: 0, level: 'warn', message: 'late' };
  const { call } = apiUnderTest({
    logLines: {
      read: async (query) => {
        asked.push(query);
        return { lines: [{ id: '5-0', atMs: 4, ...line, level: 'warn' }], next: '5-0' };
      },
    },
  });
  const response = await call('GET /sluice/logs?connector=orders&task=0&level=warn&limit=1');
  expect(asked).toEqual([{ connector: 'orders', task: 0, level: 'warn', limit: 1 }]);
  expect(response.json()).toEqual({ lines: [{ id: '5-0', at_ms: 4, ...line }], next: '5-0' });
  expect((await call('GET /sluice/logs?level=loud')).statusCode).toBe(400);
});

test('where nobody keeps lines there are none', async () => {
  expect((await apiUnderTest().call('GET /sluice/logs')).json()).toEqual({ lines: [], next: null });
});

interface Plan {
  readonly moves: { unit: string; from: string | null; to: string | null; why: string }[];
  readonly problems: string[];
  readonly added: string[];
}

function twoWorkers() {
  const made = apiUnderTest();
  made.cluster.plugins = [];
  const [first, second] = [workerView('worker-1'), workerView('worker-2')];
  const plugins = [
    {
      class: 'FileStreamSource',
      aliases: [],
      type: 'source' as const,
      version: '1.0.0',
      configKeys: [],
    },
  ];
  made.cluster.workers = [
    { ...first, member: { ...first.member, plugins } },
    { ...second, member: { ...second.member, slot: 1, plugins }, units: [] },
  ];
  return made;
}

test('a plan tells what would move if a worker went', async () => {
  const { cluster, call } = twoWorkers();
  cluster.add('orders', { tasks: 2 });
  const response = await call('POST /sluice/plan', { workers: { remove: ['worker-1'] } });
  const { moves, problems } = response.json<Plan>();
  expect(problems).toEqual([]);
  expect(moves.map(({ unit, from, to }) => [unit, from, to])).toEqual([
    ['connector/orders', 'worker-1', 'worker-2'],
    ['task/orders/0', 'worker-1', 'worker-2'],
    ['task/orders/1', 'worker-1', 'worker-2'],
  ]);
  expect(cluster.requests).toEqual([]);
});

test('a plan tells what workers that came would get', async () => {
  const { cluster, call } = twoWorkers();
  cluster.add('orders', { tasks: 6 });
  const response = await call('POST /sluice/plan', { workers: { add: 1 } });
  const { moves, added } = response.json<Plan>();
  expect(added).toEqual(['new-1']);
  expect(moves.filter(({ to }) => to === 'new-1')).toHaveLength(2);
});

test.each([[undefined], [{}], [{ workers: {} }]])(
  'with %j it is about the cluster as it is',
  async (body) => {
    const { cluster, call } = twoWorkers();
    cluster.add('orders');
    const { moves, added } = (await call('POST /sluice/plan', body)).json<Plan>();
    expect(moves).toEqual([]);
    expect(added).toEqual([]);
  },
);

test('a worker that there is not cannot go', async () => {
  const response = await twoWorkers().call('POST /sluice/plan', { workers: { remove: ['w9'] } });
  expect(response.statusCode).toBe(404);
  expect(response.json<{ message: string }>().message).toBe(
    'There is no worker w9; there are: worker-1, worker-2',
  );
});
