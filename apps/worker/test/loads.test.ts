/** What a worker tells of its tasks and processes. */
import type { ActorHost } from '@sluice/actor';
import type { LoadReport, RunnableUnit } from '@sluice/coordination';
import { FakeClock } from '@sluice/kernel/testing';
import type { TaskCounters } from '@sluice/runtime';
import { expect, test } from 'vitest';

import { LoadReporter } from '../src/load/load-reporter.ts';
import { ProcessLoad } from '../src/load/process-load.ts';
import { TaskLoads } from '../src/load/task-loads.ts';
import { countersOf } from './support/counters.ts';

const unit: RunnableUnit = {
  unit: 'task/orders/3',
  kind: 'task',
  connector: 'orders',
  task: 3,
  fence: 7,
  config: {},
  connectorType: 'sink',
  targetState: 'STARTED',
  definitionVersion: 1,
  taskCount: 4,
};

function makeLoads(): {
  clock: FakeClock;
  record: (counters: Partial<TaskCounters>) => void;
  told: () => ReturnType<TaskLoads['reports']> extends Map<string, infer Report> ? Report : never;
  loads: TaskLoads;
} {
  const clock = new FakeClock();
  const loads = new TaskLoads(clock);
  return {
    clock,
    loads,
    record: (counters) => loads.record(unit, countersOf('sink', counters)),
    told: () => {
      const report = loads.reports().get(unit.unit);
      if (!report) throw new Error('nothing was told');
      return report;
    },
  };
}

test('rates are of the time between what was told twice, and nothing once nothing changes', async () => {
  const { clock, record, told, loads } = makeLoads();
  expect(loads.reports().size).toBe(0);
  record({ recordsIn: 10, recordsOut: 5, bytes: 1_000, lag: 90 });
  expect(told().load).toMatchObject({ records_in: 10, records_out: 5, bytes: 1_000 });
  await clock.advance(1_250);
  record({ recordsIn: 110, recordsOut: 105, bytes: 2_000, lag: 0 });
  expect(told().load).toMatchObject({
    records_in: 80,
    records_out: 80,
    bytes: 800,
    lag_records: 0,
    source_delay_ms: null,
  });
  expect(told().totals).toEqual({ records_in: 110, records_out: 105, bytes: 2_000 });
  await clock.advance(2_499);
  expect(told().load.records_in).toBe(80);
  await clock.advance(1);
  expect(told().load.records_in).toBe(0);
  expect(told().totals.records_in).toBe(110);
});

test('what each transform does is told too, and that it rests', async () => {
  const { clock, record, told } = makeLoads();
  record({});
  expect(told().load).not.toHaveProperty('transforms');
  record({ transforms: [{ name: 'drop', recordsIn: 10, recordsOut: 8, seconds: 0.1 }] });
  await clock.advance(500);
  record({ transforms: [{ name: 'drop', recordsIn: 110, recordsOut: 58, seconds: 0.225 }] });
  expect(told().load.transforms).toEqual([
    { name: 'drop', records_in: 200, records_out: 100, busy: 0.25 },
  ]);
  await clock.advance(2_500);
  expect(told().load.transforms).toEqual([
    { name: 'drop', records_in: 0, records_out: 0, busy: 0 },
  ]);
});

test('after a silence the rate is that of the last second, not of the silence', async () => {
  const { clock, record, told } = makeLoads();
  record({ recordsIn: 10 });
  await clock.advance(60_000);
  record({ recordsIn: 60 });
  expect(told().load.records_in).toBe(50);
});

test('a task that was started anew counts from nothing, and a gone one is not told', async () => {
  const { clock, record, told, loads } = makeLoads();
  record({ recordsIn: 1_000 });
  await clock.advance(1_000);
  record({ recordsIn: 30 });
  expect(told().load.records_in).toBe(30);
  loads.forget(unit.unit);
  expect(loads.reports().size).toBe(0);
});

test('what went wrong is counted since the start', () => {
  const { record, told } = makeLoads();
  record({
    errors: 1,
    recordErrors: 2,
    retries: 3,
    recordsSkipped: 4,
    deadLetterRequests: 7,
    deadLetterFailures: 1,
  });
  expect(told().load).toMatchObject({ errors: 3, retries: 3, skipped: 4, dead_letters: 6 });
});

const executor = {
  id: 'dedicated-0',
  kind: 'dedicated' as const,
  actors: 1,
  heapUsedBytes: 5,
  lastTickAgeMs: 0,
  eventLoopDelayMs: 1.23456,
};
type Executors = ReturnType<ActorHost['executors']>;

test('the load of a worker is that of all its processes, since it was asked last', async () => {
  const clock = new FakeClock();
  let cpuMs = 1_000;
  const load = new ProcessLoad(clock, () => ({ cpuMs, rssBytes: 100 }));
  await clock.advance(2_000);
  cpuMs = 2_000;
  const child = (ms: number): Executors => [{ ...executor, usage: { cpuMs: ms, rssBytes: 50 } }];
  expect(load.now(child(500))).toEqual({
    at_ms: clock.wallMs(),
    cpu_cores: 0.75,
    rss_bytes: 150,
    executors: [
      {
        id: 'dedicated-0',
        kind: 'dedicated',
        actors: 1,
        heap_used_bytes: 5,
        event_loop_delay_ms: 1.23,
      },
    ],
  });
  await clock.advance(1_000);
  expect(load.now(child(1_500)).cpu_cores).toBe(1);
  await clock.advance(1_000);
  // It ended, and another one has its name no more.
  expect(load.now([])).toMatchObject({ cpu_cores: 0, rss_bytes: 100, executors: [] });
});

test('a report is told each second, one at a time, and a failure costs that report alone', async () => {
  const clock = new FakeClock();
  const told: LoadReport[] = [];
  let answer = Promise.withResolvers<void>();
  const reporter = new LoadReporter({
    worker: 'w',
    reports: {
      tell: async (_worker, report) => {
        told.push(report);
        await answer.promise;
      },
      readAll: async () => new Map(),
    },
    tasks: new TaskLoads(clock),
    processes: new ProcessLoad(clock, () => ({ cpuMs: 0, rssBytes: 1 })),
    executors: () => [],
    clock,
  });
  await reporter.start();
  await clock.advance(3_500);
  expect(told).toHaveLength(1);
  answer.reject(new Error('Redis is away'));
  answer = Promise.withResolvers<void>();
  answer.resolve();
  await clock.advance(3_000);
  expect(told).toHaveLength(4);
  await reporter.stop();
  await clock.advance(5_000);
  expect(told).toHaveLength(4);
});
