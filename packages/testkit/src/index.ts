export { ApiClient, type ApiResponse } from './api-client.ts';
export {
  type Apicurio,
  apicurioCacheFolder,
  apicurioVersion,
  findApicurio,
  startApicurio,
} from './apicurio.ts';
export { type Certificate, type CertificateOptions, makeCertificate } from './certificate.ts';
export {
  Cluster,
  type ConnectorStatus,
  type Member,
  type StartClusterOptions,
  startCluster,
} from './cluster.ts';
export type { DatabaseHandle, DatabaseServer } from './database-server.ts';
export {
  findMariadb,
  findPostgresFolder,
  type MariadbPrograms,
  requireMariadb,
  requirePostgresFolder,
} from './find-databases.ts';
export {
  findJava,
  findKafkaFolder,
  javaVersion,
  javaVersionMin,
  type KafkaVersion,
  kafkaCacheFolder,
  kafkaJars,
  kafkaVersions,
  requireKafka,
} from './find-kafka.ts';
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
export { hasJavaCompiler, type JavaSourceOptions, runJavaSource } from './java-source.ts';
export { KafkaHandle, type StartKafkaOptions, startKafka } from './kafka.ts';
export { hasKafkaArchives, makeKafkaArchives } from './kafka-archives.ts';
export {
  KafkaConnect,
  type StartKafkaConnectOptions,
  startKafkaConnect,
} from './kafka-connect.ts';
export type { JvmTuning } from './kafka-java.ts';
export { type KafkaListener, type KafkaMechanism, unsecuredToken } from './kafka-listeners.ts';
export type { KafkaNode } from './kafka-node.ts';
export {
  type KafkaToolName,
  type KafkaToolOptions,
  type KafkaToolTarget,
  kafkaTool,
  kafkaToolCommand,
  kafkaToolNames,
  type RunningKafkaTool,
  startKafkaTool,
} from './kafka-tool.ts';
export { limitMs } from './machine.ts';
export {
  type StartMariadbOptions,
  startMariadb,
  useMariadb,
} from './mariadb.ts';
export { NetworkNamespace, namespaceObstacle } from './network-namespace.ts';
export {
  type Exit,
  type LogLine,
  NodeProcess,
  repositoryRoot,
  type SpawnNodeOptions,
  spawnNode,
} from './node-process.ts';
export { PluginFolder, type WrittenPackage } from './plugin-folder.ts';
export {
  type StartPostgresOptions,
  startPostgres,
  usePostgres,
} from './postgres.ts';
export { type RedisHandle, type StartRedisOptions, startRedis } from './redis.ts';
export { type RedisClusterHandle, startRedisCluster } from './redis-cluster.ts';
export { type SentinelHandle, startSentinel } from './redis-sentinel.ts';
export { redisVersionAt, withoutPassword } from './redis-url.ts';
export { type SharedKafka, useSharedKafka } from './shared-kafka.ts';
export { type Disturbance, TcpProxy } from './tcp-proxy.ts';
export { type WaitForOptions, waitFor } from './wait-for.ts';
