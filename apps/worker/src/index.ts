/** For programs that run a worker beside something else. */
export { readSettings, type WorkerSettings } from './settings.ts';
export { Worker, type WorkerParts } from './worker.ts';
