import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';

import { parseSamples, ratesOf, sumRates } from '../src/top/task-samples.ts';
import { aMember, aSnapshot, aView, aWorker, run } from './fakes.ts';

function metrics(recordsOut: number): string {
  return `# HELP sluice_task_records_out_total Acknowledged (source) or put (sink)
# TYPE sluice_task_records_out_total gauge
sluice_task_records_in_total{connector="orders",task="0",kind="sink"} ${recordsOut + 5}
sluice_task_records_out_total{connector="orders",task="0",kind="sink"} ${recordsOut}
sluice_task_records_out_total{connector="a \\"b\\" c",task="1",kind="source"} 7
sluice_task_bytes_total{connector="orders",task="0",kind="sink"} ${recordsOut * 10}
sluice_task_record_errors_total{connector="orders",task="0",kind="sink"} 2
sluice_task_lag_records{connector="orders",task="0",kind="sink"} 31
sluice_task_lag_records{connector="a \\"b\\" c",task="1",kind="source"} 0
sluice_executor_actors{executor="shared-0",kind="shared"} 3
process_cpu_seconds_total 0.5
`;
}

describe('rates', () => {
  test('are read from what workers say', () => {
    expect(parseSamples(metrics(100), 5)).toEqual(
      new Map([
        [
          'task/orders/0',
          { atMs: 5, recordsIn: 105, recordsOut: 100, bytes: 1_000, recordErrors: 2, lag: 31 },
        ],
        [
          'task/a "b" c/1',
          { atMs: 5, recordsIn: 0, recordsOut: 7, bytes: 0, recordErrors: 0, lag: undefined },
        ],
      ]),
    );
  });

  test('are what was counted in between, a second', () => {
    const sample = { recordsIn: 10, recordsOut: 8, bytes: 100, recordErrors: 0, lag: 4 };
    const before = { ...sample, atMs: 1_000 };
    const now = { ...sample, atMs: 3_000, recordsIn: 30, recordsOut: 8, bytes: 300, lag: 3 };
    expect(ratesOf(before, now)).toEqual({
      recordsIn: 10,
      recordsOut: 0,
      bytes: 100,
      recordErrors: 0,
      lag: 3,
    });
    // It was started anew.
    expect(ratesOf(now, { ...before, atMs: 4_000 }).recordsIn).toBeUndefined();
    expect(ratesOf(undefined, now).recordsIn).toBeUndefined();
  });

  test('of which some are not known are summed without these', () => {
    const unknown = {
      recordsIn: undefined,
      recordsOut: undefined,
      bytes: undefined,
      recordErrors: 1,
      lag: undefined,
    };
    const known = { recordsIn: 2, recordsOut: 3, bytes: 4, recordErrors: 1, lag: 5 };
    expect(sumRates([known, unknown, known])).toEqual({
      recordsIn: 4,
      recordsOut: 6,
      bytes: 8,
      recordErrors: 3,
      lag: 10,
    });
    expect(sumRates([unknown]).lag).toBeUndefined();
    expect(sumRates([])).toEqual({ ...unknown, recordErrors: 0 });
  });
});

/** A worker whose sink puts 50 records from one look to the next. */
async function aWorkerWithMetrics(): Promise<string> {
  let recordsOut = 0;
  const server = createServer((_request, response) => {
    recordsOut += 50;
    response.end(metrics(recordsOut));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('sluice top', () => {
  async function cluster(): Promise<ReturnType<typeof aSnapshot>> {
    const address = await aWorkerWithMetrics();
    const views = [
      aView({ record: { name: 'clicks' }, tasks: [{ worker: 'worker-2' }] }),
      aView({ record: { name: 'orders', type: 'sink' }, tasks: [{}] }),
      aView({
        record: { name: 'broken' },
        tasks: [{ state: 'FAILED', trace: 'Error: disk full\n  at x' }],
      }),
    ];
    return aSnapshot(views, {
      workers: [
        aWorker('worker-1', {
          member: { ...aMember('worker-1'), address },
          units: ['connector/orders', 'task/orders/0'],
        }),
        aWorker('worker-2', {
          member: { ...aMember('worker-2'), address: '127.0.0.1:1' },
          units: ['task/clicks/0'],
        }),
      ],
    });
  }

  test('shows rates and lag, what is abnormal first', async () => {
    const { out, code } = await run(['top', '--once', '--interval', '200ms', '--tasks'], {
      snapshots: [await cluster()],
    });
    expect(code).toBe(0);
    const [heading = '', workers = '', connectors = '', tasks = ''] = out.split('\n\n');
    expect(heading).toMatch(/^cluster default: coordinator-1 leads, 2 workers, 3 connectors$/m);
    expect(heading).toMatch(/^tasks: 1 FAILED, 2 RUNNING$/m);
    // 50 records over the interval, and however late the second look was.
    const rate = Number(/(\d+) out\/s/.exec(heading)?.[1]);
    expect(rate).toBeGreaterThan(25);
    expect(rate).toBeLessThanOrEqual(250);
    expect(workers).toMatch(/^worker-2 +up +1 +- +- +- +0\.1s +127\.0\.0\.1:1 is not reachable/m);
    expect(connectors.split('\n').map((line) => line.split(' ')[0])).toEqual([
      'CONNECTOR',
      'broken',
      'orders',
      'clicks',
    ]);
    expect(connectors).toMatch(/^broken .* task 0 FAILED: Error: disk full$/m);
    expect(connectors).toMatch(/^orders +sink +RUNNING +1\/1 +\d+ +\d+ +\S+ \w+ +31 +2$/m);
    expect(connectors).toMatch(/^clicks +source +RUNNING +1\/1 +- +- +- +- +0$/m);
    expect(tasks).toMatch(/^orders\/0 +RUNNING +worker-1 +\d+/m);
  });

  test('--json tells the same to programs', async () => {
    const { out } = await run(['top', '--json', '--interval', '0.2s'], {
      snapshots: [await cluster()],
    });
    const { connectors, workers } = JSON.parse(out) as {
      connectors: { connector: string; lag: number | null; recordsOutPerSecond: number | null }[];
      workers: { isReached: boolean }[];
    };
    expect(workers.map(({ isReached }) => isReached)).toEqual([true, false]);
    expect(connectors.find(({ connector }) => connector === 'orders')).toMatchObject({
      lag: 31,
      recordErrors: 2,
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
