export { RedisAuditTrail } from './audit-trail.ts';
export {
  type ConnectionOptions,
  type ConnectionRole,
  connectCoordinationRedis,
  untilReady,
} from './connect.ts';
export { RedisEventHistory } from './event-history.ts';
export { clusterTag } from './keys.ts';
export { RedisLoadReports } from './load-reports.ts';
export { RedisLogLines } from './log-lines.ts';
export { RedisOperatorInbox } from './operator-inbox.ts';
export {
  RedisCoordinationStore,
  type RedisCoordinationStoreOptions,
} from './redis-coordination-store.ts';
export { RedisSessionStore } from './session-store.ts';
