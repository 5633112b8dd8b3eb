/** A log on a Redis of its own with small quotas, and what fills it. */
import type { LogReader, LogWriter } from '@sluice/record-log';
import { newGroup, newIdentity } from '@sluice/record-log/conformance';
import { type RedisHandle, type StartRedisOptions, startRedis } from '@sluice/testkit';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';

import { RedisLog, type RedisLogOptions } from '../src/index.ts';
import { Keys } from '../src/keys.ts';

export const kibibyte = 1024;
export const quota = 256 * kibibyte;
export const topic = 'orders';
export const partition = { topic, partition: 0 };
export const full = { code: 'log.full', retriable: true };
export const keys = new Keys({ namespace: 'sluice-log', cluster: 'test' });

export interface SetUp {
  readonly log: RedisLog;
  readonly admin: Redis;
  readonly redis: RedisHandle;
}

export async function setUp(
  options: Partial<RedisLogOptions>,
  server: StartRedisOptions = {},
): Promise<SetUp> {
  const redis = await startRedis(server);
  onTestFinished(() => redis.stop());
  const admin = new Redis(redis.url);
  onTestFinished(() => admin.disconnect());
  const log = client(redis, options);
  await log.start();
  return { log, admin, redis };
}

export function client(redis: RedisHandle, options: Partial<RedisLogOptions>): RedisLog {
  const log = new RedisLog({ url: redis.url, cluster: 'test', clientId: 'test', ...options });
  onTestFinished(() => log.stop());
  return log;
}

export function open(log: RedisLog): Promise<LogWriter> {
  return log.openWriter(newIdentity());
}

export async function read(
  log: RedisLog,
  group = newGroup(),
  options: { prefetchBytesMax?: number } = {},
): Promise<LogReader> {
  const reader = await log.openReader({ identity: newIdentity(), group, ...options });
  await reader.assign([partition]);
  return reader;
}

/** Records of 1 KiB, ten in each call, one call after the other. */
export async function fill(writer: LogWriter, bytes: number): Promise<void> {
  for (let written = 0; written < bytes; written += 10 * kibibyte) {
    const records = Array.from({ length: 10 }, () => ({ key: null, value: Buffer.alloc(1_000) }));
    await writer.produce([{ topic, records }]);
  }
}

export async function commitEnd(log: RedisLog, reader: LogReader): Promise<void> {
  const [marks] = await log.topics.watermarks([partition]);
  await reader.commit([{ ...partition, offset: marks?.high ?? 0 }]);
}

export async function bytesHeld(admin: Redis): Promise<number> {
  return Number(await admin.get(keys.usage));
}
