import { Authenticator, Callers, tokenProof } from '@sluice/access';
import { silentLogger } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import { assertBindAllowed, buildApi } from '@sluice/rest-api';
import { expect, test } from 'vitest';

import { apiUnderTest } from './api-under-test.ts';
import { FakeAudit } from './fake-audit.ts';
import { FakeCluster } from './fake-cluster.ts';
import { FakeOffsets } from './fake-offsets.ts';

const authenticator = new Authenticator({
  callers: new Callers([
    { name: 'ann', role: 'admin', proof: tokenProof('pass:word') },
    { name: 'bob', role: 'viewer', proof: tokenProof('geheimnüß') },
  ]),
  clock: new FakeClock(),
});

function basic(username: string, password: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

test.each(['127.0.0.1', '127.8.9.1', '::1', '[::1]', 'localhost', 'LOCALHOST', '::ffff:127.0.0.1'])(
  'listening on %s needs no password',
  (host) => {
    expect(() => assertBindAllowed({ host, hasAuth: false, insecure: false })).not.toThrow();
  },
);

test.each(['0.0.0.0', '::', '', '10.0.0.7', 'coordinator.example.com', '127.0.0.1.example.com'])(
  'listening on %j without a password is refused with the remedy',
  (host) => {
    expect(() => assertBindAllowed({ host, hasAuth: false, insecure: false })).toThrow(
      expect.objectContaining({
        code: 'bind.refused',
        message: expect.stringMatching(/127\.0\.0\.1.*SLUICE_AUTH.*--insecure/) as string,
      }),
    );
    expect(() => assertBindAllowed({ host, hasAuth: true, insecure: false })).not.toThrow();
    expect(() => assertBindAllowed({ host, hasAuth: false, insecure: true })).not.toThrow();
  },
);

test('with a password set, everything but the probes asks for it', async () => {
  const cluster = new FakeCluster();
  const api = buildApi({
    client: cluster,
    info: { version: '4.1.0', commit: 'abc123', clusterId: 'test-cluster' },
    logger: silentLogger,
    offsets: new FakeOffsets(),
    audit: new FakeAudit(),
    authenticator,
  });
  // As the boards are: registered by the app, after the API, with an error handler of their own.
  await api.register(async (app) => {
    app.get('/queues', { config: { role: 'viewer' } }, async () => 'the boards');
    app.setErrorHandler((_error, _request, reply) => reply.status(500).send('their own shape'));
  });
  for (const url of ['/', '/connectors', '/health', '/sluice/workers', '/queues', '/nothing']) {
    const response = await api.inject({ url });
    expect(response.statusCode, url).toBe(401);
    expect(response.headers['www-authenticate']).toMatch(/^Basic realm=/);
    expect(response.json()).toEqual({
      error_code: 401,
      message: 'User cannot access the resource.',
    });
  }
  for (const url of ['/health/live', '/health/ready', '/health/live/', '/health/ready?x=1']) {
    expect((await api.inject({ url })).statusCode, url).toBe(200);
  }
  const headers = basic('ann', 'pass:word');
  expect((await api.inject({ url: '/queues', headers })).body).toBe('the boards');
});

test.each([
  ['the right password', basic('ann', 'pass:word'), 200],
  ['a password that is not ASCII', basic('bob', 'geheimnüß'), 200],
  ["another user's password", basic('ann', 'geheimnüß'), 401],
  ['a wrong password', basic('ann', 'pass'), 401],
  ['an unknown user', basic('eve', 'pass:word'), 401],
  ['an empty header', { authorization: '' }, 401],
  ['no encoding', { authorization: 'Basic' }, 401],
  ['another scheme', { authorization: 'Bearer abc' }, 401],
])('%s is answered with the right status', async (_what, headers, status) => {
  const { call } = apiUnderTest({ authenticator });
  expect((await call('GET /connectors', undefined, { headers })).statusCode).toBe(status);
});

test('the scheme may be written in any case', async () => {
  const { call } = apiUnderTest({ authenticator });
  const authorization = basic('ann', 'pass:word').authorization.replace('Basic', 'basic');
  const response = await call('GET /connectors', undefined, { headers: { authorization } });
  expect(response.statusCode).toBe(200);
});

test('answers carry headers that keep browsers from guessing, framing and storing', async () => {
  const { call } = apiUnderTest();
  expect((await call('GET /connectors')).headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'SAMEORIGIN',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  });
});

test('no page of another site may read or write by default', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders');
  const headers = { origin: 'https://evil.example' };
  const read = await call('GET /connectors', undefined, { headers });
  expect(read.headers).not.toHaveProperty('access-control-allow-origin');
  const preflight = await call('OPTIONS /connectors', undefined, { headers });
  expect(preflight.headers).not.toHaveProperty('access-control-allow-origin');
  const write = await call('DELETE /connectors/orders', undefined, { headers });
  expect(write.statusCode).toBe(403);
  expect(write.json()).toEqual({
    error_code: 403,
    message: 'Refused: this request was made by a page of another site',
  });
  expect(cluster.requests).toEqual([]);
});

test.each([
  ['no browser', {}, 202],
  ['our own page', { origin: 'http://localhost:8083', host: 'localhost:8083' }, 202],
  ['our own page on the usual port', { origin: 'http://localhost', host: 'localhost' }, 202],
  [
    'our own page behind a proxy',
    { origin: 'https://ui.example', 'sec-fetch-site': 'same-origin' },
    202,
  ],
  ['the address bar', { 'sec-fetch-site': 'none' }, 202],
  ['a sandboxed page', { origin: 'null' }, 403],
  ['another port', { origin: 'http://localhost:3000', host: 'localhost:8083' }, 403],
  ['a sibling site', { 'sec-fetch-site': 'same-site' }, 403],
  ['another site', { 'sec-fetch-site': 'cross-site' }, 403],
])('a write that comes from %s', async (_from, headers, status) => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders');
  const response = await call('PUT /connectors/orders/pause', undefined, { headers });
  expect(response.statusCode).toBe(status);
});

const ui = 'https://ui.example';

async function preflightOf(
  options: { corsOrigins: string[]; corsMethods?: string[] },
  origin = ui,
): Promise<Record<string, unknown>> {
  const { call } = apiUnderTest({ ...options, authenticator });
  const headers = { origin, 'access-control-request-method': 'PUT' };
  const preflight = await call('OPTIONS /connectors/orders/pause', undefined, { headers });
  return { status: preflight.statusCode, ...preflight.headers };
}

test('a browser is told, without a password, what an allowed origin may do', async () => {
  expect(await preflightOf({ corsOrigins: [ui] })).toMatchObject({
    status: 204,
    'access-control-allow-origin': ui,
    'access-control-allow-methods': 'GET,POST,HEAD',
    vary: 'origin',
  });
  expect(await preflightOf({ corsOrigins: ['*'], corsMethods: ['GET', 'put'] })).toMatchObject({
    'access-control-allow-origin': ui,
    'access-control-allow-methods': 'GET,PUT',
  });
});

test.each([
  [['https://*.example'], 'https://ui.example', true],
  [['https://*.example'], 'https://ui.example.evil', false],
  [['https://*.example'], 'https://ui-example', false],
  [['https://a.example', 'https://b.example'], 'https://b.example', true],
  [['https://a.example'], 'https://a.example:8080', false],
])('of the origins %j, %s is one: %s', async (corsOrigins, origin, isAllowed) => {
  const answer = await preflightOf({ corsOrigins }, origin);
  expect('access-control-allow-origin' in answer).toBe(isAllowed);
});

test('an allowed origin may read, and write by the methods that were allowed', async () => {
  const { cluster, call } = apiUnderTest({ corsOrigins: [ui], corsMethods: ['GET', 'PUT'] });
  cluster.add('orders');
  const headers = { origin: ui, 'sec-fetch-site': 'cross-site' };
  const read = await call('GET /connectors', undefined, { headers });
  expect(read.headers['access-control-allow-origin']).toBe(ui);
  const write = await call('PUT /connectors/orders/pause', undefined, { headers });
  expect(write.statusCode).toBe(202);
  expect(write.headers['access-control-allow-origin']).toBe(ui);
  const refusal = await call('DELETE /connectors/orders', undefined, { headers });
  expect(refusal.statusCode).toBe(403);
  expect(refusal.json()).toEqual({
    error_code: 403,
    message:
      'Refused: pages of other sites may not ask for DELETE; access.control.allow.methods has GET, PUT',
  });
});

test.each([
  ['localhost:8083', 200],
  ['127.0.0.1:8083', 200],
  ['[::1]:8083', 200],
  ['10.1.2.3', 200],
  ['evil.example', 403],
  ['evil.example:8083', 403],
  ['Coordinator.internal:8083', 200],
])('a request for host %s is answered with %i', async (host, status) => {
  const { call } = apiUnderTest({ allowedHosts: ['coordinator.internal'] });
  const response = await call('GET /connectors', undefined, { headers: { host } });
  expect(response.statusCode).toBe(status);
});

test('any host name will do where a password protects or it was allowed', async () => {
  const headers = { host: 'coordinator.internal', ...basic('ann', 'pass:word') };
  for (const options of [{ authenticator }, { allowedHosts: 'any' as const }]) {
    const { call } = apiUnderTest(options);
    expect((await call('GET /connectors', undefined, { headers })).statusCode).toBe(200);
  }
});
