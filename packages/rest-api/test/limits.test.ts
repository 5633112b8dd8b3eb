/** What one client may ask for, and what each answer carries. */
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { FakeClock } from '@sluice/kernel/testing';
import {
  createHttpServer,
  parseResponseHeaders,
  type ServerLimits,
  SharedLimits,
} from '@sluice/rest-api';
import { expect, onTestFinished, test } from 'vitest';

import { apiUnderTest } from './api-under-test.ts';

test('a client that asks too often is told when to come again, and others are answered', async () => {
  const clock = new FakeClock();
  const limits = new SharedLimits({ clock, requestsPerMinute: 3 });
  const { call } = apiUnderTest({ clock, limits, allowedHosts: 'any' });
  const from = (remoteAddress: string) => call('GET /connectors', undefined, { remoteAddress });
  for (let request = 0; request < 3; request++) {
    expect((await from('10.0.0.1')).statusCode).toBe(200);
  }
  await clock.advance(12_500);
  const refused = await from('10.0.0.1');
  expect(refused.statusCode).toBe(429);
  expect(refused.headers['retry-after']).toBe('48');
  expect(refused.json()).toEqual({
    error_code: 429,
    message: 'Too many requests came from this address',
  });
  expect((await from('10.0.0.2')).statusCode).toBe(200);
  for (let request = 0; request < 10; request++) {
    expect((await from('127.0.0.1')).statusCode).toBe(200);
  }
  await clock.advance(47_500);
  expect((await from('10.0.0.1')).statusCode).toBe(200);
});

test('what a client has asked for counts on all listeners of a process', async () => {
  const limits = new SharedLimits({ requestsPerMinute: 1 });
  const [one, other] = [1, 2].map(() => apiUnderTest({ limits, allowedHosts: 'any' }));
  const from = async (api: typeof one, remoteAddress: string): Promise<number | undefined> =>
    (await api?.call('GET /connectors', undefined, { remoteAddress }))?.statusCode;
  expect(await from(one, '10.0.0.1')).toBe(200);
  expect(await from(other, '10.0.0.1')).toBe(429);
  expect(await from(other, '10.0.0.2')).toBe(200);
});

test('behind a proxy that is trusted the client is whom it names, and nobody else may name one', async () => {
  const limits = new SharedLimits({ requestsPerMinute: 1 });
  const { call } = apiUnderTest({ limits, trustedProxies: ['10.9.0.0/16'] });
  const ask = async (remoteAddress: string, forwarded: string): Promise<number> => {
    const headers = { 'x-forwarded-for': forwarded };
    return (await call('GET /connectors', undefined, { remoteAddress, headers })).statusCode;
  };
  expect(await ask('10.9.1.1', '192.0.2.1')).toBe(200);
  expect(await ask('10.9.1.1', '192.0.2.2')).toBe(200);
  expect(await ask('10.9.1.2', '192.0.2.1')).toBe(429);
  expect(await ask('192.0.2.9', '192.0.2.3')).toBe(200);
  expect(await ask('192.0.2.9', '192.0.2.4')).toBe(429);
});

async function listening(limits: ServerLimits): Promise<() => Promise<Socket>> {
  const app = createHttpServer(limits);
  app.get('/', async () => 'here');
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const sockets: Socket[] = [];
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await app.close();
  });
  return async () => {
    const socket = connect({ port, host: '127.0.0.1' });
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  };
}

test('connections above the limit of a process are closed, and those before them go on', async () => {
  const limits = new SharedLimits({ connectionsMax: 2 });
  const open = await listening({ limits });
  const openElsewhere = await listening({ limits });
  const [first, second] = [await open(), await openElsewhere()];
  for (const openOneMore of [open, openElsewhere]) await once(await openOneMore(), 'close');
  first.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const [answer] = (await once(first, 'data')) as [Buffer];
  expect(answer.toString()).toContain('here');
  // The place of one that is closed is taken by the next, on whichever listener.
  second.destroy();
  const isAnswered = async (): Promise<boolean> => {
    const socket = await open();
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const [reply] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as [
      unknown,
    ];
    return Buffer.isBuffer(reply);
  };
  await expect.poll(isAnswered).toBe(true);
});

test('who sends its headers a letter at a time is hung up on', async () => {
  const open = await listening({ headersTimeoutMs: 500 });
  const socket = await open();
  socket.write('GET / HTTP/1.1\r\n');
  const letters = setInterval(() => socket.write('x'), 50);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  clearInterval(letters);
  expect(answer.toString()).toContain('408');
});

test('each answer has the headers that were set, errors as well', async () => {
  const { call } = apiUnderTest({
    clock: new FakeClock(Date.parse('2026-01-01T00:00:00Z')),
    responseHeaders: parseResponseHeaders(
      'add X-A: 1; mode=block,"set cache-control: no-cache, no-store", setDate Expires: 60000, add vary: a, add vary: b',
    ),
  });
  for (const url of ['GET /connectors', 'GET /nothing']) {
    const { headers } = await call(url);
    expect(headers['x-a']).toBe('1; mode=block');
    expect(headers['cache-control']).toBe('no-cache, no-store');
    expect(headers['expires']).toBe('Thu, 01 Jan 2026 00:01:00 GMT');
    expect(headers['vary']).toEqual(['a', 'b']);
  }
});

test.each(['X-A: 1', 'replace X-A: 1', 'set X A: 1', 'set X-A', 'setDate Expires: soon'])(
  '%j is no header to set',
  (text) => {
    expect(() => parseResponseHeaders(text)).toThrow('[action] [header name]:[header value]');
  },
);
