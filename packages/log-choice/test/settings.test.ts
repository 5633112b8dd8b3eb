import { SettingsReader } from '@sluice/kernel';
import { expect, test } from 'vitest';

import { type LogSettings, readLogSettings } from '../src/index.ts';
import { logAddress } from '../src/settings.ts';

const redisUrl = 'redis://me:hunter2@redis:6379';

test('records travel through the Redis that coordinates, unless another is given', () => {
  expect(read({})).toMatchObject({ kind: 'redis', redis: { url: redisUrl, retention: 'block' } });
  const other = read({ SLUICE_LOG_REDIS_URL: 'rediss://log:6380', SLUICE_LOG_PARTITION_MB: '1' });
  expect(other).toMatchObject({
    kind: 'redis',
    redis: { url: 'rediss://log:6380', partitionBytesMax: 1_048_576 },
  });
});

test('KAFKA_BROKERS alone chooses Kafka', () => {
  const settings = read({ KAFKA_BROKERS: 'kafka:9092' });
  expect(settings).toMatchObject({ kind: 'kafka', kafka: { brokers: ['kafka:9092'] } });
  expect(logAddress(settings)).toBe('kafka:9092');
});

test('a log on Redis and one on Kafka at once are refused', () => {
  const both = { KAFKA_BROKERS: 'kafka:9092', SLUICE_LOG_REDIS_URL: 'redis://log:6379' };
  expect(() => read(both)).toThrow('KAFKA_BROKERS and SLUICE_LOG_REDIS_URL are set');
});

test('a URL that is not of Redis is refused', () => {
  expect(() => read({ SLUICE_LOG_REDIS_URL: 'http://log:6379' })).toThrow(
    'SLUICE_LOG_REDIS_URL must begin with redis:// or rediss://',
  );
});

test('an address for people has no password in it', () => {
  expect(logAddress(read({}))).toBe('redis://redis:6379');
});

function read(environment: Record<string, string>): LogSettings {
  const reader = new SettingsReader(environment);
  const settings = readLogSettings(reader, redisUrl);
  reader.check();
  return settings;
}
