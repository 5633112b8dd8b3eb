import type { LiveUnit } from '@sluice/rest-api/live';
import { describe, expect, test } from 'vitest';
import { connectorRows } from '../src/state/connectors.ts';
import {
  cellLooks,
  matrixOf,
  movesBetween,
  nothingPlanned,
  plannedMoves,
  shade,
  sizeOf,
} from '../src/state/placement.ts';
import { problemsOf } from '../src/state/problems.ts';
import {
  countByState,
  matchingButState,
  ofStates,
  parseFilter,
  sortRows,
  taskRows,
} from '../src/state/task-rows.ts';
import { totals } from '../src/state/totals.ts';
import { matchingWorkers, parseWorkerFilter, workerRows } from '../src/state/workers.ts';
import { load, view, worker } from './views.ts';

const mixed = view({
  orders: {},
  'orders/0': { load: load({ records_in: 5, records_out: 4, lag_records: 7 }) },
  'orders/1': { state: 'FAILED', error: 'Error: disk full' },
  'orders/2': { stalled: true, worker: 'worker-2' },
  'orders/10': { state: 'UNASSIGNED', worker: null, since_ms: null },
  'clicks/0': { state: 'PAUSED', load: load({ records_in: 3, lag_records: 1 }) },
});

const names = (rows: readonly { connector: string; task: number }[]): string[] =>
  rows.map(({ connector, task }) => `${connector}/${task}`);

describe('rows of tasks', () => {
  test('the abnormal come first, a stalled task is not taken for a running one', () => {
    expect(names(sortRows(taskRows(mixed), 'urgency'))).toEqual([
      'orders/1',
      'orders/2',
      'orders/10',
      'orders/0',
      'clicks/0',
    ]);
  });

  test('names are in the order of their numbers', () => {
    expect(names(sortRows(taskRows(mixed), 'task'))).toEqual([
      'clicks/0',
      'orders/0',
      'orders/1',
      'orders/2',
      'orders/10',
    ]);
  });

  test('by lag, tasks without one come last', () => {
    expect(names(sortRows(taskRows(mixed), 'lag')).slice(0, 2)).toEqual(['orders/0', 'clicks/0']);
  });

  test('a filter of the address chooses by states, names and words in errors', () => {
    const rows = taskRows(mixed);
    const filtered = (query: string): string[] => {
      const filter = parseFilter(new URLSearchParams(query));
      return names(ofStates(matchingButState(rows, filter), filter.states));
    };
    expect(filtered('state=failed,STALLED')).toEqual(['orders/1', 'orders/2']);
    expect(filtered('worker=worker-2')).toEqual(['orders/2']);
    expect(filtered('connector=clicks')).toEqual(['clicks/0']);
    expect(filtered('q=Disk+orders')).toEqual(['orders/1']);
    expect(filtered('state=nonsense')).toHaveLength(5);
  });

  test('counts beside the states are of what the rest of the filter lets through', () => {
    const filter = parseFilter(new URLSearchParams('state=FAILED&connector=orders'));
    expect([...countByState(matchingButState(taskRows(mixed), filter))]).toEqual([
      ['RUNNING', 1],
      ['FAILED', 1],
      ['STALLED', 1],
      ['UNASSIGNED', 1],
    ]);
  });
});

test('totals count tasks and not connectors, and know no lag when no task does', () => {
  expect(totals(mixed)).toMatchObject({
    tasks: 5,
    stalled: 1,
    byState: { RUNNING: 2, FAILED: 1, UNASSIGNED: 1, PAUSED: 1 },
    recordsIn: 8,
    lag: 8,
  });
  expect(totals(view({ 'orders/0': { load: load() } })).lag).toBeNull();
});

test('workers that are cordoned are among those up, and told besides', () => {
  const workers = {
    'worker-1': worker(),
    'worker-2': worker({ cordoned: true }),
    'worker-3': worker({ cordoned: true, state: 'draining' }),
  };
  expect(totals(view({}, { workers })).workers).toEqual({
    up: 2,
    draining: 1,
    lost: 0,
    cordoned: 1,
  });
});

describe('health of a connector', () => {
  const healthOf = (units: Parameters<typeof view>[0]): string | undefined =>
    connectorRows(view(units))[0]?.health;

  test('it is made of the connector and all of its tasks', () => {
    expect(healthOf({ orders: {}, 'orders/0': {} })).toBe('healthy');
    expect(healthOf({ orders: {}, 'orders/0': {}, 'orders/1': { state: 'FAILED' } })).toBe(
      'degraded',
    );
    expect(healthOf({ orders: {}, 'orders/0': { state: 'FAILED' } })).toBe('unhealthy');
    expect(healthOf({ orders: { state: 'FAILED' }, 'orders/0': {} })).toBe('unhealthy');
    expect(healthOf({ orders: {}, 'orders/0': { stalled: true } })).toBe('degraded');
    expect(healthOf({ orders: {} })).toBe('degraded');
  });

  test('one that was paused is paused, unless something of it failed', () => {
    const paused = view({ orders: { state: 'PAUSED' }, 'orders/0': { state: 'PAUSED' } });
    paused.connectors['orders'] = {
      type: 'sink',
      class: 'FileStreamSink',
      target_state: 'PAUSED',
      version: 2,
    };
    expect(connectorRows(paused)[0]?.health).toBe('paused');
    const failed = {
      ...paused,
      units: { ...paused.units, ...view({ 'orders/1': { state: 'FAILED' } }).units },
    };
    expect(connectorRows(failed)[0]?.health).toBe('degraded');
  });
});

test('lost workers come first, then by slot', () => {
  const workers = {
    'worker-10': worker({ slot: 2 }),
    'worker-2': worker({ slot: 1 }),
    'worker-3': worker({ slot: 3, state: 'lost' }),
  };
  expect(workerRows(view({}, { workers })).map(({ name }) => name)).toEqual([
    'worker-3',
    'worker-2',
    'worker-10',
  ]);
});

describe('the matrix', () => {
  test('a cell looks otherwise when a title of its tasks is another', () => {
    const looksWith = (changes: Partial<LiveUnit>, moved: readonly string[] = []) => {
      const cell = matrixOf(view({ 'orders/0': changes })).rows[0]?.cells.get('worker-1');
      return cellLooks(cell ?? { tasks: [] }, new Set(moved));
    };
    const plain = looksWith({ state: 'FAILED', error: 'Error: one' });
    expect(looksWith({ state: 'FAILED', error: 'Error: one' })).toBe(plain);
    expect(looksWith({ state: 'FAILED', error: 'Error: two' })).not.toBe(plain);
    expect(looksWith({ state: 'FAILED', error: 'Error: one' }, ['task/orders/0'])).not.toBe(plain);
    expect(looksWith({ reason: 'moving away' })).not.toBe(looksWith({}));
  });

  test('a task is in the cell of its worker; what has none has a column of its own', () => {
    const matrix = matrixOf(mixed);
    // worker-2 has a task and is no member any more.
    expect(matrix.workers).toEqual(['worker-1', 'worker-2', null]);
    const orders = matrix.rows.find(({ connector }) => connector === 'orders');
    expect(names(orders?.cells.get('worker-1')?.tasks ?? [])).toEqual(['orders/0', 'orders/1']);
    expect(orders).toMatchObject({ tasks: 4, hasAbnormal: true });
    expect(matrix.rows[0]?.connector).toBe('orders');
  });

  test('without a task that has no worker there is no such column', () => {
    expect(matrixOf(view({ 'orders/0': {} })).workers).toEqual(['worker-1']);
  });

  test('what moved is what has another worker than before', () => {
    const before = view({ 'orders/0': {}, 'orders/1': {} }).units;
    const after = view({ 'orders/0': {}, 'orders/1': { worker: 'worker-2' } }).units;
    expect(movesBetween(before, after)).toEqual([
      { unit: 'task/orders/1', from: 'worker-1', to: 'worker-2' },
    ]);
  });

  test('a plan shows which tasks would leave their cells, and where they would come', () => {
    const move = (unit: string, from: string | null, to: string | null) => ({
      unit,
      from,
      to,
      why: 'move',
    });
    const planned = plannedMoves({
      added: ['new-1'],
      moves: [
        move('task/or/ders/0', 'worker-1', 'new-1'),
        move('task/or/ders/12', null, 'new-1'),
        move('task/bills/0', 'worker-1', null),
        move('connector/bills', 'worker-1', 'worker-2'),
      ],
    });
    expect(planned.added).toEqual(['new-1']);
    expect([...planned.leaving]).toEqual(['task/or/ders/0', 'task/bills/0']);
    expect([...planned.coming].map(([name, workers]) => [name, ...workers])).toEqual([
      ['or/ders', ['new-1', ['or/ders/0', 'or/ders/12']]],
    ]);
  });

  test('rows are as high as their fullest cell, and columns as wide as the fullest of all', () => {
    const units = Object.fromEntries(
      Array.from({ length: 20 }, (_, task) => [`many/${task}`, { worker: 'worker-1' }]),
    );
    const { rows } = matrixOf(view({ ...units, 'few/0': {} }));
    expect(rows.map(({ connector }) => connector)).toEqual(['few', 'many']);
    expect(sizeOf(rows, 10, nothingPlanned)).toEqual({ perLine: 8, heights: [30, 44] });
    expect(sizeOf(rows, 20, nothingPlanned)).toEqual({ perLine: 2, heights: [30, 135] });
    expect(sizeOf(rows.slice(0, 1), 20, nothingPlanned).perLine).toBe(1);
    const coming = new Map([['few', new Map([['worker-1', ['a', 'b', 'c', 'd']]])]]);
    expect(sizeOf(rows.slice(0, 1), 20, { coming }).heights).toEqual([44]);
  });

  test('the shade grows with the magnitude of the load', () => {
    expect([0, 1, 30, 900, 1_000_000].map((each) => shade(each, 1_000_000))).toEqual([
      0, 1, 1, 2, 4,
    ]);
  });
});

const leader = { coordinator: 'c', epoch: 1, lease_ends_at_ms: 0 };

test('a cluster in which nothing can run is not well, also without connectors', () => {
  expect(problemsOf(view({}, { leader }))).toEqual([]);
  expect(problemsOf(view({}, { workers: {} })).map(({ name }) => name)).toEqual([
    'no leader',
    'no workers',
  ]);
  const drained = { leader, workers: { 'worker-1': worker({ state: 'draining' }) } };
  expect(problemsOf(view({}, drained)).map(({ name }) => name)).toEqual(['no workers']);
});

test('problems are lost workers, failed connectors, then tasks; each leads to where it is', () => {
  const bad = view(
    {
      orders: { state: 'FAILED', error: 'Error: no such table' },
      'orders/0': { state: 'FAILED' },
      'orders/1': {},
    },
    { workers: { 'worker-1': worker({ state: 'lost' }), 'worker-2': worker() }, leader },
  );
  expect(problemsOf(bad).map(({ name, to }) => [name, to])).toEqual([
    ['worker-1', '/workers'],
    ['orders', '/connectors/orders'],
    ['orders/0', '/tasks?state=FAILED&task=orders%2F0'],
  ]);
});

test('workers are found by what they are counted as, and by words', () => {
  const workers = {
    'worker-1': worker({ host: 'node-a' }),
    'worker-2': worker({ state: 'lost' }),
    'worker-3': worker({ state: 'dead', cordoned: true }),
    'worker-4': worker({ cordoned: true }),
  };
  const rows = workerRows(view({}, { workers }));
  const found = (query: string) =>
    matchingWorkers(rows, parseWorkerFilter(new URLSearchParams(query)))
      .map(({ name }) => name)
      .toSorted();
  expect(found('')).toHaveLength(4);
  expect(found('state=up')).toEqual(['worker-1', 'worker-4']);
  expect(found('state=lost')).toEqual(['worker-2', 'worker-3']);
  expect(found('state=cordoned')).toEqual(['worker-3', 'worker-4']);
  expect(found('state=up&q=NODE-A')).toEqual(['worker-1']);
  expect(found('state=nonsense&q=worker-3')).toEqual(['worker-3']);
});

test('a connector says why its worst task is as it is, also where that is no error', () => {
  const reason = 'no worker has its plugin: HttpSink';
  const problemOf = (units: Parameters<typeof view>[0]) => connectorRows(view(units))[0]?.problem;
  const away = { state: 'UNASSIGNED', worker: null, reason } as const;
  expect(problemOf({ orders: {}, 'orders/0': {}, 'orders/1': away })).toBe(reason);
  const stalled = { stalled: true, reason: 'its executor does not answer' };
  expect(problemOf({ orders: {}, 'orders/0': stalled })).toBe('its executor does not answer');
  expect(problemOf({ orders: {}, 'orders/0': { reason: 'dealt to worker-1' } })).toBeNull();
  const failed = { state: 'FAILED', error: 'boom' } as const;
  expect(problemOf({ orders: {}, 'orders/0': failed, 'orders/1': away })).toBe('boom');
});
