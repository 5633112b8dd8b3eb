/** What is told to a tracer of batches on their way, and that nobody pays for one that is not there. */
import {
  RetriableError,
  type SinkRecord,
  type SinkTask,
  type SourceRecord,
  type SourceTask,
} from '@sluice/connector-api';
import { expect, test } from 'vitest';

import { producersOf } from '../src/tracing/producers.ts';
import { batchTask, sinkOf, sourceOf } from './support/plugins.ts';
import { RecordingTracer, stepNames } from './support/recording-tracer.ts';
import { RuntimeUnderTest, type Setup } from './support/runtime-under-test.ts';

function seq(from: number, to = from): SourceRecord[] {
  return Array.from({ length: to - from + 1 }, (_, index) => ({
    topic: 't',
    value: `v${from + index}`,
    sourcePartition: { p: 'a' },
    sourceOffset: { seq: from + index },
  }));
}

interface Traced {
  readonly runtime: RuntimeUnderTest;
  readonly tracer: RecordingTracer;
}

function source(
  batches: (readonly SourceRecord[])[],
  overrides: Partial<SourceTask> = {},
  options: Setup['options'] = {},
): Traced {
  const tracer = new RecordingTracer();
  const plugin = {
    ...sourceOf(() => batchTask(batches, { clock: () => runtime.clock, idleMs: 200 }, overrides)),
    exactlyOnceSupport: () => 'SUPPORTED' as const,
    canDefineTransactionBoundaries: () => 'SUPPORTED' as const,
  };
  const runtime: RuntimeUnderTest = new RuntimeUnderTest({
    plugin,
    options: { tracer, ...options },
  });
  return { runtime, tracer };
}

function sink(put: SinkTask['put'], overrides: Partial<SinkTask> = {}): Traced {
  const tracer = new RecordingTracer();
  const plugin = sinkOf(() => ({ start: () => {}, put, stop: () => {}, ...overrides }));
  const runtime = new RuntimeUnderTest({ plugin, options: { tracer } });
  runtime.store.createTopic('t', 1);
  return { runtime, tracer };
}

const topicT = { topics: 't' };
const hoist = {
  transforms: 'hoist',
  'transforms.hoist.type': 'HoistField$Value',
  'transforms.hoist.field': 'a',
};

function headersIn(runtime: RuntimeUnderTest, offset: number): [string, string][] {
  const stored = runtime.store.topic('t')?.[0]?.at(offset);
  return (stored?.headers ?? []).map(([name, value]) => [
    name,
    Buffer.from(value ?? []).toString(),
  ]);
}

function appendWith(runtime: RuntimeUnderTest, value: string, traceparent?: string): void {
  runtime.store.append('t', 0, {
    key: null,
    value: Buffer.from(value),
    headers: traceparent === undefined ? [] : [['traceparent', Buffer.from(traceparent)]],
    timestampMs: runtime.clock.wallMs(),
  });
  runtime.store.wakeReaders();
}

test('a batch of a source is seen from poll to produce, its records say so, and a commit links to it', async () => {
  const { runtime, tracer } = source([seq(1, 3), seq(4)]);
  const rig = await runtime.started({ config: hoist }, { fence: 7 });
  await runtime.clock.until('offsets are stored', () => tracer.of('commit').length > 0);
  await runtime.clock.settled(rig.stop());
  const [first, second] = tracer.of('source');
  expect(first?.start).toMatchObject({ connector: 'orders', task: 0, fence: 7, records: 3 });
  expect(first && stepNames(first)).toEqual(['poll', 'transform', 'convert', 'produce t']);
  expect(tracer.traces.map(({ ended }) => ended)).toEqual([null, null, null]);
  const commits = tracer.of('commit');
  expect(commits.map(({ start }) => start.links)).toEqual([
    [first?.traceparent, second?.traceparent],
  ]);
  expect(commits.map(stepNames)).toEqual([['commit']]);
  expect(headersIn(runtime, 2)).toEqual([['traceparent', first?.traceparent]]);
  expect(headersIn(runtime, 3)).toEqual([['traceparent', second?.traceparent]]);
});

test('records that have such a header keep it, and the others are left alone where that is wanted', async () => {
  const own = { ...seq(1)[0], topic: 't', headers: [{ name: 'traceparent', value: 'mine' }] };
  const other = { ...seq(2)[0], topic: 't', headers: [{ name: 'kind', value: 'new' }] };
  const batches: (readonly SourceRecord[])[] = [[own, other]];
  const { runtime, tracer } = source(batches);
  const rig = await runtime.started();
  await runtime.clock.until('it is through', () => tracer.traces[0]?.ended === null);
  expect(headersIn(runtime, 0)).toEqual([['traceparent', 'mine']]);
  expect(headersIn(runtime, 1)).toEqual([
    ['kind', 'new'],
    ['traceparent', tracer.traces[0]?.traceparent],
  ]);
  tracer.propagates = false;
  batches.push(seq(3));
  await runtime.clock.until('it is through, too', () => tracer.of('source')[1]?.ended === null);
  expect(headersIn(runtime, 2)).toEqual([]);
  await runtime.clock.settled(rig.stop());
});

test('a batch that is not looked at has no steps and no header', async () => {
  const { runtime, tracer } = source([seq(1, 2)]);
  tracer.isSampled = false;
  const rig = await runtime.started();
  await runtime.clock.until('it is written', () => runtime.values('t').length === 2);
  await runtime.clock.settled(rig.stop());
  expect(tracer.traces).toEqual([]);
  expect(headersIn(runtime, 0)).toEqual([]);
});

test('in transactions each batch has its own, also one that is sent in parts', async () => {
  const batches: SourceRecord[][] = [];
  const { runtime, tracer } = source(batches, {}, { exactlyOnce: true });
  batches.push(seq(1, 2), seq(3));
  const rig = await runtime.started();
  await runtime.clock.until('all is written', () => runtime.values('t').length === 3);
  await runtime.clock.settled(rig.stop());
  expect(tracer.of('source').map(stepNames)).toEqual([
    ['poll', 'convert', 'produce t'],
    ['poll', 'convert', 'produce t'],
  ]);
  expect(tracer.traces.every(({ ended }) => ended === null)).toBe(true);
  expect(tracer.of('commit')).toEqual([]);
});

test('a poll that fails is told without what the configuration keeps', async () => {
  let polls = 0;
  const { runtime, tracer } = source([], {
    poll: async () => {
      polls += 1;
      if (polls === 1) throw new RetriableError('login with hunter2-hunter2 refused\nat once');
      throw new Error('gone');
    },
  });
  const rig = await runtime.started({ config: { password: 'hunter2-hunter2' } });
  await runtime.clock.until('it fails', () => rig.failure !== undefined);
  await runtime.clock.settled(rig.stop());
  expect(tracer.traces.map(({ ended }) => ended?.message)).toEqual([
    'login with <password> refused',
    'gone',
  ]);
  expect(tracer.traces.map(stepNames)).toEqual([
    [expect.stringMatching(/^poll failed: /)],
    ['poll failed: Error'],
  ]);
});

test('what a run leaves behind undelivered ends with it', async () => {
  const { runtime, tracer } = source([seq(1, 2)]);
  runtime.decide = (operation) => (operation === 'produce' ? 'refused' : 'ok');
  const rig = await runtime.started();
  await runtime.clock.until('it is polled', () => tracer.traces.length === 1);
  await runtime.clock.pass(1_000);
  expect(tracer.traces[0]?.ended).toBeUndefined();
  await runtime.clock.settled(rig.stop());
  expect(tracer.traces[0]?.ended?.type).toBe('task.not_delivered');
});

test('a batch of a sink is seen from fetch to put and links to those that wrote it', async () => {
  const put: SinkRecord[] = [];
  const { runtime, tracer } = sink(
    (records) => {
      put.push(...records);
    },
    { flush: () => {} },
  );
  appendWith(runtime, 'a', 'one');
  appendWith(runtime, 'b', 'one');
  appendWith(runtime, 'c');
  appendWith(runtime, 'd', 'two');
  const rig = await runtime.started({ config: { ...topicT, ...hoist } });
  await runtime.clock.until('it is committed', () => tracer.of('commit').length > 0);
  await runtime.clock.settled(rig.stop());
  expect(put).toHaveLength(4);
  const [batch] = tracer.of('sink');
  expect(batch?.start).toMatchObject({ records: 4, links: ['one', 'two'] });
  expect(batch && stepNames(batch)).toEqual(['fetch t', 'convert', 'transform', 'put']);
  expect(batch?.ended).toBeNull();
  const [commit] = tracer.of('commit');
  expect(commit?.start.links).toEqual([batch?.traceparent]);
  expect(commit && stepNames(commit)).toEqual(['flush', 'commit']);
  expect(tracer.of('sink')).toHaveLength(1);
});

test('where contexts are not propagated a sink looks for none', async () => {
  const { runtime, tracer } = sink(() => {});
  tracer.propagates = false;
  appendWith(runtime, 'a', 'one');
  const rig = await runtime.started({ config: topicT });
  await runtime.clock.until('it is put', () => tracer.of('sink')[0]?.ended === null);
  await runtime.clock.settled(rig.stop());
  expect(tracer.of('sink').map(({ start }) => start.links)).toEqual([[]]);
});

test('each attempt of a put is a step, and one that fails for good ends the batch', async () => {
  let puts = 0;
  const { runtime, tracer } = sink((records) => {
    if (records.length === 0) return;
    puts += 1;
    if (puts === 1) throw new RetriableError('busy');
    if (puts === 3) throw new Error('broken');
  });
  runtime.append('t', 0, 'a');
  const rig = await runtime.started({ config: topicT });
  await runtime.clock.until('it is put', () => tracer.traces[0]?.ended !== undefined);
  const [first] = tracer.of('sink');
  expect(first && stepNames(first)).toEqual([
    'fetch t',
    'convert',
    expect.stringMatching(/^put failed: /),
    'put',
  ]);
  expect(first?.ended).toBeNull();
  runtime.append('t', 0, 'b');
  await runtime.clock.until('it fails', () => rig.failure !== undefined);
  await runtime.clock.settled(rig.stop());
  expect(tracer.of('sink')[1]?.ended).toMatchObject({ type: 'task.not_delivered' });
  expect(tracer.of('sink')[1]?.steps.at(-1)?.error?.message).toBe('broken');
});

test('of many producers the first are told, and nothing that is too long', () => {
  const records = Array.from({ length: 100 }, (_, offset) => ({
    offset,
    timestampMs: 0,
    key: null,
    value: null,
    headers: [
      ['other', Buffer.from('x')],
      ['traceparent', Buffer.from(offset === 0 ? 'x'.repeat(200) : `p${offset >> 1}`)],
    ] as const,
  }));
  const batch = { topic: 't', partition: 0, records, nextOffset: 100, highWatermark: 100 };
  expect(producersOf([batch])).toEqual(Array.from({ length: 32 }, (_, index) => `p${index}`));
});
