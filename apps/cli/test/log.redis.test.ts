import { RedisLog } from '@sluice/record-log-redis';
import { freePort, type RedisHandle, startRedis } from '@sluice/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { LiveCluster } from './live-cluster.ts';

let redis: RedisHandle;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(async () => {
  await redis.stop();
});

describe('sluice log', () => {
  test('lists topics and groups with what they hold, the largest first', async () => {
    await using cluster = new LiveCluster(redis.url);
    const log = await startLog(cluster);
    await write(log, 'orders', 1_000);
    await read(log, 'connect-done', 'orders', 1_000);
    await read(log, 'connect-slow', 'orders', 250);
    await read(log, 'connect-new', 'orders');

    const topics = await cluster.cli(['log', 'topics']);
    expect(topics).toMatchObject({ code: 0, err: '' });
    expect(topics.out.split('\n')).toHaveLength(2);
    expect(topics.out).toMatch(
      /^orders +1 +1000 +\d+\.\d KiB +connect-done, connect-new, connect-slow$/m,
    );

    const groups = await cluster.cli(['log', 'groups', '--json']);
    const places = JSON.parse(groups.out) as { group: string; bytesHeld: number }[];
    expect(places).toMatchObject([
      { group: 'connect-new', committed: null, end: 1_000, lag: 1_000, expired: false },
      { group: 'connect-slow', topic: 'orders', partition: 0, committed: 250, lag: 750 },
      { group: 'connect-done', committed: 1_000, lag: 0, bytesHeld: 0 },
    ]);
    const table = await cluster.cli(['log', 'groups', 'connect-slow']);
    expect(table.out).toMatch(/^connect-slow +orders\/0 +250 +1000 +750 +\d+\.\d KiB +\d+s ago$/m);
    expect((await cluster.cli(['log', 'groups', 'nobody'])).code).toBe(4);
  });

  test('marks groups that hold nothing back any more', async () => {
    await using cluster = new LiveCluster(redis.url);
    const log = await startLog(cluster);
    await write(log, 'orders', 10);
    await read(log, 'connect-gone', 'orders', 5);
    const admin = new Redis(redis.url);
    onTestFinished(() => admin.disconnect());
    await admin.hincrby(`{sluice-log:${cluster.name}}:time`, 'time', 3 * 24 * 3_600_000);
    const kept = await cluster.cli(['log', 'groups']);
    expect(kept.out).toMatch(/3d\d\dh ago$|3d ago$/m);
    expect(kept.out).not.toContain('expired');
    const env = { SLUICE_LOG_GROUP_RETENTION_HOURS: '48' };
    const shorter = await cluster.cli(['log', 'groups'], '', env);
    expect(shorter.out).toContain('expired: holds nothing back');
  });

  test('forgets a group, but only with --yes, and says before what that means', async () => {
    await using cluster = new LiveCluster(redis.url);
    const log = await startLog(cluster);
    await write(log, 'orders', 100);
    await write(log, 'clicks', 100);
    await read(log, 'connect-gone', 'orders', 10);
    await read(log, 'connect-gone', 'clicks', 20);
    await read(log, 'connect-live', 'orders', 90);

    const dry = await cluster.cli(['log', 'forget-group', 'connect-gone']);
    expect(dry.code).toBe(0);
    expect(dry.out).toMatch(
      /^clicks\/0 +20 +100 +80 .*the oldest records go when room is needed$/m,
    );
    expect(dry.out).toMatch(/^orders\/0 +10 +100 +90 .*up to 80 records .* are deleted/m);
    expect(dry.out).toContain('Nothing was done.');
    expect(dry.out).toContain('starts from the earliest record that is left');
    expect(await log.listGroupOffsets('connect-gone')).toHaveLength(2);

    const json = await cluster.cli(['log', 'forget-group', 'connect-gone', '--json']);
    expect(JSON.parse(json.out)).toMatchObject({
      forgotten: false,
      partitions: [
        { topic: 'clicks', recordsDeleted: 0, isLast: true },
        { topic: 'orders', recordsDeleted: 80, isLast: false },
      ],
    });

    const done = await cluster.cli(['log', 'forget-group', 'connect-gone', '--yes']);
    expect(done).toMatchObject({ code: 0, out: expect.stringContaining('connect-gone forgotten') });
    expect(await log.listGroupOffsets('connect-gone')).toEqual([]);
    expect(await log.listGroupOffsets('connect-live')).toHaveLength(1);
    expect((await cluster.cli(['audit'])).out).toMatch(/forget-group +connect-gone +done/);
    const again = await cluster.cli(['log', 'forget-group', 'connect-gone', '--yes']);
    expect(again).toMatchObject({ code: 4, err: expect.stringContaining('sluice log groups') });
  });

  test('refuses to forget the group of a connector that exists, its own name for it included', async () => {
    await using cluster = new LiveCluster(redis.url);
    await cluster.startCoordinator();
    await cluster.startWorker('worker-1');
    const sink = { 'connector.class': 'FakeSink', topics: 'orders' };
    const definitions = [
      { name: 'orders', config: sink },
      { name: 'other', config: { ...sink, 'consumer.override.group.id': 'mine' } },
    ];
    const applied = await cluster.cli(['apply', '-f', '-', '--wait'], JSON.stringify(definitions));
    expect(applied.err).toBe('');
    const log = await startLog(cluster);
    await write(log, 'orders', 100);
    for (const group of ['connect-orders', 'mine']) await read(log, group, 'orders', 10);

    for (const [group, connector] of [
      ['connect-orders', 'orders'],
      ['mine', 'other'],
    ] as const) {
      const refused = await cluster.cli(['log', 'forget-group', group, '--yes']);
      expect(refused).toMatchObject({
        code: 3,
        err: expect.stringContaining(`connector ${connector} exists`),
      });
      expect(await log.listGroupOffsets(group)).toHaveLength(1);
    }
    const forced = await cluster.cli(['log', 'forget-group', 'mine', '--yes', '--force']);
    expect(forced.code).toBe(0);
    expect(await log.listGroupOffsets('mine')).toEqual([]);

    await cluster.cli(['delete', 'orders', '--wait']);
    const deleted = await cluster.cli(['log', 'forget-group', 'connect-orders', '--yes']);
    expect(deleted.code).toBe(0);
  });

  test('refuses to forget a group while a reader of it is active', async () => {
    await using cluster = new LiveCluster(redis.url);
    const log = await startLog(cluster);
    await write(log, 'orders', 10);
    const reader = await log.openReader({ identity: { id: 'r', fence: 1 }, group: 'busy' });
    await reader.assign([{ topic: 'orders', partition: 0 }]);
    const refused = await cluster.cli(['log', 'forget-group', 'busy', '--yes']);
    expect(refused).toMatchObject({
      code: 3,
      err: expect.stringContaining('a reader of it is active'),
    });
    const forced = await cluster.cli(['log', 'forget-group', 'busy', '--force', '--yes']);
    expect(forced.code).toBe(0);
  });

  test('the log may have a server of its own', async () => {
    await using own = await startRedis();
    await using cluster = new LiveCluster(redis.url);
    const log = new RedisLog({ url: own.url, cluster: cluster.name, clientId: 'test' });
    onTestFinished(() => log.stop());
    await write(log, 'elsewhere', 10);
    const env = { SLUICE_LOG_REDIS_URL: own.url };
    expect((await cluster.cli(['log', 'topics'], '', env)).out).toContain('elsewhere');
    expect((await cluster.cli(['log', 'topics'])).out).toBe('there are no topics in the log');
  });

  test('a log that does not answer ends with 5 and names the server, without its password', async () => {
    await using cluster = new LiveCluster(redis.url);
    const port = await freePort();
    const env = { SLUICE_LOG_REDIS_URL: `redis://me:s3cret@127.0.0.1:${port}` };
    const result = await cluster.cli(['log', 'groups'], '', env);
    expect(result).toMatchObject({ code: 5, out: '' });
    expect(result.err).toContain(`127.0.0.1:${port}`);
    expect(result.err).not.toContain('s3cret');
  });
});

async function startLog(cluster: LiveCluster): Promise<RedisLog> {
  const log = new RedisLog({ url: redis.url, cluster: cluster.name, clientId: 'test' });
  onTestFinished(() => log.stop());
  await log.start();
  return log;
}

async function write(log: RedisLog, topic: string, records: number): Promise<void> {
  const writer = await log.openWriter({ id: `writer of ${topic}`, fence: 1 });
  await writer.produce([
    {
      topic,
      records: Array.from({ length: records }, () => ({ key: null, value: Buffer.alloc(99) })),
    },
  ]);
  await writer.close();
}

/** A group that was here once, and committed if it is said how far. */
async function read(log: RedisLog, group: string, topic: string, offset?: number): Promise<void> {
  const partition = { topic, partition: 0 };
  const reader = await log.openReader({ identity: { id: `reader of ${group}`, fence: 1 }, group });
  await reader.assign([partition]);
  if (offset !== undefined) await reader.commit([{ ...partition, offset }]);
  await reader.close();
}
