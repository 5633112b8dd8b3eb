/** For programs that run a coordinator beside something else. */
export type { Coordinator } from './coordinator.ts';
export {
  type CreateCoordinatorOptions,
  createCoordinator,
  loggerNames,
} from './create-coordinator.ts';
export { OffsetChanges } from './offset-changes.ts';
export { type CoordinatorSettings, readSettings } from './settings.ts';
export { RecordsOfTopics } from './topic-records.ts';
