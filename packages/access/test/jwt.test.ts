import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Authentication, Authenticator, type JwtOptions, type Role } from '@sluice/access';
import { systemClock } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

/** An identity provider, as far as Sluice sees one. */
let provider: Server;
let issuer: string;
let keys: Keys;
let others: Keys;
const fetched: string[] = [];
/** What it says its keys are; undefined: it fails. */
const provided: { keys: object | undefined } = { keys: undefined };
let mend: () => void;

beforeAll(async () => {
  keys = await generateKeyPair('ES256');
  others = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256' };
  mend = () => (provided.keys = { keys: [jwk] });
  mend();
  provider = createServer((request, response) => {
    fetched.push(request.url ?? '');
    response.setHeader('content-type', 'application/json');
    const isKeys = request.url === '/keys';
    if (isKeys && provided.keys === undefined) response.statusCode = 500;
    response.end(JSON.stringify(isKeys ? provided.keys : { issuer, jwks_uri: `${issuer}/keys` }));
  }).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
});

afterAll(() => {
  provider.close();
  provider.closeAllConnections();
});

function optionsOf(more: Partial<JwtOptions> = {}): JwtOptions {
  return {
    issuer,
    audience: 'sluice',
    algorithms: ['ES256'],
    clockSkewSeconds: 30,
    nameClaim: 'sub',
    rolesClaim: 'realm.roles',
    roles: new Map<string, Role>([
      ['devs', 'viewer'],
      ['on-call', 'operator'],
    ]),
    ...more,
  };
}

interface TokenOptions {
  readonly payload?: JWTPayload;
  readonly audience?: string;
  readonly expiresInSeconds?: number;
  readonly by?: Keys;
  readonly kid?: string;
}

async function tokenOf(options: TokenOptions = {}): Promise<string> {
  const { payload = { realm: { roles: ['devs', 'on-call', 'x'] } }, kid = 'k1' } = options;
  const nowSeconds = Math.floor(Date.now() / 1_000);
  return await new SignJWT({ sub: 'ann', ...payload })
    .setProtectedHeader({ alg: 'ES256', kid })
    .setIssuer(issuer)
    .setAudience(options.audience ?? 'sluice')
    .setExpirationTime(nowSeconds + (options.expiresInSeconds ?? 60))
    .sign((options.by ?? keys).privateKey);
}

function authenticatorOf(more: Partial<JwtOptions> = {}): (token: string) => Promise<object> {
  const authenticator = new Authenticator({ jwt: optionsOf(more), clock: systemClock });
  return (token) =>
    authenticator.authenticate({ authorization: `Bearer ${token}`, address: '10.0.0.1' });
}

test('a token of the issuer gives the highest role that its claims come to', async () => {
  const authenticate = authenticatorOf();
  expect(await authenticate(await tokenOf())).toEqual({
    kind: 'known',
    caller: { name: 'ann', role: 'operator', by: 'jwt' },
    credential: {
      kind: 'jwt',
      untilMs: expect.any(Number) as number,
      issuer,
      roleValues: ['devs', 'on-call'],
    },
  });
  expect(await authenticate(await tokenOf({ payload: { realm: { roles: 'devs' } } }))).toEqual({
    kind: 'known',
    caller: { name: 'ann', role: 'viewer', by: 'jwt' },
    credential: {
      kind: 'jwt',
      untilMs: expect.any(Number) as number,
      issuer,
      roleValues: ['devs'],
    },
  });
});

test.each([
  ['gives its claims another role', { roles: new Map<string, Role>([['devs', 'admin']]) }, 'admin'],
  ['gives its claims no role', { roles: new Map<string, Role>([['ops', 'admin']]) }, undefined],
  ['trusts another issuer', { issuer: 'https://another' }, undefined],
  ['is the same', {}, 'operator'],
] as const)(
  'what a token proved once counts as a server counts it that %s',
  async (_what, more, role) => {
    const signedIn = await authenticatorOf()(await tokenOf());
    const { caller, credential } = signedIn as Extract<Authentication, { kind: 'known' }>;
    const later = new Authenticator({ jwt: optionsOf(more), clock: systemClock });
    expect(later.stillStands(caller, credential)?.role).toBe(role);
  },
);

test('a token that is taken by the tolerance for clocks proves something for as long', async () => {
  const answer = await authenticatorOf()(await tokenOf({ expiresInSeconds: -20 }));
  expect(answer).toMatchObject({ kind: 'known' });
  const { credential } = answer as { readonly credential: { readonly untilMs: number } };
  expect(credential.untilMs).toBeGreaterThan(Date.now());
});

test('a token without a role that counts here is known, and may do nothing', async () => {
  const authenticate = authenticatorOf();
  for (const payload of [{}, { realm: { roles: ['admin', 7] } }, { roles: ['devs'] }]) {
    expect(await authenticate(await tokenOf({ payload }))).toEqual({
      kind: 'no-role',
      name: 'ann',
    });
  }
});

test('a token that is not right is refused with what is wrong, and the keys are fetched once', async () => {
  const authenticate = authenticatorOf();
  fetched.length = 0;
  const [header, body, signature] = (await tokenOf()).split('.');
  const base64 = (text: string): string => Buffer.from(text).toString('base64url');
  const unsigned = `${base64('{"alg":"none"}')}.${body}.`;
  const symmetric = await new SignJWT({ sub: 'ann', realm: { roles: ['devs'] } })
    .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
    .setExpirationTime('1m')
    .sign(new TextEncoder().encode(JSON.stringify(await exportJWK(keys.publicKey))));
  const cases: [string, string][] = [
    [await tokenOf({ expiresInSeconds: -40 }), 'it has expired'],
    [await tokenOf({ audience: 'another' }), 'its claim aud is not right'],
    [await tokenOf({ by: others }), 'its signature is not right'],
    [await tokenOf({ kid: 'k2' }), 'signed with a key that the provider does not have'],
    [await tokenOf({ kid: 'k3' }), 'signed with a key that the provider does not have'],
    [await tokenOf({ payload: { iss: 'x', sub: '' } }), 'it has no claim sub'],
    [unsigned, 'its algorithm is not allowed'],
    [symmetric, 'its algorithm is not allowed'],
    [`${header}.${body}x.${signature}`, 'signature is not right'],
    ['a.b.c', 'it is malformed'],
    [
      `${base64('{"alg":"ES256","kid":"k1","crit":["odd"],"odd":1}')}.${body}.${signature}`,
      'it asks for what is not supported',
    ],
    [`${'a'.repeat(20_000)}.b.c`, 'it is too long'],
  ];
  for (const [token, reason] of cases) {
    expect(await authenticate(token), reason).toEqual({
      kind: 'unknown',
      reason: expect.stringMatching(new RegExp(`${reason}$`)) as string,
    });
  }
  expect(fetched).toEqual(['/.well-known/openid-configuration', '/keys']);
});

test('a provider that is away is not asked by each request, and is no fault of the token', async () => {
  const authenticate = authenticatorOf({ issuer: 'http://127.0.0.1:9' });
  const token = await tokenOf();
  expect(await authenticate(token)).toMatchObject({ kind: 'unavailable' });
  expect(await authenticate(token)).toMatchObject({
    kind: 'unavailable',
    reason: 'it did not answer a moment ago',
  });
});

describe('while the provider does not give its keys', () => {
  const failures: [string, () => void][] = [
    ['fails', () => (provided.keys = undefined)],
    ['answers with what is no key set', () => (provided.keys = { keys: 'none' })],
  ];
  test.each(failures)(
    'as it %s, it is asked once, and again a few seconds later',
    async (_how, fail) => {
      const clock = new FakeClock();
      const authenticator = new Authenticator({ jwt: optionsOf(), clock });
      const authenticate = async (): Promise<Authentication> =>
        authenticator.authenticate({
          authorization: `Bearer ${await tokenOf()}`,
          address: '10.0.0.1',
        });
      onTestFinished(() => mend());
      fail();
      fetched.length = 0;
      expect(await authenticate()).toMatchObject({ kind: 'unavailable' });
      for (let token = 0; token < 10; token++)
        expect(await authenticate()).toMatchObject({ reason: 'it did not answer a moment ago' });
      expect(fetched).toEqual(['/.well-known/openid-configuration', '/keys']);
      mend();
      await clock.advance(5_000);
      expect(await authenticate()).toMatchObject({ kind: 'known' });
    },
  );
});

test('a provider that says that it is another one is not believed', async () => {
  const authenticate = authenticatorOf({ issuer: `${issuer}/` });
  expect(await authenticate(await tokenOf())).toMatchObject({
    kind: 'unavailable',
    reason: expect.stringContaining('is of another issuer') as string,
  });
});
