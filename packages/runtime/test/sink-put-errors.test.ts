/** What `put` refuses for good, and what a task reports by itself. */
import {
  ConnectError,
  RetriableError,
  type SinkRecord,
  type SinkTask,
  type SinkTaskContext,
} from '@sluice/connector-api';
import { expect, test } from 'vitest';

import { sinkOf } from './support/plugins.ts';
import { RuntimeUnderTest } from './support/runtime-under-test.ts';

const tolerant = {
  topics: 't',
  'errors.tolerance': 'all',
  'errors.deadletterqueue.topic.name': 'dead',
  'errors.deadletterqueue.context.headers.enable': 'true',
};
const searching = { ...tolerant, 'errors.deadletterqueue.put.enable': 'true' };

function sink(overrides: (runtime: RuntimeUnderTest) => Partial<SinkTask> = () => ({})) {
  const puts: string[][] = [];
  const parts: { context?: SinkTaskContext } = {};
  const runtime: RuntimeUnderTest = new RuntimeUnderTest({
    plugin: sinkOf(() => ({
      start: (_config, context) => {
        parts.context = context;
      },
      put: (records) => {
        if (records.length === 0) return;
        puts.push(textsOf(records));
        if (textsOf(records).some((text) => text.startsWith('bad')))
          throw new ConnectError('constraint violated');
      },
      stop: () => {},
      ...overrides(runtime),
    })),
  });
  runtime.store.createTopic('t', 1);
  const context = (): SinkTaskContext => {
    if (!parts.context) throw new Error('not started');
    return parts.context;
  };
  return { context, puts, runtime };
}

function textsOf(records: readonly SinkRecord[]): string[] {
  return records.map(({ value }) => String(value));
}

function committed(runtime: RuntimeUnderTest): number | undefined {
  return runtime.store.groupOffset('connect-orders', 't', 0);
}

function headerOf(runtime: RuntimeUnderTest, name: string): string {
  const headers = runtime.store.topic('dead')?.[0]?.at(0)?.headers ?? [];
  const found = headers.find(([each]) => each === `__connect.errors.${name}`);
  return Buffer.from(found?.[1] ?? []).toString();
}

test('a batch that put refuses fails the task unless the definition asks to search it', async () => {
  const { runtime } = sink();
  runtime.append('t', 0, 'a', 'bad', 'c');
  const rig = await runtime.started({ config: tolerant });
  await runtime.clock.until('it fails', () => rig.failure !== undefined);
  expect(rig.failure?.message).toBe('constraint violated');
  await runtime.clock.settled(rig.stop());
  expect(committed(runtime)).toBeUndefined();
  expect(runtime.values('dead')).toEqual([]);
});

test('the records that put refuses are found, kept, and passed; the others are delivered in order', async () => {
  const { puts, runtime } = sink();
  runtime.append('t', 0, 'a', 'b', 'bad1', 'd', 'e', 'bad2', 'g', 'h');
  const rig = await runtime.started({ config: searching });
  await runtime.clock.until('it commits', () => committed(runtime) === 8);
  await runtime.clock.settled(rig.stop());
  const taken = puts.filter((texts) => texts.every((text) => !text.startsWith('bad'))).flat();
  expect(taken).toEqual(['a', 'b', 'd', 'e', 'g', 'h']);
  expect(runtime.values('dead')).toEqual(['bad1', 'bad2']);
  expect(headerOf(runtime, 'stage')).toBe('TASK_PUT');
  expect(headerOf(runtime, 'offset')).toBe('2');
  expect(headerOf(runtime, 'class.name')).toBe('org.apache.kafka.connect.sink.SinkTask');
  expect(headerOf(runtime, 'exception.message')).toBe('constraint violated');
  expect(headerOf(runtime, 'exception.class.name')).toBe(
    'org.apache.kafka.connect.errors.ConnectException',
  );
  expect(rig.events.findLast(({ type }) => type === 'metrics')).toMatchObject({
    counters: { recordsIn: 8, recordsOut: 6, recordsSkipped: 2, deadLetterRequests: 2 },
  });
});

test('nothing of a searched batch is committed before its letters are durable', async () => {
  const { runtime } = sink();
  runtime.append('t', 0, 'a', 'bad');
  runtime.decide = (operation) => (operation === 'produce' ? 'refused' : 'ok');
  const rig = await runtime.started({ config: searching });
  await runtime.clock.pass(20_000);
  expect(committed(runtime)).toBeUndefined();
  runtime.decide = () => 'ok';
  await runtime.clock.until('it commits', () => committed(runtime) === 2);
  await runtime.clock.settled(rig.stop());
  expect(runtime.values('dead')).toEqual(['bad']);
});

test('an error that may pass does not end a search: the same part comes again', async () => {
  const seen: string[][] = [];
  let isBusy = true;
  const { runtime } = sink(() => ({
    put: (records) => {
      if (records.length === 0) return;
      seen.push(textsOf(records));
      if (records.length === 2 && isBusy) {
        isBusy = false;
        throw new RetriableError('busy');
      }
      if (textsOf(records).includes('bad')) throw new Error('bad');
    },
  }));
  runtime.append('t', 0, 'a', 'b', 'bad', 'd');
  const rig = await runtime.started({ config: searching });
  await runtime.clock.until('it commits', () => committed(runtime) === 4);
  await runtime.clock.settled(rig.stop());
  expect(seen).toEqual([
    ['a', 'b', 'bad', 'd'],
    ['a', 'b'],
    ['a', 'b'],
    ['bad', 'd'],
    ['bad'],
    ['d'],
  ]);
});

test('where put refuses more than a few records, it is not the records: the task fails', async () => {
  const { puts, runtime } = sink();
  runtime.append('t', 0, ...Array.from({ length: 40 }, (_, seq) => `bad${String(seq)}`));
  const rig = await runtime.started({
    config: { ...searching, 'errors.deadletterqueue.put.records.max': '5' },
  });
  await runtime.clock.until('it fails', () => rig.failure !== undefined);
  await runtime.clock.settled(rig.stop());
  expect(rig.failure).toMatchObject({ code: 'task.put_refuses_too_much' });
  expect(rig.failure?.message).toMatch(/^put refused 6 records of one batch/);
  expect(puts.length).toBeLessThan(30);
  expect(committed(runtime)).toBeUndefined();
  expect(runtime.values('dead')).toEqual([]);
});

test('a partition that is moved during a search is read again from there', async () => {
  const seen: string[][] = [];
  let isMoved = false;
  const { context, runtime } = sink(() => ({
    put: (records) => {
      if (records.length === 0) return;
      seen.push(textsOf(records));
      if (textsOf(records).includes('bad')) {
        if (!isMoved) context().seek({ topic: 't', partition: 0 }, 3);
        isMoved = true;
        throw new Error('bad');
      }
    },
  }));
  runtime.append('t', 0, 'a', 'b', 'bad', 'd');
  const rig = await runtime.started({ config: searching });
  await runtime.clock.until('it commits', () => committed(runtime) === 4);
  await runtime.clock.settled(rig.stop());
  expect(seen).toEqual([['a', 'b', 'bad', 'd'], ['d']]);
  expect(runtime.values('dead')).toEqual([]);
});

test('a record that a task reports is a dead letter as it was read, before offsets pass it', async () => {
  const reports: Promise<void>[] = [];
  const { context, runtime } = sink(() => ({
    put: (records) => {
      for (const record of records)
        if (record.value === 'bad') {
          const report = context().errantRecordReporter()?.report(record, new TypeError('odd'));
          if (report) reports.push(report);
        }
    },
  }));
  runtime.append('t', 0, 'a', 'bad', 'c');
  runtime.decide = (operation) => (operation === 'produce' ? 'refused' : 'ok');
  const rig = await runtime.started({
    config: {
      ...tolerant,
      transforms: 'route',
      'transforms.route.type': 'RegexRouter',
      'transforms.route.regex': '.*',
      'transforms.route.replacement': 'other',
    },
  });
  await runtime.clock.pass(20_000);
  expect(reports).toHaveLength(1);
  expect(committed(runtime)).toBeUndefined();
  runtime.decide = () => 'ok';
  await runtime.clock.until('it commits', () => committed(runtime) === 3);
  await Promise.all(reports);
  await runtime.clock.settled(rig.stop());
  expect(runtime.values('dead')).toEqual(['bad']);
  expect(headerOf(runtime, 'topic')).toBe('t');
  expect(headerOf(runtime, 'stage')).toBe('TASK_PUT');
  expect(headerOf(runtime, 'exception.class.name')).toBe('TypeError');
});

test('a record that a task made itself is a dead letter as it is', async () => {
  const { context, runtime } = sink(() => ({
    put: async (records) => {
      for (const record of records)
        await context()
          .errantRecordReporter()
          ?.report({ ...record, key: 'k', value: 'changed' }, 'odd');
    },
  }));
  runtime.append('t', 0, 'a');
  const rig = await runtime.started({ config: tolerant });
  await runtime.clock.until('it commits', () => committed(runtime) === 1);
  await runtime.clock.settled(rig.stop());
  expect(runtime.values('dead')).toEqual(['changed']);
  expect(headerOf(runtime, 'exception.message')).toBe('odd');
});

test('many reports of one put are written in one call, in their order', async () => {
  const { context, runtime } = sink(() => ({
    put: (records) => {
      for (const record of records) void context().errantRecordReporter()?.report(record, 'odd');
    },
  }));
  runtime.append('t', 0, ...Array.from({ length: 100 }, (_, seq) => String(seq)));
  const rig = await runtime.started({ config: tolerant });
  await runtime.clock.until('it commits', () => committed(runtime) === 100);
  await runtime.clock.settled(rig.stop());
  expect(runtime.journal.filter((entry) => entry === 'log.produce')).toHaveLength(1);
  expect(runtime.values('dead')).toEqual(Array.from({ length: 100 }, (_, seq) => String(seq)));
});

test('where nothing is tolerated a report is refused and the task fails, also if nobody waits', async () => {
  const { context, runtime } = sink(() => ({
    put: (records) => {
      for (const record of records) void context().errantRecordReporter()?.report(record, 'odd');
    },
  }));
  runtime.append('t', 0, 'a');
  const rig = await runtime.started({ config: { ...tolerant, 'errors.tolerance': 'none' } });
  await runtime.clock.until('it fails', () => rig.failure !== undefined);
  await runtime.clock.settled(rig.stop());
  expect(rig.failure).toMatchObject({
    code: 'task.put_failed',
    message:
      'Tolerance exceeded in error handler: the task gave up the record of t partition 0 offset 0',
  });
  expect(committed(runtime)).toBeUndefined();
});

test('there is a reporter only where there is something to report to', async () => {
  for (const [config, isThere] of [
    [{}, false],
    [{ 'errors.tolerance': 'all' }, false],
    [{ 'errors.log.enable': 'true' }, true],
    [{ 'errors.deadletterqueue.topic.name': 'dead' }, true],
  ] as const) {
    const { context, runtime } = sink();
    const rig = await runtime.started({ config: { topics: 't', ...config } });
    expect(context().errantRecordReporter() !== undefined).toBe(isThere);
    await runtime.clock.settled(rig.stop());
  }
});

test('a sink whose reports are not written is given no more than a bound of records', async () => {
  const reported: string[] = [];
  const { context, runtime } = sink(() => ({
    put: (records) => {
      for (const record of records) {
        reported.push(String(record.value));
        void context().errantRecordReporter()?.report(record, new Error('odd'));
      }
    },
  }));
  const all = Array.from({ length: 5_000 }, (_, index) => String(index));
  runtime.append('t', 0, ...all);
  // No commit is due meanwhile: it would wait for the letters by itself.
  runtime.decide = (operation) => (operation === 'produce' ? 'refused' : 'ok');
  const rig = await runtime.started({ config: tolerant });
  await runtime.clock.pass(500);
  expect(reported.length).toBeGreaterThan(500);
  expect(reported.length).toBeLessThanOrEqual(1_500);
  runtime.decide = () => 'ok';
  await runtime.clock.until('it commits', () => committed(runtime) === all.length);
  await runtime.clock.settled(rig.stop());
  expect(reported).toEqual(all);
  expect(runtime.values('dead')).toEqual(all);
});

test('a put that reports without end, and waits for nothing, fails its task', async () => {
  const { context, runtime } = sink(() => ({
    put: ([record]) => {
      if (!record) return;
      for (let times = 0; times <= 11_000; times += 1)
        void context().errantRecordReporter()?.report(record, 'odd');
    },
  }));
  runtime.decide = (operation) => (operation === 'produce' ? 'refused' : 'ok');
  runtime.append('t', 0, 'a');
  const rig = await runtime.started({ config: tolerant });
  await runtime.clock.until('it fails', () => rig.failure !== undefined);
  expect(rig.failure).toMatchObject({ code: 'task.reports_not_awaited' });
  expect(rig.failure?.message).toContain('wait for what report() returns');
  await runtime.clock.settled(rig.stop());
  expect(committed(runtime)).toBeUndefined();
});
