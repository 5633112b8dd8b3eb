import { afterAll, beforeAll } from 'vitest';

import { describeStoredStates } from '../src/conformance/index.ts';
import { RedisUnderTest } from './redis-under-test.ts';

let under: RedisUnderTest;

beforeAll(async () => {
  under = await RedisUnderTest.start();
});

afterAll(async () => {
  await under.stop();
});

describeStoredStates('Redis', async (cluster) => ({
  ...under.makeStore(cluster),
  command: async (name, ...args) => under.redis.call(name, ...args),
}));
