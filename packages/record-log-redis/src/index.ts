export type { RedisLogOptions } from './options.ts';
export { RedisLog } from './redis-log.ts';
export {
  type RedisLogSettings,
  readRedisLogSettings,
  redisLogSettingsHelp,
} from './settings.ts';
export type { GroupUsage, PartitionUsage } from './usage.ts';
