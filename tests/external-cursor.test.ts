/** What releases at its source what it has read runs only on a log that forgets nothing which it acknowledged. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import {
  type Cluster,
  makeOwnedFolder,
  type RedisHandle,
  startCluster,
  startRedis,
  waitFor,
} from '@sluice/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { showLogsOnFailure } from './support/cluster-facts.ts';
import { sluice } from './support/sluice-command.ts';

const plugin = fileURLToPath(new URL('support/releasing-plugin.ts', import.meta.url));
const config = { 'connector.class': 'ReleasingSource', topic: 'released' };

const folder = makeOwnedFolder('cursor');
let redis: RedisHandle;
let cluster: Cluster;

beforeAll(async () => {
  redis = await startRedis({ config: ['--appendonly', 'yes', '--appendfsync', 'everysec'] });
  cluster = await startCluster({
    redisUrl: redis.url,
    workers: 1,
    // Nobody is killed, and on a busy machine nobody is to be taken for dead.
    profile: 'default',
    env: { SLUICE_PLUGINS: plugin },
  });
}, 60_000);

afterAll(async () => {
  await cluster?.stop();
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Health {
  readonly log: { readonly promise: { readonly durability: string } | null };
}

async function healthOf(url: string): Promise<Health> {
  return (await (await fetch(new URL('/health', url))).json()) as Health;
}

beforeEach(() => showLogsOnFailure(cluster));

test('at start, coordinator and worker say what the server promises, and so does /health', async () => {
  const [coordinator, worker] = [cluster.coordinators[0], cluster.workers[0]];
  for (const member of [coordinator, worker]) {
    if (!member) throw new Error('a cluster has both');
    const health = await waitFor(async () => await healthOf(member.url), {
      what: `${member.name} to know the log`,
      until: ({ log }) => log.promise !== null,
    });
    expect(health.log.promise).toMatchObject({
      durability: 'eventual',
      meaning: expect.stringMatching(/may lose the last second .* appendfsync always .* maxmemory/),
    });
    await member.process.waitForLine(
      /what the record log's acknowledgement means: Redis syncs to the disk each second/,
    );
  }
});

test('it is refused over REST and on the command line, with the remedy', async () => {
  const { status, body } = await cluster.api.put<{ message: string }>(
    '/connectors/slot/config',
    config,
  );
  expect(status).toBe(400);
  expect(body.message).toMatch(/^Connector configuration is invalid and contains the following 1/);
  expect(body.message).toContain('ReleasingSource releases at its source what it has read');
  expect(body.message).toContain('Set appendfsync always');
  const file = join(folder, 'slot.json');
  writeFileSync(file, JSON.stringify({ name: 'slot', config }));
  const command = await sluice(cluster, ['apply', '-f', file]);
  expect(command.code).not.toBe(0);
  expect(command.stderr).toContain('Set appendfsync always');
  expect(await cluster.api.read('/connectors')).toEqual([]);
});

test('once the server syncs each write it is taken, without anything being started anew', async () => {
  const admin = new Redis(redis.url);
  await admin.config('SET', 'appendfsync', 'always');
  admin.disconnect();
  await waitFor(async () => (await cluster.api.put('/connectors/slot/config', config)).status, {
    what: 'the connector to be taken',
    until: (status) => status === 201,
    timeoutMs: 30_000,
  });
});
