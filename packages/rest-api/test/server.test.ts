import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeClock } from '@sluice/kernel/testing';
import { expect, onTestFinished, test } from 'vitest';

import { apiUnderTest } from './api-under-test.ts';
import { plugin } from './fake-cluster.ts';

test('the root tells version, commit and cluster', async () => {
  const { call } = apiUnderTest();
  const response = await call('GET /');
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual({
    version: '4.1.0',
    commit: 'abc123',
    kafka_cluster_id: 'test-cluster',
  });
});

test('connector plugins are listed, those that cannot be loaded left out', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.plugins = [
    plugin('a.Broken', { error: 'Cannot find module' }),
    plugin('a.Source'),
    plugin('b.Sink', { type: 'sink', version: '2.1.0' }),
    plugin('c.Json', { type: 'converter' }),
    plugin('d.Mask', { type: 'transformation' }),
  ];
  const connectors = [
    { class: 'a.Source', type: 'source', version: '1.0.0' },
    { class: 'b.Sink', type: 'sink', version: '2.1.0' },
  ];
  expect((await call('GET /connector-plugins')).json()).toEqual(connectors);
  expect((await call('GET /connector-plugins?connectorsOnly=True')).json()).toEqual(connectors);
  expect((await call('GET /connector-plugins?connectorsOnly=false')).json()).toEqual([
    ...connectors,
    { class: 'c.Json', type: 'converter', version: '1.0.0' },
    { class: 'd.Mask', type: 'transformation', version: '1.0.0' },
  ]);
});

test('with its store this process is healthy, alive and ready', async () => {
  const { call } = apiUnderTest();
  const health = await call('GET /health');
  expect(health.statusCode).toBe(200);
  expect(health.json()).toEqual({
    status: 'healthy',
    message: 'Worker has completed startup and is ready to handle requests.',
    ready: true,
    checks: { redis: { ok: true } },
  });
  expect((await call('GET /health/live')).json()).toEqual({ status: 'alive' });
  expect((await call('GET /health/ready')).json()).toEqual({ status: 'ready' });
});

test('without its store it is alive but not ready', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.isReachable = false;
  const health = await call('GET /health');
  expect(health.statusCode).toBe(200);
  expect(health.json()).toEqual({
    status: 'healthy',
    message: 'Alive, but not ready: redis failing',
    ready: false,
    checks: { redis: { ok: false, error: 'Redis at 127.0.0.1:1 does not answer' } },
  });
  expect((await call('GET /health/live')).statusCode).toBe(200);
  const ready = await call('GET /health/ready');
  expect(ready.statusCode).toBe(503);
  expect(ready.json()).toEqual({ status: 'not ready', failing: ['redis'] });
});

test('a check that hangs counts as failing after a second', async () => {
  const clock = new FakeClock();
  const checked = Promise.withResolvers<void>();
  const hang = async (): Promise<void> => {
    checked.resolve();
    await new Promise(() => {});
  };
  const { call } = apiUnderTest({ clock, health: { api: async () => {}, log: hang } });
  const response = call('GET /health/ready');
  await checked.promise;
  await clock.advance(1_000);
  expect((await response).statusCode).toBe(503);
  expect((await response).json()).toEqual({ status: 'not ready', failing: ['log'] });
});

test("a client that offers HTTP/2, as Java's does, is answered as if it had not", async () => {
  const { api, cluster } = apiUnderTest();
  await api.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => api.close());
  const { port } = api.server.address() as AddressInfo;
  const headers = {
    connection: 'Upgrade, HTTP2-Settings',
    upgrade: 'h2c',
    'http2-settings': 'AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
    'content-type': 'application/json',
  };
  const path = '/connectors/orders/config';
  const sent = request({ host: '127.0.0.1', port, path, method: 'PUT', headers });
  sent.end(JSON.stringify({ 'connector.class': 'FileStreamSource' }));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  expect(response.statusCode).toBe(201);
  expect(cluster.connectors.has('orders')).toBe(true);
});
