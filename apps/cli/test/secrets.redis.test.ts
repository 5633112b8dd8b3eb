import { type RedisHandle, startRedis } from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { type RunResult, run } from './fakes.ts';
import { LiveCluster } from './live-cluster.ts';

const first = `k1:${Buffer.alloc(32, 1).toString('base64')}`;
const second = `k2:${Buffer.alloc(32, 2).toString('base64')}`;
let redis: RedisHandle;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(async () => {
  await redis.stop();
});

function secrets(argv: readonly string[], stdin = '', keys = first): Promise<RunResult> {
  const env = { REDIS_URL: redis.url, SLUICE_SECRETS_KEYS: keys };
  return run(['secrets', ...argv], { stdin, env });
}

test('secrets are set, listed without their values, encrypted anew and deleted', async () => {
  expect(await secrets(['list'])).toMatchObject({ code: 0, out: 'there are no secrets' });
  const set = await secrets(['set', 'db:password'], 'hunter2 of today\n');
  expect(set).toMatchObject({ code: 0, err: '' });
  expect(set.out).toMatch(/^secret db:password created/);
  expect((await secrets(['set', 'db:password'], 'hunter3')).out).toMatch(/replaced/);

  const list = await secrets(['list']);
  expect(list.out).toMatch(/^db:password +k1 +\d+s ago$/m);
  const rotated = await secrets(['rotate'], '', `${second},${first}`);
  expect(rotated.out).toBe('1 secrets encrypted anew with the key k2');
  const json = await secrets(['list', '--json']);
  expect(JSON.parse(json.out)).toMatchObject([{ name: 'db:password', keyId: 'k2' }]);
  for (const { err, out } of [set, list, rotated, json]) expect(out + err).not.toMatch(/hunter/);

  expect(await secrets(['delete', 'db:password', 'none'])).toMatchObject({
    code: 4,
    out: 'secret db:password deleted',
    err: 'error: there is no secret none',
  });
});

test.each<[string[], string, string, number, RegExp]>([
  [['set', 'a'], '', first, 2, /no value on standard input/],
  [['set', 'a b'], 'v', first, 3, /a secret cannot be called "a b"/],
  [['set', 'a'], 'v', '', 2, /SLUICE_SECRETS_KEYS is not set/],
  [['set', 'a'], 'v', 'k1:abc', 2, /a key k1 that is not 32 bytes/],
  [['list', '--redis', 'redis://127.0.0.1:1'], '', first, 5, /cannot be reached/],
])('%j with the input %j is refused', async (argv, stdin, keys, code, message) => {
  const result = await secrets(argv, stdin, keys);
  expect(result.code).toBe(code);
  expect(result.err).toMatch(message);
});

test('who changed secrets is in the audit trail, without their values', async () => {
  await using cluster = new LiveCluster(redis.url);
  const env = { SLUICE_SECRETS_KEYS: first };
  expect((await cluster.cli(['secrets', 'set', 'token'], 'hunter2', env)).code).toBe(0);
  expect((await cluster.cli(['secrets', 'rotate'], '', env)).code).toBe(0);
  expect((await cluster.cli(['secrets', 'delete', 'token'], '', env)).code).toBe(0);
  const trail = await cluster.cli(['audit', '--json']);
  const entries = JSON.parse(trail.out) as { action: string; targets: string[] }[];
  expect(entries.map(({ action, targets }) => [action, targets]).toSorted(byAction)).toEqual([
    ['delete-secret', ['token']],
    ['rotate-secrets', []],
    ['set-secret', ['token']],
  ]);
  expect(trail.out).not.toContain('hunter2');
});

function byAction([a]: (string | string[])[], [b]: (string | string[])[]): number {
  return String(a) < String(b) ? -1 : 1;
}
