import { describeCoordinationStore } from '@sluice/coordination/conformance';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { RedisUnderTest } from './redis-under-test.ts';

let under: RedisUnderTest;

beforeAll(async () => {
  under = await RedisUnderTest.start();
});

afterAll(async () => {
  await under.stop();
});

describeCoordinationStore('Redis', async () => under.makeStore());

// Last in the file: it looks at what all the tests above have left.
test('every key has the hash tag of its cluster, and a name that is in the list', async () => {
  const { keyFamilies, keyNames } = await import('../src/keys.ts');
  const known = new RegExp(
    `^\\{sluice:[a-z0-9]+\\}:(?:(?:${keyNames.join('|')})$|(?:${keyFamilies.join('|')}):)`,
  );
  const keys = await under.redis.keys('*');
  expect(keys.length).toBeGreaterThan(100);
  expect(keys.filter((key) => !known.test(key))).toEqual([]);
});
