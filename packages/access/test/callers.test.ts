import { randomBytes, scryptSync } from 'node:crypto';
import {
  Authenticator,
  Callers,
  certificateText,
  hashPassword,
  type KnownCaller,
  newToken,
  parseCallers,
  tokenProof,
  tokenText,
} from '@sluice/access';
import { FakeClock } from '@sluice/kernel/testing';
import { expect, test } from 'vitest';

import { guessesMax } from '../src/authenticator.ts';

const address = '10.0.0.1';

function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}

/** As `hashPassword` makes them, but soon done. */
function cheapHash(password: string): string {
  const salt = randomBytes(16);
  const hash = scryptSync(password, salt, 32, { N: 2 ** 10, r: 8, p: 1 });
  const text = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
  return `$scrypt$ln=10,r=8,p=1$${text(salt)}$${text(hash)}`;
}

function threeCallers(passwordHash = cheapHash('pass:wörd')): {
  known: KnownCaller[];
  token: string;
} {
  const token = newToken();
  const file = [
    '# people',
    `ann:admin:${passwordHash}`,
    '',
    `grafana:viewer:${tokenText(tokenProof(token))}`,
    `deploy:operator:${certificateText({ kind: 'certificate', subject: 'CN=deploy,O=Acme' })}`,
  ];
  return { known: parseCallers(file.join('\r\n'), 'callers'), token };
}

test('each is known by what its line says, and by nothing else', async () => {
  const { known, token } = threeCallers();
  const clock = new FakeClock();
  const authenticator = new Authenticator({ callers: new Callers(known), clock });
  const as = (authorization: string | undefined, certificateSubject?: string) =>
    authenticator.authenticate({ authorization, certificateSubject, address });
  const credential = { kind: 'listed', fingerprint: expect.any(String) as string };
  const ann = { kind: 'known', caller: { name: 'ann', role: 'admin', by: 'password' }, credential };
  expect(await as(basic('ann', 'pass:wörd'))).toEqual(ann);
  // The same letters, written in another way.
  expect(await as(basic('ann', 'pass:wo\u0308rd').replace('Basic', 'bASIC'))).toEqual(ann);
  const grafana = {
    kind: 'known',
    caller: { name: 'grafana', role: 'viewer', by: 'token' },
    credential,
  };
  expect(await as(`Bearer ${token}`)).toEqual(grafana);
  expect(await as(basic('grafana', token))).toEqual(grafana);
  expect(await as(undefined, 'CN=deploy,O=Acme')).toEqual({
    kind: 'known',
    caller: { name: 'deploy', role: 'operator', by: 'certificate' },
    credential,
  });
  for (const wrong of [
    basic('ann', 'pass:word'),
    basic('ann', token),
    basic('eve', 'pass:wörd'),
    basic('grafana', `${token}x`),
    basic('deploy', 'CN=deploy,O=Acme'),
    `Bearer ${token}x`,
    'Bearer pass:wörd',
    'Basic',
    'Basic ?',
    '',
    token,
  ]) {
    expect(await as(wrong), wrong).toEqual({ kind: 'unknown' });
  }
  expect(await as(undefined)).toEqual({ kind: 'unknown' });
  expect(await as(undefined, 'CN=deploy')).toEqual({ kind: 'unknown' });
  // What was sent counts, not what the connection could do besides.
  expect(await as(basic('ann', 'x'), 'CN=deploy,O=Acme')).toEqual({ kind: 'unknown' });
});

test.each([
  ['ann', 'the form name:role:proof'],
  ['ann:root:$sha256$x', 'one of viewer, operator, admin'],
  ['ann:admin:secret', 'none of $scrypt$'],
  ['a\u0007:admin:$sha256$x', 'not allowed'],
  [`ann:admin:$scrypt$ln=22,r=8,p=1$${'a'.repeat(22)}$${'a'.repeat(43)}`, 'none of $scrypt$'],
])('the line %j is refused with its number, and without what it says', (line, message) => {
  const parse = () => parseCallers(`# one\n${line}`, 'callers');
  expect(parse).toThrow(`callers, line 2: `);
  expect(parse).toThrow(message);
  expect(parse).not.toThrow('secret');
});

test('who guesses is not listened to for the rest of the minute, and others are', async () => {
  const { known, token } = threeCallers();
  const clock = new FakeClock();
  const authenticator = new Authenticator({ callers: new Callers(known), clock });
  const from = (client: string, authorization: string) =>
    authenticator.authenticate({ authorization, address: client });
  for (let guess = 0; guess < guessesMax; guess++) {
    expect((await from(address, `Bearer guess${guess}`)).kind).toBe('unknown');
  }
  await clock.advance(20_000);
  // Also what is right: else it would tell which guess was.
  expect(await from(address, `Bearer ${token}`)).toEqual({ kind: 'guessing', waitMs: 40_000 });
  expect((await from('10.0.0.2', `Bearer ${token}`)).kind).toBe('known');
  await clock.advance(40_000);
  expect((await from(address, `Bearer ${token}`)).kind).toBe('known');
});

test('a password is hashed once for many requests, and again for other callers', async () => {
  const hashing = performance.now();
  const { known } = threeCallers(await hashPassword('pass:wörd'));
  const hashMs = performance.now() - hashing;
  const clock = new FakeClock();
  const authenticator = new Authenticator({ callers: new Callers(known), clock });
  const authorization = basic('ann', 'pass:wörd');
  // As many at once as would never be let wait.
  const all = await Promise.all(
    Array.from({ length: 200 }, () => authenticator.authenticate({ authorization, address })),
  );
  expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set(['known']));
  const begun = performance.now();
  for (let request = 0; request < 200; request++) {
    await authenticator.authenticate({ authorization, address });
  }
  // A fourth of what as many hashes would take, whatever one takes here; nothing else takes long.
  expect(performance.now() - begun).toBeLessThan(50 * hashMs);
  authenticator.use(new Callers([]));
  expect(await authenticator.authenticate({ authorization, address })).toEqual({ kind: 'unknown' });
});

test('who comes while many different passwords are hashed is told so at once', async () => {
  const { known } = threeCallers();
  const authenticator = new Authenticator({ callers: new Callers(known), clock: new FakeClock() });
  const results = await Promise.all(
    Array.from({ length: 40 }, (_, client) =>
      authenticator.authenticate({
        authorization: basic('ann', `guess ${client}`),
        address: `10.0.0.${client}`,
      }),
    ),
  );
  const count = (kind: string) => results.filter((result) => result.kind === kind).length;
  expect({ unknown: count('unknown'), busy: count('busy') }).toEqual({ unknown: 18, busy: 22 });
}, 30_000);
