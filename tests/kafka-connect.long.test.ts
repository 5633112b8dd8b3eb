/**
 * A pipeline moves from the real Kafka Connect to Sluice and back, on the same offsets: those of the source in
 * Connect's own topic, those of the sink in its consumer group. Exactly where one stopped the other goes on.
 */
import { appendFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

import type { FetchedRecord, TopicPartition } from '@sluice/record-log';
import { KafkaLog } from '@sluice/record-log-kafka';
import {
  type ApiClient,
  type Cluster,
  type KafkaConnect,
  type KafkaHandle,
  makeOwnedFolder,
  startCluster,
  startKafka,
  startKafkaConnect,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { linesIn } from './support/numbered-file.ts';
import { sluice } from './support/sluice-command.ts';

const strings = {
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
};
const offsetsTopic = 'connect-offsets';
const topic = 'lines';
/** Two JVMs, a cluster and another file of tests share what may be two cores. */
const patienceMs = 60_000;

interface FoundRecord extends FetchedRecord {
  readonly partition: number;
}

let folder: string;
let input: string;
let output: string;
let kafka: KafkaHandle;
let connect: KafkaConnect;
let cluster: Cluster;
let log: KafkaLog;
let written = 0;

beforeAll(async () => {
  folder = makeOwnedFolder('kafka-connect');
  input = join(folder, 'größe 1.txt');
  output = join(folder, 'output.txt');
  kafka = await startKafka();
  const flush = { 'offset.flush.interval.ms': '500' };
  [connect, cluster] = await Promise.all([
    startKafkaConnect({ kafka, offsetsTopic, config: flush }),
    startCluster({
      workers: 1,
      env: { KAFKA_BROKERS: kafka.bootstrap, SLUICE_OFFSET_STORAGE_TOPIC: offsetsTopic },
    }),
  ]);
  log = new KafkaLog({
    brokers: kafka.brokers,
    cluster: 'look',
    clientId: 'look',
    offsetStorageTopic: offsetsTopic,
  });
  await log.start();
  await log.topics.create(topic, { partitions: 1 });
}, 120_000);

afterAll(async () => {
  log?.destroy();
  await Promise.all([cluster?.stop(), connect?.stop()]);
  await kafka?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Of different lengths. ASCII: Kafka Connect's own source counts letters as one byte each, and goes astray by others. */
function appendLines(count: number): void {
  const lines = Array.from({ length: count }, (_, index) => {
    const number = written + index;
    return `${number} ${'x'.repeat(number % 7)}\n`;
  });
  appendFileSync(input, lines.join(''));
  written += count;
}

/** Whether the lines in the topic, or in the output, are all that were written, each once and in order. */
async function assertAllArrived(): Promise<void> {
  const expected = linesIn(input);
  expect(expected).toHaveLength(written);
  const partition = { topic, partition: 0 };
  await waitFor(async () => (await log.topics.watermarks([partition]))[0], {
    what: `${written} records`,
    until: (seen) => (seen?.high ?? 0) >= written,
    timeoutMs: patienceMs,
  });
  const records = await everythingIn([partition]);
  expect(records.map(({ value }) => textOf(value))).toEqual(expected);
  await waitFor(() => linesIn(output).length >= written, {
    what: `${written} lines in the output`,
    timeoutMs: patienceMs,
  });
  expect(linesIn(output)).toEqual(expected);
}

/** Until the offsets say that all was moved. */
async function untilStored(): Promise<void> {
  const position = statSync(input).size;
  await waitFor(() => log.listSourceOffsets('lines'), {
    what: `position ${position} to be stored`,
    until: (offsets) => offsets[0]?.offset?.['position'] === position,
    timeoutMs: patienceMs,
  });
  // Not the number of lines: a new owner's mark in the partition has an offset as well.
  const [end] = await log.topics.watermarks([{ topic, partition: 0 }]);
  await waitFor(() => log.listGroupOffsets('connect-out'), {
    what: `offset ${end?.high} to be committed`,
    until: (offsets) => offsets[0]?.offset === end?.high,
    timeoutMs: patienceMs,
  });
}

/** What is in the topic of offsets for a connector. */
async function storedFor(connector: string): Promise<FoundRecord[]> {
  const partitions = (await log.topics.describe([offsetsTopic])).get(offsetsTopic)?.partitions ?? 0;
  const records = await everythingIn(
    Array.from({ length: partitions }, (_, partition) => ({ topic: offsetsTopic, partition })),
  );
  return records.filter(({ key }) => textOf(key)?.startsWith(`["${connector}"`));
}

async function everythingIn(partitions: readonly TopicPartition[]): Promise<FoundRecord[]> {
  const reader = await log.openReader({
    identity: { id: 'look', fence: 1 },
    group: `look-${partitions[0]?.topic}`,
  });
  await reader.assign(partitions);
  const ends = await log.topics.watermarks(partitions);
  const records: FoundRecord[] = [];
  const isBehind = (): boolean =>
    partitions.some((each, index) => (reader.position(each) ?? 0) < (ends[index]?.high ?? 0));
  while (isBehind()) {
    for (const { partition, records: found } of await reader.poll(1_000)) {
      for (const record of found) records.push({ ...record, partition });
    }
  }
  await reader.close();
  return records;
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString();
}

async function apply(api: ApiClient): Promise<void> {
  const definitions = {
    lines: { 'connector.class': 'FileStreamSource', file: input, topic, ...strings },
    out: { 'connector.class': 'FileStreamSink', file: output, topics: topic, ...strings },
  };
  for (const [name, config] of Object.entries(definitions)) {
    const { status, body } = await api.put(`/connectors/${name}/config`, config);
    expect([200, 201], JSON.stringify(body)).toContain(status);
  }
}

async function both(api: ApiClient, what: 'stop' | 'resume'): Promise<void> {
  for (const name of ['lines', 'out']) {
    const { status, body } = await api.put(`/connectors/${name}/${what}`);
    expect([202, 204], JSON.stringify(body)).toContain(status);
  }
}

async function untilNoTasks(api: ApiClient, names = ['lines', 'out']): Promise<void> {
  for (const name of names) {
    await waitFor(() => api.get<{ tasks: unknown[] }>(`/connectors/${name}/status`), {
      what: `${name} to be stopped`,
      until: ({ body }) => body.tasks?.length === 0,
      timeoutMs: patienceMs,
    });
  }
}

test('a pipeline moves from Kafka Connect to Sluice and back without losing or repeating a line', async () => {
  // Kafka Connect begins.
  appendLines(100);
  await apply(connect.api);
  await assertAllArrived();
  await untilStored();

  // Sluice does not touch a group that Kafka Connect reads under.
  const { status } = await cluster.api.put('/connectors/out/config', {
    'connector.class': 'FileStreamSink',
    file: output,
    topics: topic,
    ...strings,
  });
  expect(status).toBe(201);
  const worker = cluster.workers[0]?.process;
  await worker?.waitForLine(/log\.group_in_use/);
  expect(linesIn(output)).toHaveLength(written);

  // Sluice goes on where Kafka Connect stopped.
  await both(connect.api, 'stop');
  await untilNoTasks(connect.api);
  appendLines(50);
  await apply(cluster.api);
  await assertAllArrived();
  await untilStored();

  // Kafka Connect goes on where Sluice stopped, also after a restart.
  await both(cluster.api, 'stop');
  await untilNoTasks(cluster.api);
  appendLines(30);
  await connect.restart();
  const offsets = await connect.api.read<{ offsets: unknown[] }>('/connectors/lines/offsets');
  expect(offsets.offsets).toHaveLength(1);
  await both(connect.api, 'resume');
  await assertAllArrived();
  await untilStored();

  // And Sluice once more.
  await both(connect.api, 'stop');
  await untilNoTasks(connect.api);
  appendLines(20);
  await both(cluster.api, 'resume');
  await assertAllArrived();
  await untilStored();
}, 180_000);

test('what both wrote to the topic of offsets has the same bytes', async () => {
  const records = await storedFor('lines');
  const keys = new Set(records.map(({ key }) => textOf(key)));
  expect(keys).toEqual(new Set([`["lines",{"filename":"${input}"}]`]));
  // A key in two partitions would be two keys for the compaction, and for Kafka Connect.
  expect(new Set(records.map(({ partition }) => partition)).size).toBe(1);
  for (const { value } of records) expect(textOf(value)).toMatch(/^\{"position":\d+\}$/);
  // Each of them wrote: four times somebody stored the end of what there was.
  const stored = new Set(records.map(({ value }) => textOf(value)));
  expect(stored).toContain(`{"position":${statSync(input).size}}`);
  expect(stored.size).toBeGreaterThanOrEqual(4);
});

test('Kafka Connect goes on with a source that Sluice began', async () => {
  const file = join(folder, 'a "file" with \\, tab\t, é, 漢.txt');
  const config = { 'connector.class': 'FileStreamSource', file, topic: 'more', ...strings };
  await log.topics.create('more', { partitions: 1 });
  const partition = { topic: 'more', partition: 0 };
  const untilThere = async (count: number): Promise<void> => {
    await waitFor(async () => (await everythingIn([partition])).length >= count, {
      what: `${count} records`,
      timeoutMs: patienceMs,
    });
  };
  appendFileSync(file, 'one\ntwo\n');
  await cluster.apply('more', config);
  await untilThere(2);
  await waitFor(() => log.listSourceOffsets('more'), {
    what: 'the position to be stored',
    until: (offsets) => offsets[0]?.offset?.['position'] === 8,
  });
  expect((await cluster.api.put('/connectors/more/stop')).status).toBe(204);
  await untilNoTasks(cluster.api, ['more']);
  appendFileSync(file, 'three\n');

  const stopped = { name: 'more', config, initial_state: 'STOPPED' };
  expect((await connect.api.post('/connectors', stopped)).status).toBe(201);
  expect(await connect.api.read('/connectors/more/offsets')).toEqual({
    offsets: [{ partition: { filename: file }, offset: { position: 8 } }],
  });
  await connect.api.put('/connectors/more/resume');
  await untilThere(3);
  const lines = (await everythingIn([partition])).map(({ value }) => textOf(value));
  expect(lines).toEqual(['one', 'two', 'three']);
  await waitFor(async () => (await storedFor('more')).length >= 2, {
    what: 'Kafka Connect to store its position',
    timeoutMs: patienceMs,
  });
  const [ours, theirs] = await storedFor('more');
  expect(textOf(theirs?.key ?? null)).toBe(textOf(ours?.key ?? null));
  expect(theirs?.partition).toBe(ours?.partition);
});

test('dead letters of Kafka Connect are shown and replayed, and look like those of Sluice', async () => {
  const config = {
    'connector.class': 'FileStreamSink',
    file: join(folder, 'numbers.txt'),
    topics: 'numbers',
    ...strings,
    transforms: 'cast',
    'transforms.cast.type': 'org.apache.kafka.connect.transforms.Cast$Value',
    'transforms.cast.spec': 'int32',
    'errors.tolerance': 'all',
    'errors.deadletterqueue.topic.name': 'dead',
    'errors.deadletterqueue.topic.replication.factor': '1',
    'errors.deadletterqueue.context.headers.enable': 'true',
  };
  await log.topics.create('numbers', { partitions: 3 });
  // Not of long ago: Kafka deletes what is older than a week.
  const timestampMs = Date.now() - 60_000;
  const writer = await log.openWriter({ id: 'numbers', fence: 1 });
  const sent = ['1', 'two', '3'].map((value) => ({
    key: Buffer.from('k'),
    value: Buffer.from(value),
    headers: [['own', Buffer.from('h')]] as const,
    timestampMs,
    partition: 2,
  }));
  await writer.produce([{ topic: 'numbers', records: sent }]);
  await writer.close();
  const dead = [{ topic: 'dead', partition: 0 }];
  const letters = async (count: number): Promise<FoundRecord[]> =>
    await waitFor(async () => await everythingIn(dead), {
      what: `${count} letters`,
      until: (found) => found.length >= count,
      timeoutMs: patienceMs,
    });

  // Kafka Connect writes one.
  expect((await connect.api.put('/connectors/numbers/config', config)).status).toBe(201);
  const [theirs] = await letters(1);
  const shown = await dlq('show', 'dead', '--json');
  expect(JSON.parse(shown)).toMatchObject([
    {
      key: 'k',
      value: 'two',
      headers: [{ name: 'own', value: 'h' }],
      timestampMs,
      errors: {
        topic: 'numbers',
        partition: '2',
        stage: 'TRANSFORMATION',
        'connector.name': 'numbers',
        'exception.class.name': 'org.apache.kafka.connect.errors.DataException',
      },
    },
  ]);
  expect((await connect.api.put('/connectors/numbers/stop')).status).toBe(204);
  await untilNoTasks(connect.api, ['numbers']);

  // Sluice has the sink now, and replays it.
  await cluster.apply('numbers', config);
  await cluster.waitForRunning('numbers');
  expect(await dlq('list')).toMatch(/^dead +1 +1 +numbers$/m);
  expect(JSON.parse(await dlq('replay', 'numbers', '--json'))).toMatchObject({
    topics: { numbers: 1 },
    passedOver: [],
  });
  const replayed = (await everythingIn([{ topic: 'numbers', partition: 2 }])).at(-1);
  expect(replayed).toMatchObject({ timestampMs });
  expect(textOf(replayed?.value ?? null)).toBe('two');
  expect(replayed?.headers.map(([name]) => name)).toEqual(['own']);

  // It fails again: now the letter is Sluice's.
  const [, ours] = await letters(2);
  expect(headersOf(ours)).toEqual({
    ...headersOf(theirs),
    '__connect.errors.offset': String(replayed?.offset),
  });
  expect(ours?.headers.map(([name]) => name)).toEqual(theirs?.headers.map(([name]) => name));
  expect(linesIn(config.file)).toEqual(['1', '3']);
});

/** Without message and stack, which are another language's. */
function headersOf(letter: FoundRecord | undefined): Record<string, string | null> {
  const named = letter?.headers.filter(([name]) => !/exception\.(message|stack)/.test(name)) ?? [];
  return Object.fromEntries(named.map(([name, value]) => [name, textOf(value)]));
}

async function dlq(...args: readonly string[]): Promise<string> {
  const { code, stderr, stdout } = await sluice(cluster, ['dlq', ...args], {
    KAFKA_BROKERS: kafka.bootstrap,
    SLUICE_OFFSET_STORAGE_TOPIC: offsetsTopic,
  });
  expect(code, stderr).toBe(0);
  return stdout;
}
