export { type ApiOptions, buildApi } from './api.ts';
export { ApiError, type ErrorBody } from './api-error.ts';
export type { RunValidations } from './code-validation.ts';
export type { CodeValidation, ConfigInfos, ConfigParts } from './config-infos.ts';
export { listenOn } from './listen.ts';
export type {
  ConnectorOffset,
  OffsetStore,
  OffsetsOfConnector,
  OffsetsOwner,
  SinkPartition,
} from './offset-store.ts';
export type { HealthChecks } from './routes/health.ts';
export type { ServerInfo } from './routes/server.ts';
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
export {
  assertBindAllowed,
  type BasicAuth,
  isLoopback,
  type SecurityOptions,
} from './security.ts';
