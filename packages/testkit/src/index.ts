export { ApiClient, type ApiResponse } from './api-client.ts';
export { type Certificate, makeCertificate } from './certificate.ts';
export {
  Cluster,
  type ConnectorStatus,
  type Member,
  type StartClusterOptions,
  startCluster,
} from './cluster.ts';
export {
  findRedisServer,
  isVersionAtLeast,
  redisCacheFolder,
  redisServerVersion,
  redisVersionMin,
  requireRedisServer,
} from './find-redis.ts';
export { freePort, isFree } from './free-port.ts';
export {
  findOnPath,
  guardedCommand,
  isAlive,
  makeOwnedFolder,
  spawnGuarded,
} from './guarded-process.ts';
export {
  type Exit,
  type LogLine,
  NodeProcess,
  repositoryRoot,
  type SpawnNodeOptions,
  spawnNode,
} from './node-process.ts';
export { type RedisHandle, type StartRedisOptions, startRedis } from './redis.ts';
export { redisVersionAt, withoutPassword } from './redis-url.ts';
export { type WaitForOptions, waitFor } from './wait-for.ts';
