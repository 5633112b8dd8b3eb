/** Records of a source that cannot be transformed, converted or produced. */
import type { RecordMetadata, SourceRecord } from '@sluice/connector-api';
import { expect, test } from 'vitest';

import { batchTask, sourceOf } from './support/plugins.ts';
import { RuntimeUnderTest, type Setup } from './support/runtime-under-test.ts';

const tolerant = {
  'errors.tolerance': 'all',
  'errors.deadletterqueue.topic.name': 'dead',
  'errors.deadletterqueue.context.headers.enable': 'true',
};

const onlyNumbers = {
  'value.converter': 'org.apache.kafka.connect.converters.LongConverter',
};

function record(seq: number, value: unknown, more: Partial<SourceRecord> = {}): SourceRecord {
  return { topic: 't', value, sourcePartition: { p: 'a' }, sourceOffset: { seq }, ...more };
}

function source(batches: (readonly SourceRecord[])[], setup: Partial<Setup> = {}) {
  const told: [SourceRecord, RecordMetadata | undefined][] = [];
  const plugin = sourceOf(() =>
    batchTask(
      batches,
      { clock: () => runtime.clock, idleMs: 1_000 },
      { commitRecord: (committed, metadata) => void told.push([committed, metadata]) },
    ),
  );
  const runtime: RuntimeUnderTest = new RuntimeUnderTest({ plugin, ...setup });
  return { runtime, told };
}

function letter(runtime: RuntimeUnderTest, offset: number) {
  const stored = runtime.store.topic('dead')?.[0]?.at(offset);
  const headers = (stored?.headers ?? []).map(
    ([name, value]) => [name, Buffer.from(value ?? []).toString()] as const,
  );
  return { stored, headers: Object.fromEntries(headers) };
}

test('a record that cannot be converted is a dead letter as far as it was converted', async () => {
  const polled = [
    record(1, 1n),
    record(2, { not: 'a number' }, { key: 'k', partition: 0, timestampMs: 42 }),
    record(3, 3n),
  ];
  const { runtime, told } = source([polled]);
  const rig = await runtime.started({ config: { ...tolerant, ...onlyNumbers } });
  await runtime.clock.until('it is told', () => told.length === 3);
  await runtime.clock.settled(rig.stop());
  expect(runtime.store.topic('t')?.[0]?.high).toBe(2);
  expect(await runtime.storedSeq()).toBe(3);
  expect(
    told.map(([{ sourceOffset }, metadata]) => [sourceOffset?.['seq'], metadata?.offset]),
  ).toEqual([
    [1, 0],
    [3, 1],
    [2, undefined],
  ]);
  const { headers, stored } = letter(runtime, 0);
  expect(stored).toMatchObject({
    key: Buffer.from('k'),
    value: Buffer.from('{"not":"a number"}'),
    timestampMs: 42,
  });
  expect(headers).toMatchObject({
    '__sluice.errors.value.encoding': 'json',
    '__sluice.errors.source.partition': '{"p":"a"}',
    '__sluice.errors.source.offset': '{"seq":2}',
    '__connect.errors.topic': 't',
    '__connect.errors.partition': '0',
    '__connect.errors.offset': '-1',
    '__connect.errors.stage': 'VALUE_CONVERTER',
    '__connect.errors.class.name': 'org.apache.kafka.connect.converters.LongConverter',
  });
  expect(rig.events.findLast(({ type }) => type === 'metrics')).toMatchObject({
    counters: { recordsOut: 2, recordsSkipped: 1, deadLetterRequests: 1 },
  });
});

test('without a dead letter queue it is left out, and its offset passed', async () => {
  const { runtime, told } = source([[record(1, 'x')]]);
  const rig = await runtime.started({ config: { 'errors.tolerance': 'all', ...onlyNumbers } });
  await runtime.clock.until('it is told', () => told.length === 1);
  await runtime.clock.settled(rig.stop());
  expect(await runtime.storedSeq()).toBe(1);
  expect(runtime.store.topicNames()).toEqual([]);
});

test('the offset of a dead letter is stored only after the letter is', async () => {
  const { runtime } = source([[record(1, 'x')]]);
  runtime.decide = (operation) => (operation === 'produce' ? 'refused' : 'ok');
  const rig = await runtime.started({ config: { ...tolerant, ...onlyNumbers } });
  await runtime.clock.pass(5_000);
  expect(await runtime.storedSeq()).toBeUndefined();
  runtime.decide = () => 'ok';
  await runtime.clock.pass(5_000);
  await runtime.clock.settled(rig.stop());
  expect(runtime.values('dead')).toEqual(['x'].map((value) => JSON.stringify(value)));
  expect(await runtime.storedSeq()).toBe(1);
});

test('a record that the log refuses is found among the others, and left out', async () => {
  const polled = [1, 2, 3, 4, 5].map((seq) =>
    record(seq, `v${String(seq)}`, seq === 4 ? { partition: 9 } : {}),
  );
  const { runtime, told } = source([polled]);
  runtime.store.createTopic('t', 1);
  const rig = await runtime.started({ config: tolerant });
  await runtime.clock.until('it is told', () => told.length === 5);
  await runtime.clock.settled(rig.stop());
  expect(runtime.values('t')).toEqual(['v1', 'v2', 'v3', 'v5']);
  expect(runtime.values('dead')).toEqual(['v4']);
  expect(letter(runtime, 0).headers).toMatchObject({
    '__connect.errors.stage': 'KAFKA_PRODUCE',
    '__connect.errors.partition': '9',
    '__connect.errors.topic': 't',
  });
  expect(told.map(([, metadata]) => metadata?.offset)).toEqual([0, 1, 2, undefined, 3]);
  expect(await runtime.storedSeq()).toBe(5);
});

test("a record above the topic's own limit is left out, and the others are there once and in order", async () => {
  const large = 'x'.repeat(20_000);
  const polled = ['a', large, 'c', large, 'e'].map((value, index) => record(index + 1, value));
  const { runtime, told } = source([polled, [record(6, 'f')]]);
  runtime.store.createTopic('t', 1, 10_000);
  const rig = await runtime.started({ config: tolerant });
  await runtime.clock.until('it is told', () => told.length === 6);
  await runtime.clock.settled(rig.stop());
  expect(runtime.values('t')).toEqual(['a', 'c', 'e', 'f']);
  expect(runtime.values('dead')).toEqual([large, large]);
  expect(told.map(([, metadata]) => metadata?.offset)).toEqual([0, undefined, 1, undefined, 2, 3]);
  expect(await runtime.storedSeq()).toBe(6);
  expect(rig.events.findLast(({ type }) => type === 'metrics')).toMatchObject({
    counters: { recordsOut: 4, recordsSkipped: 2, recordFailures: 2, deadLetterRequests: 2 },
  });
});

test('a letter that is too large for its queue goes there without its value, and others of its poll once', async () => {
  const large = 'x'.repeat(20_000);
  const polled = [record(1, 1n), record(2, large, { key: 'k' }), record(3, 'odd')];
  const { runtime, told } = source([polled]);
  runtime.store.createTopic('dead', 1, 10_000);
  const rig = await runtime.started({ config: { ...tolerant, ...onlyNumbers } });
  await runtime.clock.until('it is told', () => told.length === 3);
  await runtime.clock.settled(rig.stop());
  expect(runtime.store.topic('t')?.[0]?.high).toBe(1);
  expect(runtime.values('dead')).toEqual(['"odd"', '']);
  const { headers, stored } = letter(runtime, 1);
  expect(stored).toMatchObject({ key: Buffer.from('k'), value: null });
  expect(headers).toMatchObject({
    // With its quotes: it is JSON, since the converter did not take it.
    '__sluice.errors.value.omitted': '20002',
    '__sluice.errors.source.offset': '{"seq":2}',
    '__connect.errors.stage': 'VALUE_CONVERTER',
  });
  expect(await runtime.storedSeq()).toBe(3);
  expect(rig.events.findLast(({ type }) => type === 'metrics')).toMatchObject({
    counters: { deadLetterRequests: 2, deadLetterFailures: 0 },
  });
});

test('where nothing is tolerated it fails the task', async () => {
  const { runtime } = source([[record(1, 'a', { partition: 9 })]]);
  runtime.store.createTopic('t', 1);
  const rig = await runtime.started();
  await runtime.clock.until('it fails', () => rig.failure !== undefined);
  expect(rig.failure).toMatchObject({ code: 'log.unknown_partition' });
  await runtime.clock.settled(rig.stop());
  expect(await runtime.storedSeq()).toBeUndefined();
});
