import { expect, test } from 'vitest';

import { promiseOf, withFailover } from '../src/server-promise.ts';

const always = { appendonly: 'yes', appendfsync: 'always' };
const limited = { ...always, maxmemory: '1000000' };

test.each([
  [{ ...always, maxmemory: '0' }, 'durable', 'nothing that it acknowledged is lost'],
  [{ ...always, appendfsync: 'everysec' }, 'eventual', 'may lose the last second'],
  [{ ...always, appendfsync: 'everysec' }, 'eventual', 'Set appendfsync always'],
  [{ ...always, appendfsync: 'no' }, 'volatile', 'Set appendfsync always'],
  [{ appendonly: 'no' }, 'volatile', 'Set appendonly yes'],
  [undefined, 'volatile', 'allow CONFIG GET'],
  [
    { ...limited, 'maxmemory-policy': 'noeviction' },
    'durable',
    'refuses records and throws nothing',
  ],
  [{ ...limited, 'maxmemory-policy': 'allkeys-lru' }, 'volatile', 'throws away records'],
  [{ ...limited, 'maxmemory-policy': 'volatile-ttl' }, 'durable', 'what has a time to live'],
  [{ ...always, 'maxmemory-policy': 'allkeys-lru' }, 'durable', 'only because it has no maxmemory'],
])('%j is %s: %s', (settings, durability, meaning) => {
  const promise = promiseOf(settings && new Map(Object.entries(settings)));
  expect(promise.durability).toBe(durability);
  expect(promise.meaning).toContain(meaning);
});

test('where a replica may take its place, nothing is durable', () => {
  const durable = promiseOf(new Map(Object.entries(always)));
  expect(withFailover(durable)).toMatchObject({
    durability: 'eventual',
    meaning: expect.stringContaining('what it acknowledged last may be lost') as string,
  });
  expect(withFailover(promiseOf(undefined)).durability).toBe('volatile');
});
