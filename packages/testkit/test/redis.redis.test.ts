import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { isAlive, startRedis, waitFor } from '../src/index.ts';

/** One command in, the raw reply out. */
async function send(port: number, command: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(`${command}\r\n`));
    socket.once('error', reject);
    socket.once('data', (reply) => {
      socket.destroy();
      resolve(reply.toString().trim());
    });
  });
}

test('a started server answers, and leaves neither process nor folder behind', async () => {
  const redis = await startRedis();
  expect(await send(redis.port, 'SET key value')).toBe('+OK');
  const { pid, dir } = redis;
  expect(isAlive(pid)).toBe(true);
  await redis.stop();
  await redis.stop();
  expect(isAlive(pid)).toBe(false);
  expect(existsSync(dir)).toBe(false);
});

test('a server without an append-only file comes back empty on the same port', async () => {
  await using redis = await startRedis();
  await send(redis.port, 'SET key value');
  const { port } = redis;
  await redis.kill('SIGKILL');
  await redis.restart();
  expect(redis.port).toBe(port);
  expect(await send(port, 'GET key')).toBe('$-1');
});

test('a server with an append-only file keeps its data over a SIGKILL', async () => {
  await using redis = await startRedis({ appendOnly: true });
  await send(redis.port, 'SET key value');
  await redis.kill('SIGKILL');
  await redis.restart();
  expect(await send(redis.port, 'GET key')).toBe('$5\r\nvalue');
});

test('a frozen server is ended all the same', async () => {
  const redis = await startRedis();
  await redis.kill('SIGSTOP');
  await redis.stop();
  expect(isAlive(redis.pid)).toBe(false);
}, 20_000);

test('a port that is taken is named in the error', async () => {
  await using redis = await startRedis();
  await expect(startRedis({ port: redis.port })).rejects.toThrow(String(redis.port));
});

test('a wrong setting is shown as the server reports it', async () => {
  await expect(startRedis({ config: ['--no-such-setting', '1'] })).rejects.toThrow(
    /no-such-setting/,
  );
});

test('waiting in vain names what was waited for and what was seen last', async () => {
  await expect(
    waitFor(() => ({ state: 'PAUSED' }), {
      what: 'orders to run',
      until: ({ state }) => state === 'RUNNING',
      timeoutMs: 50,
    }),
  ).rejects.toThrow(/for orders to run; last seen: \{ state: 'PAUSED' \}/);
});

test('waiting on a condition that hangs ends at the limit', async () => {
  await expect(
    waitFor(async () => await new Promise<boolean>(() => {}), { what: 'nothing', timeoutMs: 50 }),
  ).rejects.toThrow(/first look never returned/);
});
