import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isAlive, kafkaTool, startKafka, useSharedKafka } from '../src/index.ts';

const shared = useSharedKafka();

async function readAll(
  kafka: { readonly bootstrap: string },
  topic: string,
  count: number,
): Promise<string[]> {
  const limits = ['--max-messages', String(count), '--timeout-ms', '20000'];
  const output = await kafkaTool(kafka, 'kafka-console-consumer', [
    '--topic',
    topic,
    '--from-beginning',
    ...limits,
  ]);
  return output.trim().split('\n');
}

test('what the console producer writes, the console consumer reads', async () => {
  const topic = shared.unique('lines');
  await kafkaTool(shared, 'kafka-topics', ['--create', '--topic', topic, '--partitions', '1']);
  await kafkaTool(shared, 'kafka-console-producer', ['--topic', topic], { stdin: 'one\ntwo\n' });
  expect(await readAll(shared, topic, 2)).toEqual(['one', 'two']);
  expect(await kafkaTool(shared, 'kafka-get-offsets', ['--topic', topic])).toBe(`${topic}:0:2\n`);
});

test('a tool that fails is an error that says what it printed', async () => {
  await expect(
    kafkaTool(shared, 'kafka-topics', ['--describe', '--topic', shared.unique('absent')]),
  ).rejects.toThrow(/kafka-topics --describe .* ended with code 1; it printed:\n.*does not exist/);
});

test('a tool that does not end is ended at its limit', async () => {
  const topic = shared.unique('empty');
  await kafkaTool(shared, 'kafka-topics', ['--create', '--topic', topic]);
  await expect(
    kafkaTool(shared, 'kafka-console-consumer', ['--topic', topic], { timeoutMs: 3_000 }),
  ).rejects.toThrow(/did not end within 3000 ms/);
});

test('a broker that is killed comes back on its port with its data', async () => {
  const kafka = await startKafka();
  const [{ pid, dir } = { pid: -1, dir: '' }] = kafka.nodes;
  await kafkaTool(kafka, 'kafka-console-producer', ['--topic', 'kept'], { stdin: 'kept\n' });
  await kafka.kill('SIGKILL');
  expect(isAlive(pid)).toBe(false);
  await kafka.restart();
  expect(await readAll(kafka, 'kept', 1)).toEqual(['kept']);
  await kafka.stop();
  await kafka.stop();
  expect(kafka.nodes.every(({ hasEnded }) => hasEnded)).toBe(true);
  expect(existsSync(dir)).toBe(false);
});

test('a setting that Kafka refuses is shown as the broker reports it', async () => {
  await expect(startKafka({ config: { 'num.io.threads': 'many' } })).rejects.toThrow(
    /Invalid value many for configuration num\.io\.threads/,
  );
});

test('a port that is taken is named in the error', async () => {
  const port = Number(shared.brokers[0]?.split(':')[1]);
  await expect(startKafka({ port })).rejects.toThrow(`Kafka broker 1 on port ${port}`);
});
