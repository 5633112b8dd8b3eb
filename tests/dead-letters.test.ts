/**
 * Records that transforms fail on, or that a sink refuses, go to the dead letter queue while everything else is
 * delivered; workers are killed meanwhile. Nothing may be in neither, on the log on Redis.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type Cluster, makeOwnedFolder, startCluster, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { allRunning, ownerOf, showLogsOnFailure, units } from './support/cluster-facts.ts';
import { NumberedFile, numbersIn } from './support/numbered-file.ts';
import { sluice } from './support/sluice-command.ts';

const plugin = fileURLToPath(new URL('./support/picky-plugin.ts', import.meta.url));
const folder = makeOwnedFolder('dead-letters');
const output = join(folder, 'out.txt');
let cluster: Cluster;
let input: NumberedFile;

const text = { 'value.converter': 'org.apache.kafka.connect.storage.StringConverter' };

beforeAll(async () => {
  cluster = await startCluster({ workers: 3, env: { SLUICE_PLUGINS: plugin } });
  input = new NumberedFile(join(folder, 'in.txt'));
});

afterAll(async () => {
  await input?.stop();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => showLogsOnFailure(cluster));

interface Letter {
  readonly value: string;
  readonly errors: Readonly<Record<string, string>>;
}

async function letters(): Promise<Letter[]> {
  const shown = await sluice(cluster, ['dlq', 'show', 'dead', '--limit', '1000000', '--json']);
  expect(shown).toMatchObject({ code: 0 });
  return JSON.parse(shown.stdout) as Letter[];
}

const isOdd = (number: number): boolean => number % 50 === 0;
const isRefused = (number: number): boolean => number % 70 === 7;

test('what fails is in the queue, all else is delivered, and a kill loses neither', async () => {
  await cluster.apply('numbers', {
    'connector.class': 'FileStreamSource',
    file: input.path,
    topic: 'numbers',
    ...text,
  });
  await cluster.apply('picky', {
    'connector.class': 'PickySink',
    file: output,
    topics: 'numbers',
    ...text,
    transforms: 'divide',
    'transforms.divide.type': 'io.sluice.transforms.Expression$Value',
    // Fails at every fiftieth.
    'transforms.divide.filter': '1000 / (int(value) % 50) >= 0',
    'errors.tolerance': 'all',
    'errors.deadletterqueue.topic.name': 'dead',
    'errors.deadletterqueue.context.headers.enable': 'true',
    'errors.deadletterqueue.put.enable': 'true',
  });
  const until = async (count: number): Promise<void> => {
    await waitFor(() => numbersIn(output).at(-1) ?? -1, {
      what: `number ${String(count)} to arrive`,
      until: (last) => last >= count,
      timeoutMs: 60_000,
    });
  };
  await until(200);
  for (let round = 0; round < 2; round += 1) {
    const victim = ownerOf(await units(cluster), 'task/picky/0');
    await cluster.worker(victim).process.kill('SIGKILL');
    await allRunning(cluster, { notOn: victim });
    await until(input.count);
  }
  await input.stop();
  const all = Array.from({ length: input.count }, (_, number) => number);
  // The last one may be a dead letter: one more that is not.
  const last = all.findLast((number) => !isOdd(number) && !isRefused(number)) ?? 0;
  await until(last);
  const delivered = new Set(numbersIn(output));
  const found = await waitFor(letters, {
    what: 'all letters to be there',
    until: (each) =>
      new Set(each.map(({ value }) => value)).size >=
      all.filter((n) => isOdd(n) || isRefused(n)).length,
    timeoutMs: 30_000,
  });
  const dead = new Set(found.map(({ value }) => Number(value)));
  expect([...dead].sort((a, b) => a - b)).toEqual(all.filter((n) => isOdd(n) || isRefused(n)));
  expect(all.filter((number) => !delivered.has(number) && !dead.has(number))).toEqual([]);
  expect([...delivered].filter((number) => dead.has(number))).toEqual([]);
  for (const { errors, value } of found)
    expect([value, errors['stage']]).toEqual([
      value,
      isOdd(Number(value)) ? 'TRANSFORMATION' : 'TASK_PUT',
    ]);
  console.log(
    `${String(all.length)} records, ${String(dead.size)} dead, ${String(found.length)} letters`,
  );
}, 180_000);

test('letters are listed, and replayed once', async () => {
  const listed = await sluice(cluster, ['dlq', 'list']);
  expect(listed.stdout).toMatch(/^dead +\d+ +[1-9]\d* +picky$/m);
  const replayed = await sluice(cluster, ['dlq', 'replay', 'picky', '--json']);
  expect(replayed).toMatchObject({ code: 0 });
  const { topics } = JSON.parse(replayed.stdout) as { topics: Record<string, number> };
  expect(topics['numbers']).toBeGreaterThan(0);
  // They fail again, as nothing was mended: the queue has them a second time.
  await waitFor(letters, {
    what: 'the replayed records to fail again',
    until: (each) => each.length >= 2 * (topics['numbers'] ?? 0),
    timeoutMs: 30_000,
  });
}, 60_000);
