export { parseRedisUrl, type RedisAddress, redisLabel, redisUrlProblem } from './redis-address.ts';
export {
  type ConnectionSettings,
  isElsewhere,
  openRedis,
  type RedisRoute,
  redisRoute,
} from './redis-route.ts';
