/** For programs that run a coordinator beside something else, or answer what it would answer. */
export { configParts } from './config-parts.ts';
export type { Coordinator } from './coordinator.ts';
export {
  type CreateCoordinatorOptions,
  createCoordinator,
  loggerNames,
} from './create-coordinator.ts';
export { OffsetChanges } from './offset-changes.ts';
export { type CoordinatorSettings, readSettings } from './settings.ts';
