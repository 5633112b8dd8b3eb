export { outsideActors } from './attribution.ts';
export { type ExecutorEnvironment, runExecutor } from './run-executor.ts';
