import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { connectCoordinationRedis, untilReady } from '@sluice/coordination-redis';
import { freePort, type RedisHandle, repositoryRoot, startRedis, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { fakeClass, LiveCluster } from './live-cluster.ts';

interface Row {
  readonly worker: string;
  readonly tasks: number;
}

let redis: RedisHandle;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(async () => {
  await redis.stop();
});

function definition(name: string, config: Record<string, unknown> = {}): string {
  return JSON.stringify({ name, config: { 'connector.class': 'FakeSource', ...config } });
}

describe('with a coordinator and a worker', () => {
  test('a connector lives its life', async () => {
    await using cluster = new LiveCluster(redis.url);
    await cluster.startCoordinator();
    await cluster.startWorker('worker-1');

    const applied = await cluster.cli(
      ['apply', '-f', '-', '--wait'],
      definition('orders', { 'tasks.max': 2 }),
    );
    expect(applied).toEqual({
      code: 0,
      out: 'connector orders created\nall there: orders',
      err: '',
    });

    const again = await cluster.cli(['apply', '-f', '-'], definition('orders', { 'tasks.max': 2 }));
    expect(again.out).toBe('connector orders unchanged');

    const tasks = await cluster.cli(['get', 'tasks', '--json']);
    expect(JSON.parse(tasks.out)).toMatchObject([
      { unit: 'task/orders/0', state: 'RUNNING', worker: 'worker-1' },
      { unit: 'task/orders/1', state: 'RUNNING', worker: 'worker-1' },
    ]);

    const changed = await cluster.cli(
      ['apply', '-f', '-', '--wait'],
      definition('orders', { 'tasks.max': 3, topic: 'o' }),
    );
    expect(changed.out).toBe('connector orders updated: tasks.max, topic\nall there: orders');

    for (const [command, out] of [
      ['pause', 'connector orders is PAUSED'],
      ['resume', 'connector orders is STARTED'],
      ['stop', 'connector orders is STOPPED'],
      ['resume', 'connector orders is STARTED'],
    ] as const) {
      expect(await cluster.cli([command, 'orders', '--wait'])).toEqual({ code: 0, out, err: '' });
    }

    const restarted = await cluster.cli(['restart', 'orders', '--task', '2', '--wait']);
    expect(restarted).toEqual({ code: 0, out: 'restarted task/orders/2', err: '' });

    const deleted = await cluster.cli(['delete', 'orders', '--wait']);
    expect(deleted).toEqual({ code: 0, out: 'connector orders deleted', err: '' });
    expect((await cluster.cli(['get', 'connectors'])).out).toMatch(/^there are no connectors/);

    const events = await cluster.cli(['get', 'events', 'orders', '--json']);
    const types = (JSON.parse(events.out) as { type: string }[]).map(({ type }) => type);
    expect(types).toEqual(
      expect.arrayContaining(['connector.created', 'connector.updated', 'connector.deleted']),
    );
  });

  test('a task that fails ends the wait with its trace', async () => {
    await using cluster = new LiveCluster(redis.url);
    await cluster.startCoordinator();
    await cluster.startWorker('worker-1');
    const result = await cluster.cli(
      ['apply', '-f', '-', '--wait'],
      definition('bad', { fails: 'yes' }),
    );
    expect(result.code).toBe(7);
    expect(result.err).toContain('task/bad/0 FAILED on worker-1:\nError: it fails\n    at poll');
    const listed = await cluster.cli(['get', 'connectors']);
    expect(listed.out).toMatch(/^bad +source +RUNNING +0\/1 .*task 0 FAILED: Error: it fails$/m);
  });

  test('a drained worker becomes empty', async () => {
    await using cluster = new LiveCluster(redis.url);
    await cluster.startCoordinator();
    await cluster.startWorker('worker-1');
    await cluster.cli(['apply', '-f', '-', '--wait'], definition('orders', { 'tasks.max': 4 }));
    await cluster.startWorker('worker-2');
    const drained = await cluster.cli(['drain', 'worker-1', '--wait']);
    expect(drained).toEqual({ code: 0, out: 'worker worker-1 is empty', err: '' });
    // Empty is one thing, taken on by another worker the next.
    const workers = await waitFor(
      async () => JSON.parse((await cluster.cli(['get', 'workers', '--json'])).out) as Row[],
      { what: 'worker-2 to have all tasks', until: (rows) => rows.at(1)?.tasks === 4 },
    );
    expect(workers).toMatchObject([
      { worker: 'worker-1', state: 'draining', tasks: 0 },
      { worker: 'worker-2', state: 'up', tasks: 4 },
    ]);
  });

  test('bad definitions are refused by name, and nothing is half applied', async () => {
    await using cluster = new LiveCluster(redis.url);
    await cluster.startCoordinator();
    await cluster.startWorker('worker-1');
    await cluster.cli(['apply', '-f', '-', '--wait'], definition('first'));

    const unknown = await cluster.cli(
      ['apply', '-f', '-'],
      `[${definition('good')}, {"name":"odd","connector.class":"com.acme.Nothing"}]`,
    );
    expect(unknown.code).toBe(3);
    expect(unknown.err).toContain('nothing was applied:\nstandard input, item 2: odd: ');
    expect(unknown.err).toContain('com.acme.Nothing');
    expect(unknown.err).toMatch(new RegExp(`available connectors are: .*${fakeClass}`));

    const invalid = await cluster.cli(
      ['apply', '-f', '-'],
      `[${definition('good')}, ${definition('odd', { transforms: 'a,a' })}]`,
    );
    expect(invalid).toMatchObject({ code: 3, err: expect.stringContaining('odd: ') });
    const listed = await cluster.cli(['get', 'connectors', '--json']);
    expect(JSON.parse(listed.out)).toMatchObject([{ name: 'first' }]);
  });

  test('what is not there is told as such', async () => {
    await using cluster = new LiveCluster(redis.url);
    await cluster.startCoordinator();
    await cluster.startWorker('worker-1');
    for (const argv of [
      ['pause', 'nothing'],
      ['delete', 'nothing'],
      ['restart', 'nothing'],
      ['drain', 'nothing'],
      ['uncordon', 'nothing'],
    ]) {
      expect(await cluster.cli(argv)).toMatchObject({
        code: 4,
        err: expect.stringContaining('nothing'),
      });
    }
  });
});

describe('without a coordinator', () => {
  test('a definition is accepted, and applied when one comes', async () => {
    await using cluster = new LiveCluster(redis.url);
    const accepted = await cluster.cli(['apply', '-f', '-'], definition('orders'));
    expect(accepted).toEqual({
      code: 0,
      out: 'accepted, pending: no coordinator is up; it is applied as soon as one starts',
      err: '',
    });
    const waiting = cluster.cli(['apply', '-f', '-', '--wait'], definition('orders'));
    await cluster.startWorker('worker-1');
    await cluster.startCoordinator();
    expect(await waiting).toMatchObject({ code: 0, out: expect.stringContaining('all there') });
  });
});

describe('without Redis', () => {
  test.each([
    {
      what: 'nothing listens',
      url: async () => `redis://127.0.0.1:${await freePort()}`,
      says: 'nothing listens there',
    },
    {
      what: 'there is no such host',
      url: async () => 'redis://no-such-host.invalid:6379',
      says: 'host',
    },
  ])('a command ends at once with 5: $what', async ({ url, says }) => {
    const address = await url();
    const cluster = new LiveCluster(address);
    const result = await cluster.cli(['get', 'connectors']);
    expect(result).toMatchObject({ code: 5, err: expect.stringContaining(says) });
    expect(result.err).toContain(address);
  });

  test('a wrong password is told without showing it', async () => {
    await using locked = await startRedis();
    const admin = connectCoordinationRedis(locked.url, { role: 'coordination' });
    await untilReady(admin, 15_000);
    await admin.config('SET', 'requirepass', 'right');
    admin.disconnect();
    const withPassword = (text: string): string => locked.url.replace('//', `//${text}@`);
    for (const url of [locked.url, withPassword(':s3cret'), withPassword('me:s3@cret')]) {
      const { code, err } = await new LiveCluster(url).cli(['get', 'connectors']);
      expect(code).toBe(5);
      expect(err).toContain('refuses us');
      expect(err).not.toMatch(/s3|cret/);
    }
  });

  test('something that is not Redis is recognised', async () => {
    const server = createServer((_request, response) => response.end('hello'));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const result = await new LiveCluster(`redis://127.0.0.1:${port}`).cli(['get', 'connectors']);
    server.closeAllConnections();
    server.close();
    expect(result).toMatchObject({ code: 5, err: expect.stringContaining('that is not Redis') });
  });
});

describe('as a process', () => {
  const bin = resolve(repositoryRoot, 'apps/cli/bin/sluice.js');
  const sluice = (...args: string[]) =>
    spawnSync(process.execPath, [bin, ...args], {
      env: { PATH: process.env['PATH'], REDIS_URL: redis.url },
      encoding: 'utf8',
      timeout: 20_000,
    });

  test('reads, writes and ends by itself', () => {
    expect(sluice('get', 'connectors')).toMatchObject({ status: 0, signal: null });
    expect(sluice('pause', 'orders')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('accepted, pending'),
    });
    expect(sluice('get', 'nothing')).toMatchObject({ status: 2 });
  });
});
