/** Processes that are set to another record log than the cluster uses. One cluster for all tests, which follow on each other. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import {
  type Cluster,
  freePort,
  makeOwnedFolder,
  spawnNode,
  startCluster,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { allRunning, holdings, showLogsOnFailure, workers } from './support/cluster-facts.ts';
import { NumberedFile } from './support/numbered-file.ts';

const refusal = /record log on kafka, but the cluster uses the one on redis: give it the settings/;

const folder = makeOwnedFolder('other-log');
let cluster: Cluster;
let input: NumberedFile;
/** Nobody answers there, and nobody has to: which log it is can be told without. */
let kafka: { readonly KAFKA_BROKERS: string };

beforeAll(async () => {
  kafka = { KAFKA_BROKERS: `127.0.0.1:${await freePort()}` };
  cluster = await startCluster({ workers: 1 });
  input = new NumberedFile(join(folder, 'input.txt'));
  await cluster.apply('tail', {
    'connector.class': 'FileStreamSource',
    file: input.path,
    topic: 'lines',
  });
  await allRunning(cluster);
});

afterAll(async () => {
  await input?.stop();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => showLogsOnFailure(cluster));

test.each(['worker', 'coordinator'])(
  'a %s that is set to another log ends and says why, and nobody else notices',
  async (app) => {
    const before = holdings(await allRunning(cluster));
    await using stranger = spawnNode(`apps/${app}/src/main.ts`, {
      env: {
        REDIS_URL: cluster.redisUrl,
        SLUICE_CLUSTER: cluster.name,
        SLUICE_PROFILE: 'fast',
        SLUICE_WORKER_PORT: '0',
        SLUICE_PORT: '0',
        ...kafka,
      },
    });
    expect(await stranger.exited).toEqual({ code: 1, signal: null });
    expect(stranger.stdout + stranger.stderr).toMatch(refusal);
    expect(holdings(await allRunning(cluster))).toEqual(before);
    expect(await workers(cluster)).toHaveLength(1);
  },
);

test('a cluster that was killed as a whole may be moved: its lease is waited for, and no more', async () => {
  await Promise.all(
    [...cluster.workers, ...cluster.coordinators].map((each) => each.process.kill('SIGKILL')),
  );
  const coordinator = await cluster.addCoordinator(kafka);
  await coordinator.process.waitForLog('leading', { timeoutMs: 15_000 });
  await cluster.addWorker({ env: kafka });
  await waitFor(async () => await workers(cluster), {
    what: 'the worker on Kafka to be the only one',
    until: (rows) => rows.length === 1 && rows[0]?.state === 'up',
    timeoutMs: 15_000,
  });
  await using former = spawnNode('apps/worker/src/main.ts', {
    env: {
      REDIS_URL: cluster.redisUrl,
      SLUICE_CLUSTER: cluster.name,
      SLUICE_PROFILE: 'fast',
      SLUICE_WORKER_PORT: '0',
    },
  });
  expect(await former.exited).toEqual({ code: 1, signal: null });
  expect(former.stderr).toContain('record log on redis, but the cluster uses the one on kafka');
});
