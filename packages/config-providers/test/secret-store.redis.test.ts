import type { ConfigResolver } from '@sluice/runtime/references';
import { type RedisHandle, startRedis } from '@sluice/testkit';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openConfigProviders, type SecretKey } from '../src/index.ts';
import { SecretStore } from '../src/secrets/secret-store.ts';

const first: SecretKey = { id: 'k1', key: Buffer.alloc(32, 1) };
const second: SecretKey = { id: 'k2', key: Buffer.alloc(32, 2) };
const hash = '{sluice:test}:secrets';

let server: RedisHandle;
let redis: Redis;
const open: { close: () => unknown }[] = [];

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});

afterAll(async () => {
  redis?.disconnect();
  await server?.stop();
});

beforeEach(async () => void (await redis.flushall()));

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

function storeWith(keys: readonly SecretKey[], cluster = 'test'): SecretStore {
  const store = new SecretStore({ redisUrl: server.url, cluster, keys });
  open.push(store);
  return store;
}

async function resolverWith(keys: string): Promise<ConfigResolver> {
  const resolver = await openConfigProviders({
    providers: [
      { name: 'secrets', class: 'io.sluice.config.provider.SecretConfigProvider', params: {} },
    ],
    secrets: { redisUrl: server.url, cluster: 'test', keys },
  });
  open.push(resolver);
  return resolver;
}

test('a secret is stored encrypted, listed without its value, and resolved', async () => {
  const store = storeWith([first]);
  expect(await store.set('db:password', 'hunter2 ä', 1_000)).toBe('created');
  expect(await store.set('token', 'abc', 2_000)).toBe('created');
  expect(await store.set('token', 'abcd', 3_000)).toBe('replaced');

  const stored = await redis.hgetall(hash);
  expect(Object.keys(stored).sort()).toEqual(['db:password', 'token']);
  for (const text of Object.values(stored)) {
    expect(text).not.toMatch(/hunter2|abcd/);
    expect(text).not.toContain(Buffer.from('hunter2 ä').toString('base64'));
  }
  expect(await store.list()).toEqual([
    { name: 'db:password', keyId: 'k1', setAtMs: 1_000 },
    { name: 'token', keyId: 'k1', setAtMs: 3_000 },
  ]);

  const resolver = await resolverWith(`k1:${first.key.toString('base64')}`);
  const config = { url: '${secrets:db:password}@${secrets:token}' };
  expect((await resolver.resolve(config)).config).toEqual({ url: 'hunter2 ä@abcd' });
  await expect(resolver.resolve({ a: '${secrets:none}' })).rejects.toThrow(
    'config provider secrets has no none',
  );

  expect(await store.delete(['token', 'none'])).toEqual(['token']);
  expect(await store.list()).toHaveLength(1);
});

test('a key is replaced: the old one opens until all are encrypted anew', async () => {
  await storeWith([first]).set('a', 'value a', 1);
  const both = storeWith([second, first]);
  await both.set('b', 'value b', 2);
  expect((await both.list()).map(({ keyId }) => keyId)).toEqual(['k1', 'k2']);
  await expect(storeWith([second]).get(['a'])).rejects.toThrow(
    'the secret a is encrypted with the key k1, which is not in SLUICE_SECRETS_KEYS',
  );
  expect(await both.rotate()).toBe(1);
  expect(await both.rotate()).toBe(0);
  expect(await storeWith([second]).get(['a', 'b'])).toEqual(
    new Map([
      ['a', 'value a'],
      ['b', 'value b'],
    ]),
  );
});

test('a secret under another name, of another cluster, or changed, does not open', async () => {
  const store = storeWith([first]);
  await store.set('mine', 'value', 1);
  const text = (await redis.hget(hash, 'mine')) ?? '';
  await redis.hset(hash, 'yours', text);
  await redis.hset('{sluice:other}:secrets', 'mine', text);
  const sealed = JSON.parse(text) as { data: string };
  await redis.hset(hash, 'changed', JSON.stringify({ ...sealed, data: 'AAAA' }));
  for (const [at, name] of [
    [store, 'yours'],
    [storeWith([first], 'other'), 'mine'],
    [store, 'changed'],
    [storeWith([{ id: 'k1', key: second.key }]), 'mine'],
  ] as const)
    await expect(at.get([name])).rejects.toThrow(
      `the secret ${name} does not open with the key k1`,
    );
});

test.each(['', ' a', 'a b', ':a', 'a:b:c', 'a}', '$a', 'a'.repeat(300)])(
  'a secret cannot be called %j',
  async (name) => {
    await expect(storeWith([first]).set(name, 'v', 1)).rejects.toThrow('cannot be called');
  },
);

test('nothing is set without a key, and what is too large is refused', async () => {
  await expect(storeWith([]).set('a', 'v', 1)).rejects.toThrow('set SLUICE_SECRETS_KEYS');
  await expect(storeWith([first]).set('a', 'v'.repeat(1024 * 1024 + 1), 1)).rejects.toThrow(
    'is larger than',
  );
});

test('a Redis that is away is worth another try', async () => {
  const store = new SecretStore({ redisUrl: 'redis://127.0.0.1:1', cluster: 'c', keys: [first] });
  open.push(store);
  await expect(store.get(['a'])).rejects.toMatchObject({
    code: 'secrets.unreachable',
    retriable: true,
  });
});
