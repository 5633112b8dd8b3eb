/** What `/metrics` of a worker shows, and that the document says so. */
import { readFileSync } from 'node:fs';
import type { ActorStatus } from '@sluice/actor';
import { type RunnableUnit, taskUnit, type WorkerStore } from '@sluice/coordination';
import { FakeClock } from '@sluice/kernel/testing';
import type { TaskParts } from '@sluice/runtime';
import { expect, test } from 'vitest';

import { countedBeats, LeaseStats } from '../src/metrics/lease-stats.ts';
import type { MetricLimits } from '../src/metrics/task-metrics.ts';
import { WorkerMetrics } from '../src/metrics/worker-metrics.ts';
import { countersOf } from './support/counters.ts';

function unitOf(connector: string, task: number, kind: 'source' | 'sink'): RunnableUnit {
  return {
    unit: taskUnit(connector, task),
    kind: 'task',
    connector,
    task,
    fence: 7,
    config: {},
    connectorType: kind,
    targetState: 'STARTED',
    definitionVersion: 1,
    taskCount: 4,
  };
}

function statusOf(state: ActorStatus['state'], more: Partial<ActorStatus> = {}): ActorStatus {
  return { address: '', fence: 7, attempts: 1, executor: 'shared-0', state, ...more };
}

const noFacts = { executors: [], leaseAgeMs: undefined, linesDropped: 0 };

function makeMetrics(limits: MetricLimits = { tasks: 100, partitions: 100 }): {
  metrics: WorkerMetrics;
  clock: FakeClock;
  shown: (pattern: RegExp) => Promise<string[]>;
} {
  const clock = new FakeClock();
  const metrics = new WorkerMetrics(new LeaseStats(), limits, clock);
  const shown = async (pattern: RegExp): Promise<string[]> => {
    const text = await metrics.render(noFacts);
    return text.split('\n').filter((line) => !line.startsWith('#') && pattern.test(line));
  };
  return { metrics, clock, shown };
}

const parts: TaskParts = {
  converters: {
    key: { class: 'Key', version: '1' },
    value: { class: 'Value', version: '2' },
    header: { class: 'Header', version: '3' },
  },
  transforms: [{ name: 'drop', class: 'Filter', version: '4' }],
  predicates: [{ name: 'is "old"', class: 'Old', version: '5' }],
};

/** Name and type of each metric that there is a row for in a chapter of the document. */
function documented(chapters: readonly string[]): Map<string, string> {
  const page = readFileSync(new URL('../../../docs/reference/metrics.md', import.meta.url), 'utf8');
  const found = new Map<string, string>();
  for (const part of page.split(/^## /m)) {
    if (!chapters.includes(part.split('\n')[0] ?? '')) continue;
    for (const [, name = '', type = ''] of part.matchAll(/^\| `(sluice_\w+)` \| (\w+) \|/gm)) {
      expect(found.has(name), name).toBe(false);
      found.set(name, type);
    }
  }
  return found;
}

test('every metric is in the document with its type, and the other way around', async () => {
  const { metrics } = makeMetrics();
  const source = unitOf('orders', 0, 'source');
  const sink = unitOf('copies', 1, 'sink');
  metrics.observer.record(
    source,
    countersOf('source', { sourceDelayMs: 5, lastErrorAtMs: 1, lastCommitAtMs: 1 }),
  );
  metrics.observer.record(
    sink,
    countersOf('sink', {
      lags: new Map([['a-0', 1]]),
      transforms: [{ name: 'drop', recordsIn: 2, recordsOut: 1, seconds: 0.5 }],
    }),
  );
  metrics.observer.plugin?.(sink, { class: 'Sink', version: '1' });
  metrics.observer.parts?.(sink, parts);
  metrics.observer.status(source, statusOf('RESTARTING', { nextRetryAtMs: 1 }));
  const text = await metrics.render(noFacts);
  const types = new Map(
    [...text.matchAll(/^# TYPE (sluice_\w+) (\w+)$/gm)].map(([, name = '', type = '']) => [
      name,
      type,
    ]),
  );
  expect(types).toEqual(
    new Map([...documented(['Tasks', 'Connectors and tasks', 'Workers'])].sort(byOrderOf(types))),
  );
  for (const [name, type] of types) expect(name.endsWith('_total'), name).toBe(type === 'counter');
});

/** `toEqual` of maps heeds no order, but a difference is easier to read in one. */
function byOrderOf(types: ReadonlyMap<string, string>) {
  const names = [...types.keys()];
  return ([a]: [string, string], [b]: [string, string]): number =>
    names.indexOf(a) - names.indexOf(b);
}

test('tasks are shown as they told last, sources and sinks with what each has', async () => {
  const { metrics, shown } = makeMetrics();
  const sink = unitOf('a "b"\\', 3, 'sink');
  metrics.observer.record(sink, countersOf('sink', { recordsIn: 1 }));
  metrics.observer.record(
    sink,
    countersOf('sink', {
      recordsIn: 50,
      lag: 12,
      partitions: 2,
      lags: new Map([
        ['my-topic-0', 2],
        ['my-topic-1', 10],
      ]),
      callSeconds: { counts: [1, 0, 2, 0, 0, 0, 0, 1], sum: 40.5 },
    }),
  );
  const labels = 'connector="a \\"b\\"\\\\",task="3",kind="sink"';
  expect(await shown(/^sluice_task_.*(records_in|lag|partitions\{|poll|delay)/)).toEqual([
    `sluice_task_records_in_total{${labels}} 50`,
    `sluice_task_partitions{${labels}} 2`,
    `sluice_task_lag_records{${labels}} 12`,
    `sluice_task_lag_max_records{${labels}} 10`,
    `sluice_task_partition_lag_records{${labels},topic="my-topic",partition="0"} 2`,
    `sluice_task_partition_lag_records{${labels},topic="my-topic",partition="1"} 10`,
  ]);
  expect(await shown(/put_seconds/)).toEqual([
    ...[
      ['0.001', 1],
      ['0.01', 1],
      ['0.1', 3],
      ['0.5', 3],
      ['1', 3],
      ['5', 3],
      ['30', 3],
      ['+Inf', 4],
    ].map(([le, count]) => `sluice_task_put_seconds_bucket{${labels},le="${le}"} ${count}`),
    `sluice_task_put_seconds_sum{${labels}} 40.5`,
    `sluice_task_put_seconds_count{${labels}} 4`,
  ]);
  metrics.observer.forget(sink.unit);
  expect(await shown(/sluice_task_/)).toEqual([]);
});

test('which code a task runs with is told with its start, and what its transforms do with the rest', async () => {
  const { metrics, shown } = makeMetrics();
  const sink = unitOf('orders', 3, 'sink');
  metrics.observer.plugin?.(sink, { class: 'Sink', version: '1.2.3' });
  metrics.observer.parts?.(sink, parts);
  const transforms = [{ name: 'drop', recordsIn: 20, recordsOut: 15, seconds: 0.25 }];
  metrics.observer.record(sink, countersOf('sink', { transforms }));
  const own = 'connector="orders",task="3",kind="sink"';
  expect(await shown(/^sluice_.*(_info|_transform_)/)).toEqual([
    'sluice_unit_info{connector="orders",unit="task",task="3",type="sink",class="Sink",version="1.2.3"} 1',
    `sluice_task_converters_info{${own},key_converter="Key",key_converter_version="1",value_converter="Value",` +
      `value_converter_version="2",header_converter="Header",header_converter_version="3"} 1`,
    `sluice_task_transform_info{${own},transform="drop",class="Filter",version="4"} 1`,
    `sluice_task_predicate_info{${own},predicate="is \\"old\\"",class="Old",version="5"} 1`,
    `sluice_task_transform_records_in_total{${own},transform="drop"} 20`,
    `sluice_task_transform_records_out_total{${own},transform="drop"} 15`,
    `sluice_task_transform_seconds_total{${own},transform="drop"} 0.25`,
  ]);
  metrics.observer.plugin?.(sink, { class: 'Sink', version: '2' });
  expect(await shown(/^sluice_.*_info/)).toHaveLength(4);
  metrics.observer.forget(sink.unit);
  expect(await shown(/^sluice_.*(_info|_transform_)/)).toEqual([]);
});

test('of more tasks and partitions than may be shown, the rest is counted', async () => {
  const { metrics, shown } = makeMetrics({ tasks: 3, partitions: 4 });
  for (let task = 0; task < 10; task++) {
    const unit = unitOf('orders', task, 'sink');
    const lags = new Map([
      [`t-${task}`, 1],
      [`t-${task + 100}`, 2],
    ]);
    metrics.observer.record(unit, countersOf('sink', { partitions: 2, lags }));
    metrics.observer.status(unit, statusOf('RUNNING'));
  }
  expect(await shown(/records_in_total/)).toHaveLength(3);
  expect(await shown(/sluice_unit_state/)).toHaveLength(3);
  expect(await shown(/partition_lag/)).toHaveLength(4);
  expect(await shown(/left_out/)).toEqual([
    'sluice_metrics_tasks_left_out 7',
    'sluice_metrics_partitions_left_out 2',
  ]);
  expect(await shown(/sluice_worker_units/)).toEqual([
    'sluice_worker_units{unit="connector"} 0',
    'sluice_worker_units{unit="task"} 10',
  ]);
});

test('the time in each state is told, and what came of each start', async () => {
  const { metrics, clock, shown } = makeMetrics();
  const unit = unitOf('orders', 0, 'source');
  const { observer } = metrics;
  observer.status(unit, statusOf('RESTARTING'));
  await clock.advance(1_000);
  observer.status(unit, statusOf('RUNNING'));
  await clock.advance(2_000);
  observer.status(unit, statusOf('PAUSED'));
  await clock.advance(1_000);
  const labels = 'connector="orders",unit="task",task="0"';
  expect(await shown(/sluice_unit_(state|running|paused)/)).toEqual([
    `sluice_unit_state{${labels},state="PAUSED"} 1`,
    `sluice_unit_running_ratio{${labels}} 0.5`,
    `sluice_unit_paused_ratio{${labels}} 0.25`,
  ]);
  // It ran: what fails it now was no start.
  observer.status(unit, statusOf('RESTARTING'));
  observer.status(unit, statusOf('RUNNING'));
  observer.status(unit, statusOf('FAILED'));
  observer.status(unit, statusOf('FAILED'));
  expect(await shown(/unit_starts_total\{unit="task"/)).toEqual([
    'sluice_worker_unit_starts_total{unit="task",result="success"} 2',
    'sluice_worker_unit_starts_total{unit="task",result="failure"} 1',
  ]);
});

test('beats are counted, and how often the lease was over before it was renewed', async () => {
  const clock = new FakeClock();
  const stats = new LeaseStats();
  let answer: () => Promise<unknown> = async () => ok;
  const ok = { kind: 'ok', quarantined: false };
  const store = { beat: async () => answer() } as unknown as WorkerStore;
  const counted = countedBeats(store, { stats, clock, lateAfterMs: 100, quiesceAfterMs: 700 });
  const beat = async (): Promise<unknown> =>
    counted.beat({} as Parameters<WorkerStore['beat']>[0]).catch(() => {});
  await beat();
  await clock.advance(600);
  await beat();
  expect(stats).toMatchObject({ beatsSent: 2, beatsFailed: 0, beatsLate: 0, selfFences: 0 });
  answer = async () => {
    await clock.advance(150);
    return ok;
  };
  await beat();
  expect(stats).toMatchObject({ beatsLate: 1, selfFences: 0 });
  answer = async () => {
    throw new Error('Redis is away');
  };
  await clock.advance(1_000);
  await beat();
  answer = async () => ok;
  await beat();
  expect(stats).toMatchObject({ beatsSent: 5, beatsFailed: 1, selfFences: 1 });
  answer = async () => ({ kind: 'fenced' });
  await beat();
  expect(stats).toMatchObject({ declaredDead: 1, selfFences: 1 });
});

test('a worker with a thousand tasks shows them without holding up its heartbeat', async () => {
  const { metrics } = makeMetrics({ tasks: 1_000, partitions: 1_000 });
  for (let task = 0; task < 1_000; task++) {
    const unit = unitOf('orders', task, 'sink');
    metrics.observer.record(
      unit,
      countersOf('sink', { partitions: 1, lags: new Map([[`t-${task}`, 1]]) }),
    );
    metrics.observer.status(unit, statusOf('RUNNING'));
  }
  const beganMs = performance.now();
  const text = await metrics.render(noFacts);
  // Some ten times what it takes on an idle machine; the shortest lease pauses after 500 ms.
  expect(performance.now() - beganMs).toBeLessThan(500);
  expect(text.length).toBeGreaterThan(1_000_000);
});
