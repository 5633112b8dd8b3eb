/** Trying again what failed retriably: only that, for as long as it may, and in its place. */
import { type Converter, RetriableError, type SourceRecord } from '@sluice/connector-api';
import { silentLogger } from '@sluice/kernel';
import { MemoryLog, MemoryLogStore } from '@sluice/record-log/memory';
import { PluginRegistry } from '@sluice/runtime';
import { expect, test } from 'vitest';

import { errorSettingsOf } from '../src/errors/error-settings.ts';
import { TaskErrors } from '../src/errors/task-errors.ts';
import { compileRuntimeOptions } from '../src/options.ts';
import { processSinkBatches } from '../src/process-sink-batches.ts';
import { processSourceBatch } from '../src/process-source-batch.ts';
import { RunScope } from '../src/run-scope.ts';
import { createTaskConverters } from '../src/task-converters.ts';
import { newCounters } from '../src/task-metrics.ts';
import { stringConverters } from './support/plugins.ts';
import { TestLease } from './support/test-lease.ts';
import { VirtualClock } from './support/virtual-clock.ts';

function setUp(config: Readonly<Record<string, string>>, toBytes: Converter['toBytes']) {
  const clock = new VirtualClock();
  const counters = newCounters('source');
  const scope = new RunScope(new TestLease(), new AbortController().signal);
  const errors = new TaskErrors(errorSettingsOf(config), {
    connector: 'orders',
    task: 0,
    options: compileRuntimeOptions({
      log: new MemoryLog(new MemoryLogStore(), { clock }),
      plugins: new PluginRegistry([]),
      cluster: 'test',
      clock,
      random: () => 0.5,
    }),
    scope,
    counters,
    logger: silentLogger,
    hideSecrets: (told) => told,
  });
  const text = createTaskConverters({}, stringConverters);
  const converters = { ...text, value: { ...text.value, toBytes } };
  return { clock, counters, converters, errors, scope };
}

const records: SourceRecord[] = ['a', 'b', 'c'].map((value) => ({ topic: 't', value }));

/** Refuses `b` for the first `times`. */
function stubborn(times: number, seen: unknown[][]): Converter['toBytes'] {
  return ({ values }) => {
    seen.push([...values]);
    return {
      bytes: values.map((value) => Buffer.from(String(value))),
      failures: values.flatMap((value, index) =>
        value === 'b' && seen.length <= times ? [{ index, error: new RetriableError('busy') }] : [],
      ),
    };
  };
}

test('only the record that failed is tried again, and it keeps its place', async () => {
  const seen: unknown[][] = [];
  const { clock, converters, counters, errors } = setUp(
    { 'errors.retry.timeout': '10000' },
    stubborn(2, seen),
  );
  const batch = await clock.settled(processSourceBatch(records, converters, undefined, errors));
  expect(seen).toEqual([['a', 'b', 'c'], ['b'], ['b']]);
  expect(clock.monotonicMs()).toBe(900);
  expect(batch.topics[0]?.records.map(({ value }) => String(value))).toEqual(['a', 'b', 'c']);
  expect(counters).toMatchObject({ retries: 2, recordFailures: 2, recordErrors: 0 });
});

test('when the time is over it is left out, or fails the task', async () => {
  for (const tolerance of ['all', 'none']) {
    const { clock, converters, counters, errors } = setUp(
      { 'errors.retry.timeout': '1000', 'errors.tolerance': tolerance },
      stubborn(1_000, []),
    );
    const processing = processSourceBatch(records, converters, undefined, errors);
    const outcome = await clock.settled(Promise.allSettled([processing]));
    expect(clock.monotonicMs()).toBe(1_000);
    expect(counters).toMatchObject({
      recordErrors: 1,
      recordsSkipped: tolerance === 'all' ? 1 : 0,
    });
    if (tolerance === 'none') {
      expect(outcome[0]).toMatchObject({
        reason: { code: 'task.conversion_failed', cause: { message: 'busy' } },
      });
    } else {
      const batch = await processing;
      expect(batch.topics[0]?.records.map(({ value }) => String(value))).toEqual(['a', 'c']);
      expect(batch.positions).toEqual([[0, 2]]);
      expect(batch.transformed.map((each) => each?.value)).toEqual(['a', undefined, 'c']);
    }
  }
});

test('a stop ends the wait, and the record is not given up', async () => {
  const { clock, converters, counters, errors, scope } = setUp(
    { 'errors.retry.timeout': '-1', 'errors.tolerance': 'all' },
    stubborn(1_000, []),
  );
  const processing = processSourceBatch(records, converters, undefined, errors);
  const failure = processing.then(
    () => undefined,
    (error: unknown) => error,
  );
  await clock.pass(3_600_000);
  scope.close();
  expect(await failure).toMatchObject({ code: 'task.stopping' });
  expect(counters).toMatchObject({ recordErrors: 0, recordsSkipped: 0 });
  expect(counters.retries).toBeGreaterThan(50);
});

test('a converter that throws at one record loses no other', async () => {
  const { converters, errors } = setUp({ 'errors.tolerance': 'all' }, ({ values }) => {
    if (values.includes('b')) throw new TypeError('not b');
    return { bytes: values.map((value) => Buffer.from(String(value))), failures: [] };
  });
  const batch = await processSourceBatch(records, converters, undefined, errors);
  expect(batch.topics[0]?.records.map(({ value }) => String(value))).toEqual(['a', 'c']);
});

test('of records that share headers that cannot be read, each is given up', async () => {
  const { counters, errors } = setUp({ 'errors.tolerance': 'all' }, () => ({
    bytes: [],
    failures: [],
  }));
  const json = createTaskConverters({ 'header.converter': 'JsonConverter' }, stringConverters);
  const [good, bad] = [[], [['n', Buffer.from('{')]]] as const;
  const fetched = [bad, bad, good, bad].map((headers, offset) => ({
    offset,
    timestampMs: 1,
    key: null,
    value: null,
    headers,
  }));
  const batch = { topic: 't', partition: 0, records: fetched, nextOffset: 4, highWatermark: 4 };
  const read = await processSinkBatches([batch], json, undefined, errors);
  expect(read.records.map(({ offset }) => offset)).toEqual([2]);
  expect(read.failed.map(({ consumed }) => consumed.record.offset)).toEqual([0, 1, 3]);
  expect(counters.recordFailures).toBe(3);
});
