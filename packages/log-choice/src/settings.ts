/**
 * Which record log a process uses, and how it reaches it: one setting, read by one function, the same for workers,
 * coordinators and the command line. Plain data, since executors get it as worker data; it holds passwords,
 * and must not be logged.
 */
import type { SettingsReader } from '@sluice/kernel';
import { type KafkaSettings, kafkaSettingsHelp, readKafkaSettings } from '@sluice/record-log-kafka';
import {
  type RedisLogSettings,
  readRedisLogSettings,
  redisLogSettingsHelp,
} from '@sluice/record-log-redis';
import { parseRedisUrl, redisLabel, redisUrlProblem } from '@sluice/redis-connection';

export type LogSettings =
  | { readonly kind: 'redis'; readonly redis: RedisLogSettings }
  | { readonly kind: 'kafka'; readonly kafka: KafkaSettings };

export type LogKind = LogSettings['kind'];

export const logSettingsHelp = `The record log, the same for all processes of a cluster; Redis Streams unless KAFKA_BROKERS is set:
${redisLogSettingsHelp}
${kafkaSettingsHelp}`;

/** `redisUrl`: of the Redis that coordinates. Problems are told to the reader. */
export function readLogSettings(reader: SettingsReader, redisUrl: string): LogSettings {
  const kafka = readKafkaSettings(reader);
  if (kafka === undefined) return { kind: 'redis', redis: readRedisLogSettings(reader, redisUrl) };
  if (reader.optional('SLUICE_LOG_REDIS_URL') !== undefined) {
    reader.problem(
      'KAFKA_BROKERS and SLUICE_LOG_REDIS_URL are set, but records travel through one log: unset one',
    );
  }
  return { kind: 'kafka', kafka };
}

export const exactlyOnceHelp = `  SLUICE_EXACTLY_ONCE_SOURCE_SUPPORT  disabled         exactly.once.source.support: enabled writes records and
                                                        offsets of sources in one transaction, into Kafka;
                                                        the same for all workers and coordinators`;

/**
 * Kafka Connect's setting of its name. Nothing has to be prepared: transactional ids, which fence, are always in use.
 * Problems are told to the reader.
 */
export function readExactlyOnce(reader: SettingsReader, log: LogKind): boolean {
  const name = 'SLUICE_EXACTLY_ONCE_SOURCE_SUPPORT';
  const level = reader.oneOf(name, ['disabled', 'preparing', 'enabled'], 'disabled');
  if (level !== 'enabled') return false;
  if (log !== 'kafka')
    reader.problem(`${name}=enabled needs a log with transactions: set KAFKA_BROKERS, or leave it`);
  return true;
}

/** Where the log is, for people; without user and password. */
export function logAddress(settings: LogSettings): string {
  if (settings.kind === 'kafka') return settings.kafka.brokers.join(',');
  const { url } = settings.redis;
  return redisUrlProblem(url) === undefined ? redisLabel(parseRedisUrl(url)) : 'the configured URL';
}
