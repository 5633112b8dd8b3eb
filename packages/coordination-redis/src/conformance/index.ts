import { describe } from 'vitest';

import { testBounds } from './bounds.ts';
import { testLeftovers } from './leftovers.ts';
import type { MakeStoredRedis } from './stored-redis.ts';

export type { MakeStoredRedis, RedisUnderTest } from './stored-redis.ts';

/**
 * States of Redis that only time, volume, another version or a hand in it brings about: what the store makes of them.
 *
 * @example
 * describeStoredStates('a real Redis', async (cluster) => redisUnderTest(cluster));
 */
export function describeStoredStates(name: string, make: MakeStoredRedis): void {
  describe(`what is stored in ${name}`, () => {
    describe('bounds', () => testBounds(make));
    describe('what was left over', () => testLeftovers(make));
  });
}
