import { leadRequest } from '@sluice/coordination/conformance';
import { isRetriable, toError } from '@sluice/kernel';
import { freePort, type RedisHandle, startRedis, waitFor } from '@sluice/testkit';
import type { Redis } from 'ioredis';
import { afterEach, expect, test } from 'vitest';

import { connectCoordinationRedis, RedisCoordinationStore, untilReady } from '../src/index.ts';

let server: RedisHandle | undefined;
const open: Redis[] = [];

afterEach(async () => {
  for (const redis of open.splice(0)) redis.disconnect();
  await server?.stop();
  server = undefined;
});

function connect(url: string, options: { commandTimeoutMs?: number } = {}): Redis {
  const redis = connectCoordinationRedis(url, { role: 'heartbeat', ...options });
  open.push(redis);
  return redis;
}

async function failure(action: Promise<unknown>): Promise<Error> {
  const startedMs = performance.now();
  try {
    await action;
  } catch (error) {
    // By the time for a command or the loss of the connection, and not by that for a silent server, 5 s.
    expect(performance.now() - startedMs).toBeLessThan(4_000);
    return toError(error);
  }
  throw new Error('it should have failed');
}

test('where no Redis is, the error names the place and the remedy', async () => {
  const port = await freePort();
  const redis = connect(`redis://someone:s3cret@127.0.0.1:${port}`);
  const error = await failure(untilReady(redis, 300));
  expect(error).toMatchObject({ code: 'store.unreachable' });
  expect(error.message).toBe(
    `Redis at redis://someone@127.0.0.1:${port} does not answer ` +
      `(connect ECONNREFUSED 127.0.0.1:${port}): check that it runs and that REDIS_URL points to it`,
  );
  const store = new RedisCoordinationStore({ redis, cluster: 'main' });
  // Each command that fails says so, too, and not what the driver calls its options.
  expect(await failure(store.ping())).toMatchObject({ code: 'store.unreachable' });
  expect((await failure(store.ping())).message).toContain('ECONNREFUSED');
});

test('when Redis goes away commands fail fast, and work again when it is back', async () => {
  server = await startRedis();
  const redis = connect(server.url);
  await untilReady(redis, 20_000);
  const store = new RedisCoordinationStore({ redis, cluster: 'main' });
  await server.kill('SIGKILL');
  const error = await failure(store.beats());
  expect(error).toMatchObject({ code: 'store.unreachable' });
  expect(isRetriable(error)).toBe(true);
  expect(error.message).toMatch(/the connection was lost|no connection|ECONNREFUSED|ECONNRESET/);
  await server.restart();
  await untilReady(redis, 20_000);
  expect(await store.beats()).toEqual([]);
});

test('a Redis that hangs is given up after the time for a command', async () => {
  server = await startRedis();
  const redis = connect(server.url, { commandTimeoutMs: 200 });
  await untilReady(redis, 20_000);
  const store = new RedisCoordinationStore({ redis, cluster: 'main' });
  await server.kill('SIGSTOP');
  const error = await failure(store.lead(leadRequest('a', 60_000)));
  expect(error).toMatchObject({ code: 'store.unreachable' });
  expect(error.message).toContain('timed out');
  await server.kill('SIGCONT');
  await waitFor(() => store.ping().then(() => true), { what: 'Redis to answer again' });
});

test('a server that stays silent is looked for anew, wherever it is by then', async () => {
  server = await startRedis();
  const redis = connect(server.url, { commandTimeoutMs: 200 });
  await untilReady(redis, 20_000);
  let isLeft = false;
  redis.once('close', () => {
    isLeft = true;
  });
  const store = new RedisCoordinationStore({ redis, cluster: 'main' });
  await server.kill('SIGSTOP');
  const ask = async (): Promise<boolean> => {
    await failure(store.beats());
    return isLeft;
  };
  await waitFor(ask, { what: 'the connection to be closed', timeoutMs: 20_000 });
  await server.kill('SIGCONT');
  await untilReady(redis, 20_000);
  expect(await store.beats()).toEqual([]);
});

test('what was sent and not answered is not sent again behind the caller’s back', async () => {
  server = await startRedis({ appendOnly: true });
  const redis = connect(server.url, { commandTimeoutMs: 30_000 });
  await untilReady(redis, 20_000);
  const store = new RedisCoordinationStore({ redis, cluster: 'main' });
  await server.kill('SIGSTOP');
  const submitted = failure(store.submit('lost', { op: 'drain', worker: 'w' }));
  await server.kill('SIGKILL');
  await server.restart();
  expect(await submitted).toMatchObject({ code: 'store.unreachable' });
  await untilReady(redis, 20_000);
  await store.ping();
  expect(await store.pendingRequests(10)).toEqual([]);
});

test('a wrong or missing password is told at once, without the password', async () => {
  server = await startRedis({ config: ['--requirepass', 's3cret'] });
  const wrong = server.url.replace('redis://', 'redis://:wr0ng@');
  const error = await failure(untilReady(connect(wrong), 20_000));
  expect(error).toMatchObject({ code: 'store.denied' });
  expect(error.message).not.toContain('wr0ng');
  expect(error.message).toContain('check user and password in REDIS_URL');
  expect(await failure(untilReady(connect(server.url), 20_000))).toMatchObject({
    code: 'store.denied',
  });
  const right = connect(server.url.replace('redis://', 'redis://:s3cret@'));
  await untilReady(right, 20_000);
  await new RedisCoordinationStore({ redis: right, cluster: 'main' }).ping();
});
