/** The quickstart with Kafka, its own and one that exists already. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { freePort, kafkaTool, startKafka } from '@sluice/testkit';
import { expect, test } from 'vitest';

import {
  childPids,
  outputText,
  ownFolder,
  quickstart,
  useFolder,
  waitUntilGone,
  waitUntilUp,
} from './support/quickstart.ts';

/** Two starts with a Kafka; on a machine with time for it they take 25 s. */
const startsTwiceMs = 180_000;

useFolder();

/** The one that the tests have; it is not looked for, or fetched, again. */
function kafkaOfTests(): Record<string, string> {
  return Object.fromEntries(
    ['SLUICE_KAFKA_HOME', 'SLUICE_JAVA'].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

test(
  'with --kafka the lines go through a Kafka of its own, whose data outlives a kill -9',
  async () => {
    const args = ['--kafka', '--port', String(await freePort())];
    const killed = quickstart(args, kafkaOfTests());
    await waitUntilUp(killed);
    const pids = childPids();
    expect(pids).toHaveLength(5);
    const settings = parseEnv(readFileSync(join(ownFolder.path, 'cli.env'), 'utf8'));
    const [, bootstrap = ''] = await killed.waitForLine(/Kafka \S+ at (\S+) \(its own/);
    expect(settings).toMatchObject({
      KAFKA_BROKERS: bootstrap,
      SLUICE_CLUSTER: 'quickstart-kafka',
    });
    const read = ['--topic', 'quickstart-lines', '--from-beginning', '--max-messages', '2'];
    expect(await kafkaTool({ bootstrap }, 'kafka-console-consumer', read)).toMatch(
      /^first line of .*\nsecond line of .*\n$/,
    );
    await killed.kill('SIGKILL');
    if (process.platform === 'linux') await waitUntilGone(pids);

    await using next = quickstart(args, kafkaOfTests());
    await waitUntilUp(next);
    const nextPids = childPids();
    // It read on after what the killed one had read; the line before the kill may come again.
    const output = outputText();
    expect(new Set(output.trim().split('\n')).size).toBe(4);
    await next.kill('SIGINT');
    expect(await next.exited).toEqual({ code: 0, signal: null });
    await waitUntilGone(nextPids);
  },
  startsTwiceMs,
);

test('a Kafka that KAFKA_BROKERS names is used, and one that does not answer is named', async () => {
  await using kafka = await startKafka();
  const args = ['--kafka', '--workers', '1', '--port', String(await freePort())];
  await using child = quickstart(args, { KAFKA_BROKERS: kafka.bootstrap });
  await waitUntilUp(child);
  expect(childPids()).toHaveLength(3);
  const offsets = await kafkaTool(kafka, 'kafka-get-offsets', ['--topic', 'quickstart-lines']);
  expect(Number(offsets.split(':')[2])).toBeGreaterThanOrEqual(2);
  await child.stop();

  await using wrong = quickstart(args, { KAFKA_BROKERS: `127.0.0.1:${await freePort()}` });
  expect((await wrong.exited).code).toBe(1);
  expect(wrong.stderr).toMatch(/Kafka at 127\.0\.0\.1:\d+.* does not answer \(.*ECONNREFUSED/);
});
