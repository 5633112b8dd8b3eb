/** The settings of the log on Redis, from the environment. Plain data, since executors get them as worker data. */
import type { SettingsReader } from '@sluice/kernel';
import { redisUrlProblem } from '@sluice/redis-connection';

import type { RedisLogOptions } from './options.ts';

export type RedisLogSettings = Required<
  Pick<RedisLogOptions, 'url' | 'partitionBytesMax' | 'retention' | 'groupRetentionMs'>
>;

const mebibyte = 1024 * 1024;
const hourMs = 3_600_000;

export const redisLogSettingsHelp = `  SLUICE_LOG_REDIS_URL         REDIS_URL                the Redis that carries records
  SLUICE_LOG_PARTITION_MB      256                      quota of each topic partition
  SLUICE_LOG_RETENTION         block                    at the quota: block producers, or delete the oldest
  SLUICE_LOG_GROUP_RETENTION_HOURS  168                 a sink's group that was gone for so long holds
                                                        no records back any more`;

/** `redisUrl`: of the Redis that coordinates, which carries records too unless another is given. */
export function readRedisLogSettings(reader: SettingsReader, redisUrl: string): RedisLogSettings {
  const url = reader.string('SLUICE_LOG_REDIS_URL', redisUrl);
  const problem = redisUrlProblem(url);
  // Of REDIS_URL it is told by whoever reads that.
  if (problem !== undefined && url !== redisUrl) reader.problem(`SLUICE_LOG_REDIS_URL ${problem}`);
  return {
    url,
    partitionBytesMax:
      reader.integer('SLUICE_LOG_PARTITION_MB', 256, { min: 1, max: 1_048_576 }) * mebibyte,
    retention: reader.oneOf('SLUICE_LOG_RETENTION', ['block', 'delete'], 'block'),
    groupRetentionMs:
      reader.integer('SLUICE_LOG_GROUP_RETENTION_HOURS', 168, { min: 1, max: 1_000_000 }) * hourMs,
  };
}
