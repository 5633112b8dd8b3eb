export { type ApiOptions, buildAdminApi, buildApi } from './api.ts';
export { ApiError, type ErrorBody } from './api-error.ts';
export { assertBindAllowed, isLoopback, unencryptedWarning } from './bind.ts';
export { callerOf, giveRoles, mayWrite, type RouteRole } from './caller.ts';
export type { CheckedConfig, RunValidations } from './code-validation.ts';
export type { CodeValidation, ConfigParts } from './config-infos.ts';
export type { DeadLetterQueue, DeadLetters, LettersQuery, LettersReplay } from './dead-letters.ts';
export { createHttpServer, keepCertificates, type ServerLimits } from './http-server.ts';
export { listenOn } from './listen.ts';
export type { LiveNames } from './live/describe-view.ts';
export { LiveFeed, type LiveFeedOptions } from './live/live-feed.ts';
export type {
  AskConnector,
  OffsetStore,
  OffsetsChange,
  OffsetsOfConnector,
  OffsetsOwner,
  SinkPartition,
} from './offset-store.ts';
export { parseResponseHeaders, type ResponseHeader } from './response-headers.ts';
export type { HealthChecks } from './routes/health.ts';
export type { ServerInfo } from './routes/server.ts';
export type { LiveOptions } from './routes/sluice-live.ts';
export type { Preview, PreviewRequest } from './routes/sluice-preview.ts';
export {
  applySchema,
  configSchema,
  createConnectorSchema,
  eventsQuerySchema,
  previewQuerySchema,
  previewSchema,
  tasksQuerySchema,
} from './schemas.ts';
export { type SecurityOptions, secure } from './security.ts';
export type {
  ConfigInfos,
  ConnectorOffset,
  LagAnswer,
  Letter,
  LettersAnswer,
  PartitionLag,
  PreviewAnswer,
  RecordsAnswer,
  ReplayAnswer,
} from './shapes.ts';
export { SharedLimits, type SharedLimitsOptions } from './shared-limits.ts';
export type { RecordsQuery, TopicRecords } from './topic-records.ts';
