import { newShortId } from '@sluice/kernel';
import { waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { RedisSessionStore } from '../src/index.ts';
import { RedisUnderTest } from './redis-under-test.ts';

let under: RedisUnderTest;

beforeAll(async () => {
  under = await RedisUnderTest.start();
});

afterAll(async () => {
  await under.stop();
});

function makeStore(max?: number): RedisSessionStore {
  const cluster = newShortId();
  return new RedisSessionStore({ redis: under.redis, cluster, ...(max !== undefined && { max }) });
}

test('a session is there until it is removed, which may be done twice', async () => {
  const store = makeStore();
  expect(await store.get('one')).toBeUndefined();
  await store.put('one', 'content', 60_000);
  await store.put('two', 'other', 60_000);
  expect(await store.get('one')).toBe('content');
  await store.remove('one');
  await store.remove('one');
  expect(await store.get('one')).toBeUndefined();
  expect(await store.get('two')).toBe('other');
});

test('a session ends when its time is over', async () => {
  const store = makeStore();
  await store.put('one', 'content', 20);
  await waitFor(async () => (await store.get('one')) === undefined, {
    timeoutMs: 5_000,
    what: 'the session is over',
  });
});

test('beyond the most there may be, the one that would end first ends', async () => {
  const store = makeStore(2);
  await store.put('long', 'a', 120_000);
  await store.put('short', 'b', 60_000);
  await store.put('longest', 'c', 180_000);
  expect(await store.get('short')).toBeUndefined();
  expect(await store.get('long')).toBe('a');
  expect(await store.get('longest')).toBe('c');
});

test('sessions that are over take nobody’s place', async () => {
  const store = makeStore(1);
  await store.put('over', 'a', 1);
  await waitFor(async () => (await store.get('over')) === undefined, {
    timeoutMs: 5_000,
    what: 'the session is over',
  });
  await store.put('one', 'b', 60_000);
  expect(await store.get('one')).toBe('b');
});
