import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type KafkaConnect,
  kafkaTool,
  startKafkaConnect,
  useSharedKafka,
  waitFor,
} from '../src/index.ts';

const kafka = useSharedKafka();
const folder = mkdtempSync(join(tmpdir(), 'sluice-connect-test-'));
let connect: KafkaConnect;

beforeAll(async () => {
  connect = await startKafkaConnect({
    kafka,
    group: kafka.unique('connect'),
    config: {
      'offset.flush.interval.ms': '500',
      // By default Connect waits 10 s for a worker that was killed, and then 5 min before its tasks go to
      // another one; the group of a sink waits 45 s for its task.
      'session.timeout.ms': '6000',
      'heartbeat.interval.ms': '1000',
      'consumer.session.timeout.ms': '6000',
      'consumer.heartbeat.interval.ms': '1000',
      'scheduled.rebalance.max.delay.ms': '0',
    },
  });
});

afterAll(async () => {
  await connect?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function apply(name: string, config: Record<string, string>): Promise<void> {
  // 409: it is about to divide the work anew, and is to be asked again.
  const { status, body } = await waitFor(
    async () => await connect.api.put(`/connectors/${name}/config`, config),
    { what: `${name} to be taken`, until: (answer) => answer.status !== 409, timeoutMs: 30_000 },
  );
  expect([status, body]).toEqual([201, expect.objectContaining({ name })]);
}

test('Kafka Connect moves lines from a file through a topic into another, also after a kill -9', async () => {
  const topic = kafka.unique('lines');
  const [input, output] = [join(folder, 'input.txt'), join(folder, 'output.txt')];
  const string = 'org.apache.kafka.connect.storage.StringConverter';
  const converters = { 'key.converter': string, 'value.converter': string };
  writeFileSync(input, 'one\n');
  await apply('source', {
    'connector.class': 'FileStreamSource',
    file: input,
    topic,
    ...converters,
  });
  await apply('sink', {
    'connector.class': 'FileStreamSink',
    file: output,
    topics: topic,
    ...converters,
  });
  const written = async (last: string): Promise<string[]> => {
    const text = await waitFor(() => readFileSync(output, 'utf8'), {
      what: `"${last}" in the output`,
      until: (seen) => seen.includes(`${last}\n`),
      timeoutMs: 30_000,
    });
    return text.trimEnd().split('\n');
  };
  expect(await written('one')).toEqual(['one']);
  // A status goes through a topic, too: it may come after the record.
  await waitFor(
    async () => await connect.api.read<{ tasks: { state: string }[] }>('/connectors/source/status'),
    {
      what: 'the one task of the source to be RUNNING',
      until: ({ tasks }) => tasks.map(({ state }) => state).join() === 'RUNNING',
      timeoutMs: 30_000,
    },
  );
  const first = ['--topic', topic, '--from-beginning', '--max-messages', '1'];
  expect(await kafkaTool(kafka, 'kafka-console-consumer', first)).toBe('one\n');

  await connect.kill('SIGKILL');
  appendFileSync(input, 'two\n');
  await connect.restart();
  // At least once: the line before the kill may come again.
  expect(new Set(await written('two'))).toEqual(new Set(['one', 'two']));
});

test('the topics of a worker are the ones that were named', async () => {
  const topics = await kafkaTool(kafka, 'kafka-topics', ['--list']);
  expect(topics.split('\n')).toEqual(
    expect.arrayContaining([connect.offsetsTopic, connect.configsTopic, connect.statusTopic]),
  );
});

test('a setting that Kafka Connect refuses is shown as it reports it', async () => {
  await expect(
    startKafkaConnect({ kafka, config: { 'offset.storage.partitions': 'many' } }),
  ).rejects.toThrow(/offset\.storage\.partitions/);
});
