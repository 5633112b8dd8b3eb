import { defineConfig, validateConfig } from '@sluice/connector-api';
import { expect, test } from 'vitest';
import { bullmqSink, bullmqSource } from '../src/index.ts';
import { redisKeys } from '../src/redis-keys.ts';

const { keys } = defineConfig(redisKeys);

test.each([
  'localhost:6379',
  'http://:s3cret@host',
  'redis+sentinel://:s3cret@host/master',
  'redis://:s3cret%@host',
  'redis://:s3cret@host/name',
])('%s is refused, and the password in it is not told', (url) => {
  const problems = validateConfig(keys, { 'redis.url': url });
  expect(problems.map(({ key }) => key)).toEqual(['redis.url']);
  expect(JSON.stringify(problems)).not.toContain('s3cret');
});

test.each(['redis://host', 'redis://user:p%40ss@host:6380/2', 'rediss://:x@[::1]:6379'])(
  '%s is taken',
  (url) => {
    expect(validateConfig(keys, { 'redis.url': url })).toEqual([]);
  },
);

test("the prefix of a cluster's own queues is refused", () => {
  const config = { 'redis.url': 'redis://host', 'redis.prefix': '{sluice:default}' };
  expect(validateConfig(keys, config)[0]?.message).toMatch(/must not be that of a Sluice cluster/);
});

test('a queue with a colon in its name is refused by source and sink', () => {
  const shared = { 'redis.url': 'redis://host', topic: 't' };
  const source = validateConfig(bullmqSource.configDef.keys, { ...shared, queues: 'a,b:c' });
  const sink = validateConfig(bullmqSink.configDef.keys, { ...shared, queue: 'b:c' });
  expect(source.map(({ key }) => key)).toEqual(['queues']);
  expect(sink.map(({ key }) => key)).toEqual(['queue']);
});

test.each([
  [1, [['a', 'b', 'c']]],
  [2, [['a', 'c'], ['b']]],
  [5, [['a'], ['b'], ['c'], ['a'], ['b']]],
])('with tasks.max %i the queues are dealt as %j', async (max, expected) => {
  const connector = bullmqSource.createConnector();
  const config = { 'redis.url': 'redis://host', topic: 't', queues: 'a,b,c,a' };
  await connector.start?.(config, {
    connector: 'c',
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    signal: new AbortController().signal,
    requestTaskReconfiguration() {},
    raiseError() {},
  });
  const configs = await connector.taskConfigs(max);
  expect(configs.map((each) => JSON.parse(each['task.work'] ?? ''))).toEqual(expected);
});
