/** Records that a sink cannot read or transform: what is tolerated, logged, and kept in the dead letter queue. */
import type { SinkRecord } from '@sluice/connector-api';
import type { Logger } from '@sluice/kernel';
import { SluiceError } from '@sluice/kernel';
import { expect, test } from 'vitest';

import { sinkOf } from './support/plugins.ts';
import { RuntimeUnderTest } from './support/runtime-under-test.ts';

const json = {
  topics: 't',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
};
const tolerant = {
  ...json,
  'errors.tolerance': 'all',
  'errors.deadletterqueue.topic.name': 'dead',
};

function sink(logger?: Logger) {
  const values: unknown[] = [];
  const runtime: RuntimeUnderTest = new RuntimeUnderTest({
    plugin: sinkOf(() => ({
      start: () => {},
      put: (records: readonly SinkRecord[]) => void values.push(...records.map((r) => r.value)),
      stop: () => {},
    })),
    ...(logger ? { options: { logger } } : {}),
  });
  runtime.store.createTopic('t', 1);
  return { runtime, values };
}

function committed(runtime: RuntimeUnderTest): number | undefined {
  return runtime.store.groupOffset('connect-orders', 't', 0);
}

function headersOf(runtime: RuntimeUnderTest, offset: number, topic = 'dead') {
  const headers = runtime.store.topic(topic)?.[0]?.at(offset)?.headers ?? [];
  return headers.map(([name, value]) => [name, Buffer.from(value ?? []).toString()]);
}

test('a record that cannot be converted fails the task where nothing is tolerated', async () => {
  const { runtime, values } = sink();
  runtime.append('t', 0, '{"a":1}', '{"a":', '{"a":3}');
  const rig = await runtime.started({
    config: { ...json, 'errors.deadletterqueue.topic.name': 'dead' },
  });
  await runtime.clock.until('it fails', () => rig.failure !== undefined);
  expect(rig.failure?.message).toBe(
    'Tolerance exceeded in error handler: the value of a record of t partition 0 offset 1 cannot be converted',
  );
  await runtime.clock.settled(rig.stop());
  expect(values).toEqual([]);
  expect(committed(runtime)).toBeUndefined();
  // It is read again, so it is not dead.
  expect(runtime.values('dead')).toEqual([]);
});

test('with errors.tolerance=all it is left out, and its bytes and headers are in the queue', async () => {
  const { runtime, values } = sink();
  const timestampMs = runtime.clock.wallMs();
  runtime.append('t', 0, '{"a":1}');
  runtime.store.append('t', 0, {
    key: Buffer.from('k'),
    value: Buffer.from('{"a":'),
    headers: [['trace', Buffer.from([0xff, 0x00])]],
    timestampMs: timestampMs + 7,
  });
  runtime.append('t', 0, '{"a":3}');
  const rig = await runtime.started({ config: tolerant });
  await runtime.clock.until('it commits', () => committed(runtime) === 3);
  expect(values).toEqual([{ a: 1 }, { a: 3 }]);
  expect(runtime.store.topic('dead')).toHaveLength(1);
  expect(runtime.store.topic('dead')?.[0]?.at(0)).toMatchObject({
    key: Buffer.from('k'),
    value: Buffer.from('{"a":'),
    headers: [['trace', Buffer.from([0xff, 0x00])]],
    timestampMs: timestampMs + 7,
  });
  await runtime.clock.settled(rig.stop());
  expect(rig.events.findLast(({ type }) => type === 'metrics')).toMatchObject({
    counters: {
      recordsIn: 3,
      recordsOut: 2,
      recordFailures: 1,
      recordErrors: 1,
      recordsSkipped: 1,
      errorsLogged: 0,
      deadLetterRequests: 1,
      deadLetterFailures: 0,
      lastErrorAtMs: expect.any(Number),
    },
  });
});

test("the headers of a dead letter are Kafka Connect's", async () => {
  const { runtime } = sink();
  runtime.append('t', 0, '{"a":1}', 'no json');
  const rig = await runtime.started({
    config: { ...tolerant, 'errors.deadletterqueue.context.headers.enable': 'true' },
  });
  await runtime.clock.until('it commits', () => committed(runtime) === 2);
  await runtime.clock.settled(rig.stop());
  const headers = headersOf(runtime, 0);
  expect(headers.slice(0, 8)).toEqual([
    ['__connect.errors.topic', 't'],
    ['__connect.errors.partition', '0'],
    ['__connect.errors.offset', '1'],
    ['__connect.errors.connector.name', 'orders'],
    ['__connect.errors.task.id', '0'],
    ['__connect.errors.stage', 'VALUE_CONVERTER'],
    ['__connect.errors.class.name', 'org.apache.kafka.connect.json.JsonConverter'],
    ['__connect.errors.exception.class.name', 'org.apache.kafka.connect.errors.DataException'],
  ]);
  expect(headers.slice(8).map(([name]) => name)).toEqual([
    '__connect.errors.exception.message',
    '__connect.errors.exception.stacktrace',
  ]);
  expect(headers[9]?.[1]).toContain(headers[8]?.[1]);
});

test('a record that failed before keeps the headers of then, and the newest come last', async () => {
  const { runtime } = sink();
  runtime.store.append('t', 0, {
    key: null,
    value: Buffer.from('x'),
    headers: [['__connect.errors.topic', Buffer.from('first')]],
    timestampMs: 1,
  });
  const rig = await runtime.started({
    config: { ...tolerant, 'errors.deadletterqueue.context.headers.enable': 'true' },
  });
  await runtime.clock.until('it commits', () => committed(runtime) === 1);
  await runtime.clock.settled(rig.stop());
  const topics = headersOf(runtime, 0).filter(([name]) => name === '__connect.errors.topic');
  expect(topics).toEqual([
    ['__connect.errors.topic', 'first'],
    ['__connect.errors.topic', 't'],
  ]);
});

test('what a transform fails on goes to the queue as it was read', async () => {
  const { runtime, values } = sink();
  runtime.append('t', 0, '{"a":1}', '{"b":2}', '{"a":3}');
  const rig = await runtime.started({
    config: {
      ...tolerant,
      'errors.deadletterqueue.context.headers.enable': 'true',
      transforms: 'route,amount',
      'transforms.route.type': 'RegexRouter',
      'transforms.route.regex': '.*',
      'transforms.route.replacement': 'other',
      'transforms.amount.type': 'Expression$Value',
      'transforms.amount.filter': 'value.a > 0',
    },
  });
  await runtime.clock.until('it commits', () => committed(runtime) === 3);
  await runtime.clock.settled(rig.stop());
  expect(values).toEqual([{ a: 1 }, { a: 3 }]);
  expect(runtime.values('dead')).toEqual(['{"b":2}']);
  const headers = new Map(headersOf(runtime, 0) as [string, string][]);
  expect(headers.get('__connect.errors.topic')).toBe('t');
  expect(headers.get('__connect.errors.stage')).toBe('TRANSFORMATION');
  expect(headers.get('__connect.errors.class.name')).toBe('io.sluice.transforms.Expression$Value');
});

test('a batch of which nothing is left is committed', async () => {
  const { runtime, values } = sink();
  runtime.append('t', 0, 'x', 'y');
  const rig = await runtime.started({ config: { ...json, 'errors.tolerance': 'all' } });
  await runtime.clock.until('it commits', () => committed(runtime) === 2);
  await runtime.clock.settled(rig.stop());
  expect(values).toEqual([]);
});

test('nothing is committed before the letter is durable, and an outage of the log loses none', async () => {
  const { runtime, values } = sink();
  runtime.append('t', 0, 'x', '{"a":2}');
  runtime.decide = (operation) => (operation === 'produce' ? 'refused' : 'ok');
  const rig = await runtime.started({ config: tolerant });
  await runtime.clock.pass(10_000);
  expect(committed(runtime)).toBeUndefined();
  expect(values).toEqual([]);
  expect(rig.events.some(({ type }) => type === 'stalled')).toBe(true);
  runtime.decide = () => 'ok';
  await runtime.clock.until('it commits', () => committed(runtime) === 2);
  await runtime.clock.settled(rig.stop());
  expect(runtime.values('dead')).toEqual(['x']);
  expect(values).toEqual([{ a: 2 }]);
});

test('a queue that does not take a letter fails the task, and nothing is committed', async () => {
  const { runtime } = sink();
  runtime.append('t', 0, 'x');
  runtime.decide = (operation) => (operation === 'produce' ? 'for-good' : 'ok');
  const rig = await runtime.started({ config: tolerant });
  await runtime.clock.until('it fails', () => rig.failure !== undefined);
  expect(rig.failure).toMatchObject({
    code: 'task.dead_letters_failed',
    message:
      'Could not produce message to dead letter queue. topic=dead: too large. Nothing was committed',
  });
  await runtime.clock.settled(rig.stop());
  expect(committed(runtime)).toBeUndefined();
});

const withContext = { ...tolerant, 'errors.deadletterqueue.context.headers.enable': 'true' };

test('a letter that is too large for its queue goes there without its value', async () => {
  const { runtime, values } = sink();
  runtime.store.createTopic('dead', 1, 10_000);
  const large = 'x'.repeat(9_000);
  runtime.append('t', 0, 'odd', large, 'even', '{"a":4}');
  const rig = await runtime.started({ config: withContext });
  await runtime.clock.until('it commits', () => committed(runtime) === 4);
  await runtime.clock.settled(rig.stop());
  expect(values).toEqual([{ a: 4 }]);
  expect(runtime.values('dead')).toEqual(['odd', 'even', '']);
  const headers = Object.fromEntries(headersOf(runtime, 2)) as Record<string, string>;
  expect(headers).toMatchObject({
    '__sluice.errors.value.omitted': '9000',
    '__connect.errors.topic': 't',
    '__connect.errors.offset': '1',
  });
  expect(headers['__connect.errors.exception.stacktrace']).toBeTruthy();
});

test('one that is too large even so keeps only what says where its record is', async () => {
  const { runtime } = sink();
  runtime.store.createTopic('dead', 1, 1_000);
  runtime.store.append('t', 0, {
    key: Buffer.alloc(600, 'k'),
    value: Buffer.from('odd'),
    headers: [['trace', Buffer.alloc(600)]],
    timestampMs: 1,
  });
  const rig = await runtime.started({ config: withContext });
  await runtime.clock.until('it commits', () => committed(runtime) === 1);
  await runtime.clock.settled(rig.stop());
  expect(runtime.store.topic('dead')?.[0]?.at(0)).toMatchObject({ key: null, value: null });
  expect(headersOf(runtime, 0)).toEqual([
    ['__connect.errors.topic', 't'],
    ['__connect.errors.partition', '0'],
    ['__connect.errors.offset', '0'],
    ['__connect.errors.connector.name', 'orders'],
    ['__connect.errors.task.id', '0'],
    ['__connect.errors.stage', 'VALUE_CONVERTER'],
    ['__connect.errors.class.name', 'org.apache.kafka.connect.json.JsonConverter'],
    ['__connect.errors.exception.class.name', 'org.apache.kafka.connect.errors.DataException'],
    ['__sluice.errors.key.omitted', '600'],
    ['__sluice.errors.value.omitted', '3'],
  ]);
});

test('a queue that takes not even that fails the task, and nothing is committed', async () => {
  const { runtime } = sink();
  runtime.store.createTopic('dead', 1, 100);
  runtime.append('t', 0, 'x');
  const rig = await runtime.started({ config: withContext });
  await runtime.clock.until('it fails', () => rig.failure !== undefined);
  expect(rig.failure).toMatchObject({ code: 'task.dead_letters_failed' });
  expect(rig.failure?.message).toContain("above the log's limit of 100 bytes");
  await runtime.clock.settled(rig.stop());
  expect(committed(runtime)).toBeUndefined();
});

test('a queue that cannot be created fails the task when it starts', async () => {
  const { runtime } = sink();
  runtime.log.topics.create = () =>
    Promise.reject(new SluiceError('log.topic_not_created', 'only 1 broker'));
  const rig = await runtime.started({ config: tolerant });
  expect(rig.failure?.message).toBe(
    'Could not initialize dead letter queue with topic=dead: only 1 broker. Create it yourself, or set errors.deadletterqueue.topic.replication.factor to what the brokers allow',
  );
});

test('a queue that is there is used with the partitions that it has', async () => {
  const { runtime } = sink();
  runtime.store.createTopic('dead', 4);
  runtime.append('t', 0, 'x');
  const rig = await runtime.started({ config: tolerant });
  await runtime.clock.until('it commits', () => committed(runtime) === 1);
  await runtime.clock.settled(rig.stop());
  const held = [0, 1, 2, 3].flatMap((partition) => runtime.values('dead', partition));
  expect(held).toEqual(['x']);
});

test('errors.log.enable tells what failed, and which record only if it may', async () => {
  const logged: string[] = [];
  const logger: Logger = {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (_fields, message) => void logged.push(message),
    child: () => logger,
  };
  const { runtime } = sink(logger);
  const timestamp = String(runtime.clock.wallMs());
  runtime.append('t', 0, 'x');
  const config = { ...json, 'errors.tolerance': 'all', 'errors.log.enable': 'true' };
  const first = await runtime.started({ config });
  await runtime.clock.until('it commits', () => committed(runtime) === 1);
  await runtime.clock.settled(first.stop());
  runtime.store.commitGroup('connect-orders', [{ topic: 't', partition: 0, offset: 0 }]);
  const second = await runtime.started({
    config: { ...config, 'errors.log.include.messages': 'true' },
  });
  await runtime.clock.until('it commits', () => committed(runtime) === 1);
  await runtime.clock.settled(second.stop());
  const start =
    "Error encountered in task orders-0. Executing stage 'VALUE_CONVERTER' with class 'org.apache.kafka.connect.json.JsonConverter'";
  expect(logged).toEqual([
    `${start}.`,
    `${start}, where consumed record is {topic='t', partition=0, offset=0, timestamp=${timestamp}, timestampType=CreateTime}.`,
  ]);
});
