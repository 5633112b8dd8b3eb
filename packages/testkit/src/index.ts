export {
  findRedisServer,
  isVersionAtLeast,
  redisCacheFolder,
  redisServerVersion,
  redisVersionMin,
  requireRedisServer,
} from './find-redis.ts';
export { freePort, isFree } from './free-port.ts';
export { findOnPath, isAlive, makeOwnedFolder, spawnGuarded } from './guarded-process.ts';
export { type RedisHandle, type StartRedisOptions, startRedis } from './redis.ts';
export { type WaitForOptions, waitFor } from './wait-for.ts';
