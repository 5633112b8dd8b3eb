/** Browsers that sign in: what their cookie opens, and what ends it. */
import { Authenticator, Callers, type KnownCaller, tokenProof } from '@sluice/access';
import { SluiceError } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import type { LightMyRequestResponse } from 'fastify';
import { expect, test } from 'vitest';

import { apiUnderTest } from './api-under-test.ts';
import { FakeSessions } from './fake-sessions.ts';

const ann: KnownCaller = { name: 'ann', role: 'operator', proof: tokenProof('secret-of-ann') };
const host = 'localhost:8083';
const page = { origin: `http://${host}`, host, 'sec-fetch-dest': 'empty' };

function underTest(callers: readonly KnownCaller[] = [ann]) {
  const clock = new FakeClock();
  const authenticator = new Authenticator({ callers: new Callers([...callers]), clock });
  const sessions = new FakeSessions();
  const made = apiUnderTest({ authenticator, sessions, clock });
  made.cluster.add('orders');
  const signIn = async (body: object, headers = {}): Promise<LightMyRequestResponse> =>
    made.call('POST /sluice/session', body, { headers: { ...page, ...headers } });
  const cookieOf = async (): Promise<string> =>
    cookieIn(await signIn({ username: 'ann', password: 'secret-of-ann' }));
  const ask = async (request: string, cookie: string, headers = {}) =>
    made.call(request, undefined, { headers: { ...page, cookie, ...headers } });
  const askBare = async (request: string, cookie: string) =>
    made.call(request, undefined, { headers: { host, cookie } });
  return { ...made, authenticator, sessions, clock, signIn, cookieOf, ask, askBare };
}

function cookieIn(response: LightMyRequestResponse): string {
  return String(response.headers['set-cookie']).split(';')[0] ?? '';
}

test.each([{ username: 'ann', password: 'secret-of-ann' }, { token: 'secret-of-ann' }])(
  'with %j a browser gets a cookie that scripts do not see',
  async (credentials) => {
    const { signIn, ask } = underTest();
    const response = await signIn(credentials);
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({ user: 'ann', role: 'operator' });
    expect(response.headers['set-cookie']).toMatch(
      /^sluice-session-test-cluster=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    const session = await ask('GET /sluice/session', cookieIn(response));
    expect(session.json()).toEqual({
      user: 'ann',
      role: 'operator',
      by: 'token',
      authentication: 'required',
      cluster: 'test-cluster',
      version: '4.1.0',
      until_ms: 1_700_000_000_000 + 43_200_000,
    });
  },
);

test('over TLS, also before a proxy that is trusted, the cookie is of this host and of TLS only', async () => {
  const { api } = apiUnderTest({
    authenticator: new Authenticator({ callers: new Callers([ann]), clock: new FakeClock() }),
    sessions: new FakeSessions(),
    trustedProxies: ['127.0.0.1'],
  });
  const ask = async (method: 'GET' | 'POST', headers: Record<string, string>) =>
    await api.inject({
      method,
      url: method === 'POST' ? '/sluice/session' : '/connectors',
      headers: { 'x-forwarded-proto': 'https', ...headers },
      ...(method === 'POST' && { payload: { token: 'secret-of-ann' } }),
    });
  const response = await ask('POST', {});
  expect(response.headers['set-cookie']).toMatch(
    /^__Host-sluice-session-test-cluster=[^;]+; Path=\/; .*; Secure$/,
  );
  const cookie = cookieIn(response);
  expect((await ask('GET', { cookie })).statusCode).toBe(200);
  // Which anybody could plant who has a host beside this one, or an open line.
  const planted = cookie.replace('__Host-', '');
  expect((await ask('GET', { cookie: planted })).statusCode).toBe(401);
});

test('a session reads and writes as its owner may', async () => {
  const { ask, cookieOf } = underTest();
  const cookie = await cookieOf();
  expect((await ask('GET /connectors', cookie)).statusCode).toBe(200);
  expect((await ask('PUT /connectors/orders/pause', cookie)).statusCode).toBe(202);
  expect((await ask('DELETE /connectors/orders', cookie)).statusCode).toBe(403);
});

test.each([
  ['a page of another port of this host', { origin: 'http://localhost:3000' }],
  ['a page of the same site', { 'sec-fetch-site': 'same-site' }],
  ['an address bar', { 'sec-fetch-site': 'none' }],
])('with a session, a write that comes from %s is refused', async (_from, headers) => {
  const { cluster, ask, cookieOf } = underTest();
  const response = await ask('PUT /connectors/orders/pause', await cookieOf(), headers);
  expect(response.statusCode).toBe(403);
  expect(cluster.requests).toEqual([]);
});

test('with a session, a write of who does not say where it comes from is refused', async () => {
  const { cluster, askBare, cookieOf } = underTest();
  const cookie = await cookieOf();
  expect((await askBare('PUT /connectors/orders/pause', cookie)).statusCode).toBe(403);
  expect((await askBare('GET /connectors', cookie)).statusCode).toBe(200);
  expect(cluster.requests).toEqual([]);
});

test('an origin that may write is not one that may use a session', async () => {
  const clock = new FakeClock();
  const authenticator = new Authenticator({ callers: new Callers([ann]), clock });
  const sessions = new FakeSessions();
  const corsOrigins = ['http://localhost:3000'];
  const options = {
    authenticator,
    sessions,
    clock,
    corsOrigins,
    corsMethods: ['PUT', 'POST', 'DELETE'],
  };
  const { call, cluster } = apiUnderTest(options);
  cluster.add('orders');
  const signedIn = await call('POST /sluice/session', { token: 'secret-of-ann' });
  const headers = { origin: 'http://localhost:3000', cookie: cookieIn(signedIn) };
  const response = await call('PUT /connectors/orders/pause', undefined, { headers });
  expect(response.statusCode).toBe(403);
  expect(response.json<{ message: string }>().message).toContain('pages of this server only');
  const before = sessions.kept.size;
  for (const request of ['POST /sluice/session', 'DELETE /sluice/session']) {
    const body = request.startsWith('POST') ? { token: 'secret-of-ann' } : undefined;
    const refused = await call(request, body, { headers });
    expect(refused.statusCode).toBe(403);
    expect(refused.headers['set-cookie']).toBeUndefined();
  }
  expect(sessions.kept.size).toBe(before);
});

test('whoever signs in again has one session', async () => {
  const { sessions, signIn, ask, cookieOf } = underTest();
  const cookie = await cookieOf();
  const again = await signIn({ token: 'secret-of-ann' }, { cookie });
  expect(sessions.kept.size).toBe(1);
  expect((await ask('GET /connectors', cookie)).statusCode).toBe(401);
  expect((await ask('GET /connectors', cookieIn(again))).statusCode).toBe(200);
});

test('who signs out is out, on every server', async () => {
  const { sessions, ask, cookieOf } = underTest();
  const cookie = await cookieOf();
  expect(sessions.kept.size).toBe(1);
  const response = await ask('DELETE /sluice/session', cookie);
  expect(response.statusCode).toBe(204);
  expect(response.headers['set-cookie']).toContain('Max-Age=0');
  expect(sessions.kept.size).toBe(0);
  expect((await ask('GET /connectors', cookie)).statusCode).toBe(401);
  expect((await ask('DELETE /sluice/session', cookie)).statusCode).toBe(204);
});

test('what is stored opens no session', async () => {
  const { sessions, ask, cookieOf } = underTest();
  const cookie = await cookieOf();
  const [id = ''] = sessions.kept.keys();
  expect(cookie).not.toContain(id);
  expect((await ask('GET /connectors', `sluice-session-test-cluster=${id}`)).statusCode).toBe(401);
  expect(JSON.stringify([...sessions.kept])).not.toContain('secret-of-ann');
});

test('a session ends after twelve hours', async () => {
  const { clock, ask, cookieOf } = underTest();
  const cookie = await cookieOf();
  await clock.advance(43_200_000 - 1);
  expect((await ask('GET /connectors', cookie)).statusCode).toBe(200);
  await clock.advance(1);
  expect((await ask('GET /connectors', cookie)).statusCode).toBe(401);
});

test.each([
  ['is gone', [], 401],
  ['has another token', [{ ...ann, proof: tokenProof('another') }], 401],
  ['is only a viewer now', [{ ...ann, role: 'viewer' as const }], 403],
  ['stands beside another', [ann, { ...ann, proof: tokenProof('another') }], 202],
])('a session whose owner %s is answered so', async (_what, callers, status) => {
  const { authenticator, ask, cookieOf } = underTest();
  const cookie = await cookieOf();
  authenticator.use(new Callers(callers));
  expect((await ask('PUT /connectors/orders/pause', cookie)).statusCode).toBe(status);
});

test('credentials that are sent count, and not the cookie beside them', async () => {
  const { ask, cookieOf } = underTest();
  const authorization = 'Bearer wrong';
  expect((await ask('GET /connectors', await cookieOf(), { authorization })).statusCode).toBe(401);
});

test('wrong credentials get no cookie, and too many of them no answer', async () => {
  const { signIn, sessions } = underTest();
  const wrong = await signIn({ token: 'guess' });
  expect(wrong.statusCode).toBe(401);
  expect(wrong.headers['set-cookie']).toBeUndefined();
  for (let guess = 0; guess < 30; guess++) await signIn({ token: `guess-${guess}` });
  expect((await signIn({ token: 'secret-of-ann' })).statusCode).toBe(429);
  expect(sessions.kept.size).toBe(0);
});

test.each([
  {},
  { token: '' },
  { token: 'a b' },
  { username: 'ann' },
  { username: 'a:b', password: 'x' },
  { username: 'ann', password: 'x', token: 'y' },
])('%j is no way to sign in', async (body) => {
  const { signIn } = underTest();
  expect((await signIn(body)).statusCode).toBe(400);
});

test('a page of another site cannot sign a browser in', async () => {
  const { signIn, sessions } = underTest();
  const response = await signIn({ token: 'secret-of-ann' }, { origin: 'https://evil.example' });
  expect(response.statusCode).toBe(403);
  expect(sessions.kept.size).toBe(0);
});

test.each([
  ['a script', 'GET /connectors', page],
  ['a browser that had a session', 'GET /connectors', { cookie: 'sluice-session-test-cluster=x' }],
  ['whoever asks for its session', 'GET /sluice/session', {}],
  ['whoever looks', 'GET /sluice/live', {}],
])('%s is not made to ask for a password', async (_who, request, headers) => {
  const { call } = underTest();
  const response = await call(request, undefined, { headers });
  expect(response.statusCode).toBe(401);
  expect(response.headers['www-authenticate']).toBe('Bearer realm="sluice"');
});

test('a program is told that a password will do', async () => {
  const { call } = underTest();
  expect((await call('GET /connectors')).headers['www-authenticate']).toMatch(/^Basic /);
});

test('without the store a session is neither right nor wrong', async () => {
  const { sessions, ask, cookieOf } = underTest();
  const cookie = await cookieOf();
  sessions.failure = new SluiceError('store.unreachable', 'Redis does not answer');
  expect((await ask('GET /connectors', cookie)).statusCode).toBe(503);
});

test.each(['', '{', '[]', '{"caller":{"name":"ann","role":"king"}}'])(
  'what somebody wrote into the store is no session: %j',
  async (content) => {
    const { sessions, ask, cookieOf } = underTest();
    const cookie = await cookieOf();
    for (const id of sessions.kept.keys()) sessions.kept.set(id, content);
    expect((await ask('GET /connectors', cookie)).statusCode).toBe(401);
  },
);

test('signing in and out is in the audit trail, under the name of who did', async () => {
  const { audit, ask, cookieOf } = underTest();
  await ask('DELETE /sluice/session', await cookieOf());
  const noted = audit.kept.map(({ who, action, outcome }) => [who, action, outcome]);
  expect(noted).toEqual([
    ['ann', 'sign-in', 'done'],
    ['ann', 'sign-out', 'done'],
  ]);
});

test('where nobody has to say who they are, everybody is told so', async () => {
  const { call } = apiUnderTest();
  expect((await call('GET /sluice/session')).json()).toMatchObject({
    user: null,
    role: 'admin',
    authentication: 'none',
  });
  const signedIn = await call('POST /sluice/session', { token: 'anything' });
  expect(signedIn.statusCode).toBe(200);
  expect(signedIn.headers['set-cookie']).toBeUndefined();
});
