import type { ClusterSnapshot, LoadReport, TaskReport } from '@sluice/coordination';
import { describe, expect, test } from 'vitest';

import { loadsOf, sumRates } from '../src/top/rates.ts';
import { aSnapshot, aView, aWorker, run } from './fakes.ts';

const task: TaskReport = {
  load: {
    records_in: 55,
    records_out: 50,
    bytes: 5_000,
    lag_records: 31,
    source_delay_ms: null,
    errors: 2,
    retries: 0,
    skipped: 2,
    dead_letters: 0,
  },
  totals: { records_in: 0, records_out: 0, bytes: 0 },
};
const executor = { kind: 'shared', actors: 1, heap_used_bytes: 1 } as const;

function reportOf(tasks: readonly string[]): LoadReport {
  return {
    worker: {
      at_ms: 1,
      cpu_cores: 1.254,
      rss_bytes: 200 * 2 ** 20,
      executors: [
        { ...executor, id: 'shared-0', event_loop_delay_ms: 1 },
        { ...executor, id: 'shared-1', event_loop_delay_ms: 12.34 },
      ],
    },
    tasks: new Map(tasks.map((unit) => [unit, task])),
    tasks_left_out: 0,
  };
}

describe('loads', () => {
  const workers = ['w-1', 'w-2', 'w-3'].map((name, index) =>
    aWorker(name, {
      units: [`task/orders/${index}`],
      ...(index === 2 && { state: 'dead' as const }),
    }),
  );
  const snapshot: ClusterSnapshot = aSnapshot([], { workers });

  test('are of what a worker owns, and of workers that live', () => {
    const told = reportOf(['task/orders/0', 'task/orders/1', 'task/orders/2']);
    const loads = loadsOf(
      snapshot,
      new Map([
        ['w-1', told],
        ['w-3', told],
      ]),
    );
    expect([...loads.rates.keys()]).toEqual(['task/orders/0']);
    expect([...loads.workers.keys()]).toEqual(['w-1']);
    expect([...loads.silent]).toEqual(['w-2']);
    expect(loads.rates.get('task/orders/0')).toEqual({
      recordsIn: 55,
      recordsOut: 50,
      bytes: 5_000,
      errors: 2,
      lag: 31,
    });
  });

  test('of which some are not known are summed without these', () => {
    const unknown = {
      recordsIn: undefined,
      recordsOut: undefined,
      bytes: undefined,
      errors: 1,
      lag: undefined,
    };
    const known = { recordsIn: 2, recordsOut: 3, bytes: 4, errors: 1, lag: 5 };
    expect(sumRates([known, unknown, known])).toEqual({
      recordsIn: 4,
      recordsOut: 6,
      bytes: 8,
      errors: 3,
      lag: 10,
    });
    expect(sumRates([unknown]).lag).toBeUndefined();
    expect(sumRates([])).toEqual({ ...unknown, errors: 0 });
  });
});

describe('sluice top', () => {
  const views = [
    aView({ record: { name: 'clicks' }, tasks: [{ worker: 'worker-2' }] }),
    aView({ record: { name: 'orders', type: 'sink' }, tasks: [{}] }),
    aView({
      record: { name: 'broken' },
      tasks: [{ state: 'FAILED', trace: 'Error: disk full\n  at x' }],
    }),
  ];
  const cluster = {
    snapshots: [
      aSnapshot(views, {
        workers: [
          aWorker('worker-1', { units: ['connector/orders', 'task/orders/0'] }),
          aWorker('worker-2', { units: ['task/clicks/0'] }),
        ],
      }),
    ],
    loads: new Map([['worker-1', reportOf(['task/orders/0'])]]),
  };

  test('shows rates and lag, what is abnormal first', async () => {
    const { out, code } = await run(['top', '--once', '--tasks'], cluster);
    expect(code).toBe(0);
    const [heading = '', workers = '', connectors = '', tasks = ''] = out.split('\n\n');
    expect(heading).toMatch(
      /^cluster default: coordinator-1 leads \(3.4s of its lease left\), 2 workers, 3 connectors$/m,
    );
    expect(heading).toMatch(/^tasks: 1 FAILED, 2 RUNNING$/m);
    expect(heading).toMatch(/^records: 55 in\/s, 50 out\/s, \S+ \w+\/s$/m);
    expect(workers).toMatch(/^worker-1 +up +1 +55 +50 +.* 1\.25 +200.* 12\.3ms +0\.1s/m);
    expect(workers).toMatch(/^worker-2 +up +1 +- +- +- +- +- +- +0\.1s +has told nothing for a/m);
    expect(connectors.split('\n').map((line) => line.split(' ')[0])).toEqual([
      'CONNECTOR',
      'broken',
      'orders',
      'clicks',
    ]);
    expect(connectors).toMatch(/^broken .* task 0 FAILED: Error: disk full$/m);
    expect(connectors).toMatch(/^orders +sink +RUNNING +1\/1 +55 +50 +\S+ \w+ +31 +2$/m);
    expect(connectors).toMatch(/^clicks +source +RUNNING +1\/1 +- +- +- +- +0$/m);
    expect(tasks).toMatch(/^orders\/0 +RUNNING +worker-1 +\d+/m);
  });

  test('--json tells the same to programs', async () => {
    const { out } = await run(['top', '--json'], cluster);
    const { connectors, workers } = JSON.parse(out) as {
      connectors: { connector: string }[];
      workers: object[];
    };
    expect(workers).toMatchObject([
      { hasTold: true, cpuCores: 1.254, eventLoopDelayMs: 12.34, recordsInPerSecond: 55 },
      { hasTold: false, cpuCores: null, eventLoopDelayMs: null, recordsInPerSecond: null },
    ]);
    expect(connectors.find(({ connector }) => connector === 'orders')).toMatchObject({
      lag: 31,
      errors: 2,
    });
    expect(connectors.find(({ connector }) => connector === 'clicks')).toMatchObject({
      recordsOutPerSecond: null,
      lag: null,
    });
  });

  test('wants a time that makes sense', async () => {
    expect(await run(['top', '--once', '--interval', '1ms'])).toMatchObject({ code: 2 });
  });
});
