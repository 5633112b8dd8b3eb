import type { KeptSession } from '@sluice/coordination';
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

function makeStore(limits: { max?: number; ofOwnerMax?: number } = {}): RedisSessionStore {
  return new RedisSessionStore({ redis: under.redis, cluster: newShortId(), ...limits });
}

function by(owner: string, session: string, keptMs: number): KeptSession {
  return { owner, session, keptMs };
}

test('a session is there until it is removed, which may be done twice', async () => {
  const store = makeStore();
  expect(await store.get('one')).toBeUndefined();
  await store.put('one', by('ann', 'content', 60_000));
  await store.put('two', by('ann', 'other', 60_000));
  expect(await store.get('one')).toBe('content');
  await store.remove('one');
  await store.remove('one');
  expect(await store.get('one')).toBeUndefined();
  expect(await store.get('two')).toBe('other');
});

test('a session ends when its time is over', async () => {
  const store = makeStore();
  await store.put('one', by('ann', 'content', 20));
  await waitFor(async () => (await store.get('one')) === undefined, {
    timeoutMs: 5_000,
    what: 'the session is over',
  });
});

test('beyond the most there may be, the one that would end first ends', async () => {
  const store = makeStore({ max: 2 });
  await store.put('long', by('ann', 'a', 120_000));
  await store.put('short', by('ann', 'b', 60_000));
  await store.put('longest', by('ann', 'c', 180_000));
  expect(await store.get('short')).toBeUndefined();
  expect(await store.get('long')).toBe('a');
  expect(await store.get('longest')).toBe('c');
});

test('sessions that are over take nobody’s place', async () => {
  const store = makeStore({ max: 1 });
  await store.put('over', by('ann', 'a', 1));
  await waitFor(async () => (await store.get('over')) === undefined, {
    timeoutMs: 5_000,
    what: 'the session is over',
  });
  await store.put('one', by('ann', 'b', 60_000));
  expect(await store.get('one')).toBe('b');
});

test('who signs in again and again ends their own sessions, and nobody else’s', async () => {
  const store = makeStore({ max: 4, ofOwnerMax: 2 });
  await store.put('of bob', by('bob', 'b', 60_000));
  for (const id of ['1', '2', '3', '4', '5'])
    await store.put(id, by('ann', id, 60_000 + 1_000 * Number(id)));
  expect(await store.get('of bob')).toBe('b');
  expect(await store.get('3')).toBeUndefined();
  expect(await store.get('4')).toBe('4');
  expect(await store.get('5')).toBe('5');
});

test('sessions that were signed out do not count', async () => {
  const store = makeStore({ ofOwnerMax: 2 });
  await store.put('1', by('ann', 'a', 60_000));
  await store.put('2', by('ann', 'b', 90_000));
  await store.remove('2');
  await store.put('3', by('ann', 'c', 90_000));
  expect(await store.get('1')).toBe('a');
  expect(await store.get('3')).toBe('c');
});
