import { createRequire } from 'node:module';

import { silentLogger } from '@sluice/kernel';
import { expect, test } from 'vitest';

import {
  Connection,
  createSocketFactory,
  disconnectedStatus,
  kafkajsVersion,
} from '../src/kafkajs/internals.ts';
import { kafkajsLog } from '../src/kafkajs/logging.ts';

const require = createRequire(import.meta.url);

const connection = new Connection({
  host: 'broker-1',
  port: 9092,
  clientId: 'test',
  logger: kafkajsLog(silentLogger),
  socketFactory: () => {
    throw new Error('no socket is opened here');
  },
  connectionTimeout: 1_000,
  requestTimeout: 1_000,
  enforceRequestTimeout: false,
  ssl: null,
  sasl: null,
});

test('kafkajs has exactly the version whose internals are reached', () => {
  const { version } = require('kafkajs/package.json') as { version: string };
  expect(version).toBe(kafkajsVersion);
  const { dependencies } = require('../package.json') as { dependencies: { kafkajs: string } };
  expect(dependencies.kafkajs).toBe(kafkajsVersion);
});

test('a connection has the members that ours calls, and the queue it lets us replace', () => {
  expect(connection).toMatchObject({
    connectionStatus: disconnectedStatus,
    reauthenticationThreshold: 10_000,
    connect: expect.any(Function),
    processData: expect.any(Function),
    authHandlers: null,
    isConnected: expect.any(Function),
    isAuthenticated: expect.any(Function),
    authenticate: expect.any(Function),
    setVersions: expect.any(Function),
    setSupportAuthenticationProtocol: expect.any(Function),
    nextCorrelationId: expect.any(Function),
    requestQueue: {
      push: expect.any(Function),
      fulfillRequest: expect.any(Function),
      rejectAll: expect.any(Function),
      maybeThrottle: expect.any(Function),
      waitForPendingRequests: expect.any(Function),
      scheduleRequestTimeoutCheck: expect.any(Function),
      destroy: expect.any(Function),
    },
  });
  expect(connection.sessionLifetime.toString()).toBe('0');
  expect(connection.nextCorrelationId()).toBe(0);
  expect(connection.nextCorrelationId()).toBe(1);
});

test('its queue is called with nothing but what ours has', () => {
  const source = String(Connection);
  const called = [...source.matchAll(/requestQueue\.(\w+)/g)].map(([, name]) => name);
  expect(new Set(called)).toEqual(
    new Set([
      'destroy',
      'fulfillRequest',
      'maybeThrottle',
      'push',
      'rejectAll',
      'scheduleRequestTimeoutCheck',
      'waitForPendingRequests',
    ]),
  );
});

test('bytes are split into answers, which go to the queue without the correlation id', () => {
  const answers: unknown[] = [];
  const queue = connection.requestQueue;
  queue.fulfillRequest = (answer) => answers.push(answer);
  const bytes = Buffer.from([0, 0, 0, 6, 0, 0, 0, 7, 0xab, 0xcd, 0, 0, 0, 4, 0, 0, 0, 8]);
  for (const byte of bytes) connection.processData(Buffer.from([byte]));
  expect(answers).toEqual([
    { correlationId: 7, payload: Buffer.from([0xab, 0xcd]), size: 6 },
    { correlationId: 8, payload: Buffer.alloc(0), size: 4 },
  ]);
});

test('the socket factory takes host, port, TLS options and what to call when connected', () => {
  const socket = createSocketFactory()({
    host: '127.0.0.1',
    port: 1,
    ssl: null,
    onConnect: () => {},
  });
  socket.on('error', () => {});
  expect(socket.connecting).toBe(true);
  socket.destroy();
});
