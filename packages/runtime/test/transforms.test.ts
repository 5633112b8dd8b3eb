/** Transforms between a connector and the log: what reaches which side, and what it means for offsets. */
import type { RecordMetadata, SinkRecord, SourceRecord } from '@sluice/connector-api';
import { expect, test } from 'vitest';

import { batchTask, sinkOf, sourceOf } from './support/plugins.ts';
import { RuntimeUnderTest } from './support/runtime-under-test.ts';

/** Drops records whose value is `drop`, and routes the others. */
const dropAndRoute = {
  transforms: 'drop,route',
  'transforms.drop.type': 'Expression$Value',
  'transforms.drop.filter': "value != 'drop'",
  'transforms.route.type': 'RegexRouter',
  'transforms.route.regex': '(.*)',
  'transforms.route.replacement': '$1-out',
};

function record(seq: number, value: string): SourceRecord {
  return { topic: 't', value, sourcePartition: { p: 'a' }, sourceOffset: { seq } };
}

function source(
  batches: (readonly SourceRecord[])[],
  told: [SourceRecord, RecordMetadata | undefined][] = [],
): RuntimeUnderTest {
  const plugin = sourceOf(() =>
    batchTask(
      batches,
      { clock: () => runtime.clock, idleMs: 1_000 },
      { commitRecord: (committed, metadata) => void told.push([committed, metadata]) },
    ),
  );
  const runtime: RuntimeUnderTest = new RuntimeUnderTest({ plugin });
  return runtime;
}

test('a source writes what the transforms made, and is told of what it polled', async () => {
  const told: [SourceRecord, RecordMetadata | undefined][] = [];
  const polled = [record(1, 'a'), record(2, 'drop'), record(3, 'c')];
  const runtime = source([polled], told);
  const rig = await runtime.started({ config: dropAndRoute });
  await runtime.clock.until('it is told', () => told.length === 3);
  expect(runtime.values('t-out')).toEqual(['a', 'c']);
  expect(runtime.store.topic('t')).toBeUndefined();
  expect(told).toEqual([
    [polled[0], { topic: 't-out', partition: 0, offset: 0 }],
    [polled[2], { topic: 't-out', partition: 0, offset: 1 }],
    [polled[1], undefined],
  ]);
  await runtime.clock.settled(rig.stop());
  expect(await runtime.storedSeq()).toBe(3);
});

test('what the transforms did is counted, and told with what the task is made of', async () => {
  const runtime = source([
    [record(1, 'a'), record(2, 'drop'), record(3, 'c')],
    [record(4, 'drop')],
  ]);
  const rig = await runtime.started({ config: dropAndRoute });
  await runtime.clock.pass(3_000);
  await runtime.clock.settled(rig.stop());
  expect(rig.events.findLast(({ type }) => type === 'metrics')).toMatchObject({
    counters: {
      transforms: [
        { name: 'drop', recordsIn: 4, recordsOut: 2, seconds: 0 },
        { name: 'route', recordsIn: 2, recordsOut: 2, seconds: 0 },
      ],
    },
  });
  const text = {
    class: 'org.apache.kafka.connect.storage.StringConverter',
    version: expect.any(String) as string,
  };
  expect(rig.events.find(({ type }) => type === 'parts')).toEqual({
    type: 'parts',
    parts: {
      converters: {
        key: text,
        value: text,
        header: { ...text, class: 'org.apache.kafka.connect.storage.SimpleHeaderConverter' },
      },
      transforms: [
        {
          name: 'drop',
          class: 'io.sluice.transforms.Expression$Value',
          version: expect.any(String) as string,
        },
        {
          name: 'route',
          class: 'org.apache.kafka.connect.transforms.RegexRouter',
          version: expect.any(String) as string,
        },
      ],
      predicates: [],
    },
  });
});

test('a batch of which nothing is left commits its offset all the same', async () => {
  const told: [SourceRecord, RecordMetadata | undefined][] = [];
  const runtime = source([[record(1, 'a')], [record(2, 'drop'), record(3, 'drop')]], told);
  const rig = await runtime.started({ config: dropAndRoute });
  await runtime.clock.until('it is told', () => told.length === 3);
  await runtime.clock.settled(rig.stop());
  expect(runtime.values('t-out')).toEqual(['a']);
  expect(told.slice(1).map(([, metadata]) => metadata)).toEqual([undefined, undefined]);
  expect(await runtime.storedSeq()).toBe(3);
  expect(rig.events.findLast(({ type }) => type === 'metrics')).toMatchObject({
    counters: { recordsIn: 3, recordsOut: 1 },
  });
});

test.each([{}, dropAndRoute])(
  'an offset alone is written nowhere, and stored behind those before it, with %o',
  async (config) => {
    const told: [SourceRecord, RecordMetadata | undefined][] = [];
    const alone: SourceRecord = { ...record(2, 'b'), topic: '', isOffsetOnly: true };
    const runtime = source(
      [[record(1, 'a'), alone], [{ ...alone, sourceOffset: { seq: 3 } }]],
      told,
    );
    const rig = await runtime.started({ config });
    await runtime.clock.until('it is told', () => told.length === 3);
    expect(told.slice(1).map(([, metadata]) => metadata)).toEqual([undefined, undefined]);
    await runtime.clock.settled(rig.stop());
    const topic = 'transforms' in config ? 't-out' : 't';
    expect(runtime.values(topic)).toEqual(['a']);
    expect(runtime.store.topic('')).toBeUndefined();
    expect(await runtime.storedSeq()).toBe(3);
  },
);

test('a dropped record is not told, nor its offset stored, before those ahead of it are acknowledged', async () => {
  const told: [SourceRecord, RecordMetadata | undefined][] = [];
  const runtime = source([[record(1, 'a')], [record(2, 'drop')]], told);
  runtime.decide = (operation) => (operation === 'produce' ? 'refused' : 'ok');
  const rig = await runtime.started({ config: dropAndRoute });
  await runtime.clock.pass(5_000);
  expect(told).toEqual([]);
  expect(await runtime.storedSeq()).toBeUndefined();
  runtime.decide = () => 'ok';
  await runtime.clock.until('it is told', () => told.length === 2);
  await runtime.clock.settled(rig.stop());
  expect(await runtime.storedSeq()).toBe(2);
});

test('a record that a transform fails on fails the task, and none behind it is stored', async () => {
  const runtime = source([[record(1, 'a')], [record(2, 'b'), record(3, 'c')]]);
  const rig = await runtime.started({
    config: {
      transforms: 'amount',
      'transforms.amount.type': 'Expression$Value',
      'transforms.amount.filter': "value == 'a' || value.amount > 1",
    },
  });
  await runtime.clock.until('it fails', () => rig.failure !== undefined);
  expect(rig.failure).toMatchObject({
    code: 'task.transformation_failed',
    message:
      'Tolerance exceeded in error handler: the transformation amount (io.sluice.transforms.Expression$Value) failed on a record of t',
  });
  expect(rig.failure?.cause).toMatchObject({ message: expect.stringMatching(/^filter: /) });
  expect(runtime.values('t')).toEqual(['a']);
  expect(await runtime.storedSeq()).toBe(1);
});

test('a task whose transforms are wrong fails by name before it touches the log', async () => {
  const runtime = source([]);
  const rig = await runtime.started({
    config: { transforms: 'x', 'transforms.x.type': 'Unknown' },
  });
  expect(rig.failure?.message).toBe(
    'Invalid value Unknown for configuration transforms.x.type: Class Unknown could not be found.',
  );
  expect(runtime.journal).toEqual([]);
});

function sink(puts: SinkRecord[][], onPut: (runtime: RuntimeUnderTest) => void = () => {}) {
  const flushed: string[] = [];
  const runtime: RuntimeUnderTest = new RuntimeUnderTest({
    plugin: sinkOf(() => ({
      start: () => {},
      put: (records) => {
        if (records.length > 0) puts.push([...records]);
        onPut(runtime);
      },
      flush: (offsets) =>
        void flushed.push([...offsets].map(([name, { offset }]) => `${name}=${offset}`).join(' ')),
      stop: () => {},
    })),
  });
  runtime.store.createTopic('t', 1);
  return { runtime, flushed };
}

test('a sink gets what the transforms made, knows where it was read, and commits there', async () => {
  const puts: SinkRecord[][] = [];
  const { flushed, runtime } = sink(puts);
  runtime.append('t', 0, 'a', 'drop', 'c');
  const rig = await runtime.started({ config: { topics: 't', ...dropAndRoute } });
  await runtime.clock.until('it commits', () => runtime.journal.includes('log.commit'));
  expect(puts.flat()).toMatchObject([
    { topic: 't-out', offset: 0, value: 'a', original: { topic: 't', partition: 0, offset: 0 } },
    { topic: 't-out', offset: 2, value: 'c', original: { topic: 't', partition: 0, offset: 2 } },
  ]);
  await runtime.clock.settled(rig.stop());
  expect(flushed[0]).toBe('t-0=3');
  expect(runtime.store.groupOffsets('connect-orders')).toMatchObject([
    { topic: 't', partition: 0, offset: 3 },
  ]);
  expect(rig.events.findLast(({ type }) => type === 'metrics')).toMatchObject({
    counters: { recordsIn: 3, recordsOut: 2, lag: 0 },
  });
});

test('a sink commits past records that were all dropped', async () => {
  const puts: SinkRecord[][] = [];
  const { runtime } = sink(puts);
  runtime.append('t', 0, 'drop', 'drop');
  const rig = await runtime.started({ config: { topics: 't', ...dropAndRoute } });
  await runtime.clock.until('it commits', () => runtime.journal.includes('log.commit'));
  await runtime.clock.settled(rig.stop());
  expect(puts).toEqual([]);
  expect(runtime.store.groupOffsets('connect-orders')).toMatchObject([{ offset: 2 }]);
});

test('a record that a transform does not move says nothing of where it was read', async () => {
  const puts: SinkRecord[][] = [];
  const { runtime } = sink(puts);
  runtime.append('t', 0, 'a');
  const rig = await runtime.started({
    config: {
      topics: 't',
      transforms: 'x',
      'transforms.x.type': 'HoistField$Value',
      'transforms.x.field': 'f',
    },
  });
  await runtime.clock.until('it is put', () => puts.length === 1);
  await runtime.clock.settled(rig.stop());
  expect(puts[0]).toMatchObject([{ topic: 't', value: { f: 'a' } }]);
  expect(puts[0]?.[0]).not.toHaveProperty('original');
});

test('a failing record of a sink is named by its place in the log', async () => {
  const { runtime } = sink([]);
  runtime.append('t', 0, 'a', 'b');
  const rig = await runtime.started({
    config: {
      topics: 't',
      transforms: 'route,x',
      'transforms.route.type': 'RegexRouter',
      'transforms.route.regex': '.*',
      'transforms.route.replacement': 'elsewhere',
      'transforms.x.type': 'Expression$Value',
      'transforms.x.filter': "value == 'a' || value.amount > 1",
    },
  });
  await runtime.clock.until('it fails', () => rig.failure !== undefined);
  expect(rig.failure?.message).toContain('failed on a record of t partition 0 offset 1');
});
