import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { systemClock } from '@sluice/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { TcpProxy } from './tcp-proxy.ts';
import { waitFor } from './wait-for.ts';

const received: string[] = [];
const echo = createServer((socket) => {
  socket.on('data', (chunk) => {
    received.push(String(chunk));
    socket.write(chunk);
  });
  socket.on('error', () => {});
});

beforeAll(async () => {
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
});

afterAll(() => void echo.close());

interface Caller {
  readonly socket: Socket;
  readonly answers: string[];
}

async function call(proxy: TcpProxy): Promise<Caller> {
  const socket = connect(proxy.port, '127.0.0.1');
  const answers: string[] = [];
  socket.on('data', (chunk) => answers.push(String(chunk)));
  socket.on('error', () => {});
  await once(socket, 'connect');
  return { socket, answers };
}

async function start(): Promise<TcpProxy> {
  received.length = 0;
  return await TcpProxy.start((echo.address() as AddressInfo).port);
}

async function gets({ answers }: Caller, text: string): Promise<void> {
  await waitFor(() => answers.join(''), { what: text, until: (seen) => seen === text });
}

test('what is sent arrives in order, and latency delays both ways', async () => {
  await using proxy = await start();
  const caller = await call(proxy);
  proxy.disturb({ latencyMs: 100 });
  const sinceMs = systemClock.monotonicMs();
  caller.socket.write('a');
  caller.socket.write('b');
  await gets(caller, 'ab');
  expect(systemClock.monotonicMs() - sinceMs).toBeGreaterThanOrEqual(199);
  proxy.disturb({});
  caller.socket.write('c');
  await gets(caller, 'abc');
});

test('in one direction silence is only that', async () => {
  await using proxy = await start();
  const caller = await call(proxy);
  proxy.disturb({ stalled: 'to-client' });
  caller.socket.write('a');
  await waitFor(() => received.length === 1, { what: 'the server to hear it' });
  await systemClock.sleep(50);
  expect(caller.answers).toEqual([]);
  proxy.disturb({ stalled: 'to-server' });
  await gets(caller, 'a');
  caller.socket.write('b');
  await systemClock.sleep(50);
  expect(received).toEqual(['a']);
  proxy.disturb({});
  await gets(caller, 'ab');
});

test('what waits is bounded: the sender is held up as by a server that does not read', async () => {
  await using proxy = await start();
  const caller = await call(proxy);
  proxy.disturb({ stalled: 'both' });
  const megabyte = 'x'.repeat(1024 * 1024);
  for (let count = 0; count < 32; count += 1) caller.socket.write(megabyte);
  await systemClock.sleep(200);
  expect(caller.socket.writableNeedDrain).toBe(true);
  proxy.disturb({});
  await waitFor(() => caller.answers.reduce((sum, { length }) => sum + length, 0), {
    what: 'all of it to come back',
    until: (length) => length === 32 * 1024 * 1024,
  });
});

test('dropped connections end at both ends, and new ones are taken', async () => {
  await using proxy = await start();
  const caller = await call(proxy);
  const closed = new Promise<void>((resolve) => caller.socket.once('close', () => resolve()));
  caller.socket.write('a');
  await gets(caller, 'a');
  expect(proxy.dropConnections()).toBe(1);
  await closed;
  const next = await call(proxy);
  next.socket.write('b');
  await gets(next, 'b');
});

test('refused connections leave the open ones alone, until new ones are accepted again', async () => {
  await using proxy = await start();
  const caller = await call(proxy);
  proxy.refuseConnections();
  await expect(call(proxy)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  caller.socket.write('a');
  await gets(caller, 'a');
  await proxy.acceptConnections();
  const next = await call(proxy);
  next.socket.write('b');
  await gets(next, 'b');
  proxy.refuseConnections();
});
