import { freePort, type RedisHandle, startRedis } from '@sluice/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { LiveCluster } from './live-cluster.ts';

let redis: RedisHandle;

beforeAll(async () => {
  redis = await startRedis({ appendOnly: true });
});

afterAll(async () => {
  await redis.stop();
});

interface Found {
  readonly area: string;
  readonly level: string;
  readonly text: string;
  readonly remedy?: string;
}

async function doctor(
  cluster: LiveCluster,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number; findings: Found[] }> {
  const { code, out, err } = await cluster.cli(['doctor', '--json', ...args], '', env);
  expect(err).toBe('');
  return { code, findings: JSON.parse(out) as Found[] };
}

test('a cluster that is well', async () => {
  await using cluster = new LiveCluster(redis.url);
  await cluster.startCoordinator();
  await cluster.startWorker('worker-1');
  const { code, findings } = await doctor(cluster);
  // How fast Redis answers is up to what else this machine does.
  const bad = findings.filter(
    ({ level, text }) => level !== 'ok' && !text.startsWith('answers in'),
  );
  expect(bad).toEqual([]);
  expect(code).toBe(findings.some(({ level }) => level === 'fail') ? 9 : 0);
  expect(new Set(findings.map(({ area }) => area))).toEqual(
    new Set(['redis', 'log', 'cluster', 'plugins', 'clocks', 'versions']),
  );
  const table = await cluster.cli(['doctor']);
  expect(table.out).toMatch(/^redis +ok +Redis \d+\.\d+\.\d+$/m);
});

test('one that is not: every line says what to do', async () => {
  await using empty = await startRedis({
    config: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'],
  });
  await using cluster = new LiveCluster(empty.url);
  const { code, findings } = await doctor(cluster);
  expect(code).toBe(9);
  const bad = findings.filter(({ level }) => level !== 'ok');
  expect(bad.map(({ area, level }) => `${area} ${level}`)).toEqual([
    'redis warn',
    'redis fail',
    'log warn',
    'cluster fail',
    'cluster fail',
  ]);
  expect(bad.filter(({ remedy }) => !remedy)).toEqual([]);
});

test('a user with few rights', async () => {
  const admin = new Redis(redis.url);
  await admin.call(
    'ACL',
    'SETUSER',
    'little',
    'on',
    '>secret',
    '~*',
    '&*',
    '+@all',
    '-info',
    '-acl',
    '-eval',
    '-expire',
  );
  admin.disconnect();
  await using cluster = new LiveCluster(redis.url);
  const url = redis.url.replace('//', '//little:secret@');
  const { findings } = await doctor(cluster, ['--redis', url]);
  const texts = findings.filter(({ area }) => area === 'redis').map(({ text }) => text);
  expect(texts).toContain('the user may not ask for INFO');
  expect(texts).toContain('the user may not run expire, eval');
  expect(JSON.stringify(findings)).not.toContain('secret');
});

test('no Redis, and no Kafka', async () => {
  await using cluster = new LiveCluster(redis.url);
  const nowhere = `127.0.0.1:${await freePort()}`;
  const { code, findings } = await doctor(cluster, ['--redis', `redis://:hunter2@${nowhere}`], {
    KAFKA_BROKERS: nowhere,
  });
  expect(code).toBe(9);
  expect(findings.map(({ area, level }) => `${area} ${level}`)).toEqual(['redis fail', 'log fail']);
  expect(JSON.stringify(findings)).not.toContain('hunter2');
});
