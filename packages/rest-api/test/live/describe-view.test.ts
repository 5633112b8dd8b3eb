import type { LoadReport } from '@sluice/coordination';
import { expect, test } from 'vitest';

import { describeView } from '../../src/live/describe-view.ts';
import { FakeCluster, workerView } from '../fake-cluster.ts';

const names = {
  cluster: 'test',
  version: '4.1.0',
  boardOf: (worker: string) => `/queues/queue/start.${worker}`,
};

const taskLoad = {
  records_in: 10,
  records_out: 9,
  bytes: 100,
  lag_records: 3,
  source_delay_ms: null,
  errors: 0,
  retries: 0,
  skipped: 0,
  dead_letters: 0,
};
const load: LoadReport = {
  worker: { at_ms: 9_000, cpu_cores: 0.5, rss_bytes: 1_000, executors: [] },
  tasks: new Map([
    ['task/orders/0', { load: taskLoad, totals: { records_in: 90, records_out: 80, bytes: 900 } }],
  ]),
  tasks_left_out: 0,
};

async function seen(cluster: FakeCluster, loads: ReadonlyMap<string, LoadReport> = new Map()) {
  return {
    snapshot: await cluster.snapshot(),
    events: [],
    loads,
    atMs: 12_000,
    snapshotAtMs: 10_000,
  };
}

test('a view has workers, connectors and units with their loads', async () => {
  const cluster = new FakeCluster();
  cluster.workers = [workerView('worker-1')];
  cluster.add('orders');
  const view = describeView(await seen(cluster, new Map([['worker-1', load]])), names);
  expect(view.workers['worker-1']).toEqual({
    state: 'up',
    cordoned: false,
    slot: 0,
    host: 'machine',
    pid: 4_242,
    worker_id: '127.0.0.1:9001',
    joined_at_ms: 500,
    beat_at_ms: 9_880,
    board: '/queues/queue/start.worker-1',
    load: load.worker,
  });
  // What is left of its lease, by the clock of the view.
  expect(view.leader).toEqual({
    coordinator: 'coordinator-1',
    epoch: 1,
    lease_ends_at_ms: 13_400,
  });
  expect(view.connectors).toEqual({
    orders: { type: 'source', class: 'FileStreamSource', target_state: 'STARTED', version: 1 },
  });
  expect(Object.keys(view.units)).toEqual(['connector/orders', 'task/orders/0']);
  expect(view.units['connector/orders']?.load).toBeNull();
  expect(view.units['task/orders/0']).toMatchObject({
    connector: 'orders',
    task: 0,
    state: 'RUNNING',
    worker: 'worker-1',
    error: null,
    load: taskLoad,
  });
});

test.each([
  [8_000, taskLoad],
  [7_999, null],
])('a load that was told at %i is one of now at 12 000, or none', async (toldMs, shown) => {
  const cluster = new FakeCluster();
  cluster.workers = [workerView('worker-1')];
  cluster.add('orders');
  const told = { ...load, worker: { ...load.worker, at_ms: toldMs } };
  const { units, workers } = describeView(
    await seen(cluster, new Map([['worker-1', told]])),
    names,
  );
  expect(units['task/orders/0']?.load).toEqual(shown);
  expect(workers['worker-1']?.load).toEqual(shown && told.worker);
});

test('of a trace the first line is shown, as far as it fits', async () => {
  const cluster = new FakeCluster();
  cluster.add('orders', { tasks: 2 });
  cluster.fail('orders', 0, 'Error: away\n  at poll');
  cluster.fail('orders', 1, 'x'.repeat(1_000));
  const { units } = describeView(await seen(cluster), names);
  expect(units['task/orders/0']?.error).toBe('Error: away');
  expect(units['task/orders/1']?.error).toBe('x'.repeat(300));
});

test.each([
  [{}, 6],
  [{ 'restart.max.attempts': '-1' }, null],
])('of a connector with %j a task starts %s times at most', async (config, attemptsMax) => {
  const cluster = new FakeCluster();
  cluster.add('orders', { config });
  const { units } = describeView(await seen(cluster), names);
  expect(units['task/orders/0']?.attempts_max).toBe(attemptsMax);
});

test('a worker without a beat and a server without boards are told as such', async () => {
  const cluster = new FakeCluster();
  cluster.workers = [workerView('worker-1', { beatAgeMs: Number.POSITIVE_INFINITY })];
  const { workers } = describeView(await seen(cluster), { cluster: 'test', version: '4.1.0' });
  expect(workers['worker-1']).toMatchObject({ beat_at_ms: null, board: null, load: null });
});
