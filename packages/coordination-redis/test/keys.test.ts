import { expect, test } from 'vitest';

import { connectCoordinationRedis } from '../src/index.ts';
import { clusterTag, Keys } from '../src/keys.ts';

test('all keys of a cluster begin with one hash tag, whatever is in a name', () => {
  const keys = new Keys('prod-1.eu');
  const tag = '{sluice:prod-1.eu}';
  expect(keys.of('leader')).toBe(`${tag}:leader`);
  expect(keys.record('u', 'task/a}{b/1')).toBe(`${tag}:u:task/a}{b/1`);
});

test.each(['', 'a}b', 'a b', 'ä'])('%j is no name for a cluster', (name) => {
  expect(() => clusterTag(name)).toThrow(/cannot be used/);
});

test('rediss:// encrypts', () => {
  const redis = connectCoordinationRedis('rediss://u:p@127.0.0.1:1', { role: 'heartbeat' });
  redis.disconnect();
  expect(redis.options.tls).toBeTruthy();
  expect(redis.options).toMatchObject({ username: 'u', password: 'p', enableOfflineQueue: false });
});
