import { RedisLog } from '@sluice/record-log-redis';
import { type RedisHandle, startRedis } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { LiveCluster } from './live-cluster.ts';

let redis: RedisHandle;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(async () => {
  await redis.stop();
});

async function started(): Promise<LiveCluster> {
  const cluster = new LiveCluster(redis.url);
  await cluster.startCoordinator();
  await cluster.startWorker('worker-1');
  return cluster;
}

function definition(name: string, className: string, more: object = {}): string {
  return JSON.stringify({ name, config: { 'connector.class': className, ...more } });
}

async function logOf(cluster: LiveCluster): Promise<RedisLog> {
  const log = new RedisLog({ url: redis.url, cluster: cluster.name, clientId: 'test' });
  onTestFinished(async () => log.stop());
  await log.start();
  return log;
}

describe('sluice offsets', () => {
  test('of a source are changed while it is stopped only, whole numbers exactly', async () => {
    await using cluster = await started();
    await cluster.cli(['apply', '-f', '-', '--wait'], definition('lines', 'FakeSource'));
    expect((await cluster.cli(['offsets', 'get', 'lines'])).out).toBe('lines has no offsets yet');

    const offsets = '{"offsets":[{"partition":{"file":"a"},"offset":{"at":9007199254740993}}]}';
    const running = await cluster.cli(['offsets', 'set', 'lines', '-f', '-'], offsets);
    expect(running.code).toBe(3);
    expect(running.err).toMatch(/must be in the STOPPED state .* sluice stop lines --wait$/);

    await cluster.cli(['stop', 'lines', '--wait']);
    const set = await cluster.cli(['offsets', 'set', 'lines', '-f', '-'], offsets);
    expect(set).toMatchObject({ code: 0, err: '' });
    expect(set.out).toMatch(/have been altered successfully/);
    expect((await cluster.cli(['offsets', 'get', 'lines', '--json'])).out).toBe(offsets);

    const partition = ['--partition', '{"file": "b"}'];
    await cluster.cli(['offsets', 'set', 'lines', ...partition, '--offset', '{"at": 1}']);
    const table = await cluster.cli(['offsets', 'get', 'lines']);
    expect(table.out.split('\n')).toEqual([
      'PARTITION     OFFSET',
      '{"file":"a"}  {"at":9007199254740993}',
      '{"file":"b"}  {"at":1}',
    ]);

    await cluster.cli(['offsets', 'set', 'lines', ...partition, '--offset', 'null']);
    const reset = await cluster.cli(['offsets', 'reset', 'lines', '--json']);
    expect(reset).toEqual({ code: 0, out: offsets, err: '' });
    expect((await cluster.cli(['offsets', 'get', 'lines'])).out).toBe('lines has no offsets yet');

    // Three changes and the reset.
    const audit = await cluster.cli(['audit', '--target', 'lines', '--json']);
    const entries = JSON.parse(audit.out) as { action: string; outcome: string }[];
    const changes = entries.filter(({ action }) => action === 'change-offsets');
    expect(changes.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done', 'done']);
  });

  test('of a sink are those of its group', async () => {
    await using cluster = await started();
    const log = await logOf(cluster);
    await log.topics.create('orders', { partitions: 2 });
    await cluster.cli(
      ['apply', '-f', '-', '--wait'],
      definition('out', 'FakeSink', { topics: 'orders' }),
    );
    await cluster.cli(['stop', 'out', '--wait']);
    const place = ['--topic', 'orders', '--partition', '1'];
    const set = await cluster.cli(['offsets', 'set', 'out', ...place, '--offset', '42']);
    expect(set).toMatchObject({ code: 0, err: '' });
    expect(await log.listGroupOffsets('connect-out')).toMatchObject([
      { topic: 'orders', partition: 1, offset: 42 },
    ]);
    // How far it is behind, and what is furthest behind first.
    const writer = await log.openWriter({ id: 'writer', fence: 1 });
    const three = Array.from({ length: 3 }, () => ({ key: null, value: null, partition: 0 }));
    await writer.produce([{ topic: 'orders', records: three }]);
    expect((await cluster.cli(['offsets', 'get', 'out'])).out.split('\n')).toEqual([
      'PARTITION  OFFSET  END  LAG',
      'orders/0   -       3    3',
      'orders/1   42      0    0',
    ]);
    expect((await cluster.cli(['offsets', 'get', 'out', '--json'])).out).toContain(
      '"kafka_offset":42',
    );

    const wrong = await cluster.cli(['offsets', 'set', 'out', ...place, '--offset', '"x"']);
    expect(wrong.code).toBe(3);
    expect(wrong.err).toMatch(/Offset values for sink connectors need to be integers/);
  });

  test('of a connector that there is not', async () => {
    await using cluster = await started();
    const result = await cluster.cli(['offsets', 'get', 'nothing']);
    expect(result).toMatchObject({ code: 4, err: 'error: Connector nothing not found' });
  });
});

describe('without a coordinator', () => {
  test('validate tells all that is wrong', async () => {
    await using cluster = new LiveCluster(redis.url);
    await cluster.startWorker('worker-1');
    const wrong = definition('a', 'FakeSource', {
      'tasks.max': '1',
      transforms: 'x',
      'errors.tolerance': 'some',
    });
    const result = await cluster.cli(
      ['validate', '-f', '-', '--json'],
      `[${wrong}, ${definition('b', 'com.acme.Nothing')}, ${definition('c', 'FakeSource')}]`,
    );
    expect(result.code).toBe(3);
    const [first, second, third] = JSON.parse(result.out) as {
      name: string;
      errors: { key: string; messages: string[] }[];
    }[];
    expect(first?.errors.map(({ key }) => key).sort()).toEqual([
      'errors.tolerance',
      'transforms.x.type',
    ]);
    expect(second?.errors).toMatchObject([{ key: 'connector.class' }]);
    expect(second?.errors[0]?.messages[0]).toMatch(/com\.acme\.Nothing.*com\.acme\.FakeSource/);
    expect(third).toMatchObject({ name: 'c', errors: [] });
    const sound = await cluster.cli(['validate', '-f', '-'], definition('c', 'FakeSource'));
    expect(sound).toEqual({ code: 0, out: 'connector c is valid', err: '' });
  });

  test('plugins of all kinds, and the keys of one', async () => {
    await using cluster = new LiveCluster(redis.url);
    await cluster.startWorker('worker-1');
    const all = await cluster.cli(['plugins']);
    expect(all.out).toMatch(/^source +com\.acme\.FakeSourceConnector +1\.0\.0$/m);
    expect(all.out).toMatch(/^transformation +org\.apache\.kafka\.connect\.transforms\.Cast\$Key/m);
    const keys = await cluster.cli(['plugins', 'Cast$Value']);
    expect(keys.out).toMatch(/^spec +LIST +required +HIGH /m);
    expect(await cluster.cli(['plugins', 'Nothing'])).toMatchObject({ code: 4 });
  });

  test('levels of loggers', async () => {
    await using cluster = new LiveCluster(redis.url);
    expect((await cluster.cli(['loggers'])).out).toMatch(/^no level was set/);
    const set = await cluster.cli(['loggers', 'set', 'sluice.connector.orders', 'debug']);
    expect(set).toEqual({ code: 0, out: 'sluice.connector.orders is DEBUG', err: '' });
    expect((await cluster.cli(['loggers', 'get'])).out).toMatch(
      /^sluice\.connector\.orders +DEBUG +\d+s$/m,
    );
    const one = await cluster.cli(['loggers', 'get', 'sluice.connector.orders', '--json']);
    expect(JSON.parse(one.out)).toMatchObject([{ level: 'DEBUG' }]);
    expect(await cluster.cli(['loggers', 'get', 'sluice.worker'])).toMatchObject({ code: 4 });
    expect(await cluster.cli(['loggers', 'set', 'root', 'loud'])).toMatchObject({ code: 2 });
  });
});
