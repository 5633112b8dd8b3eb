/** Runs what plugins check with code of their own, in a process that may block, leak and crash. */
import { entryOf, loadLimitMs, memoryMbMax, runPluginProcess } from './plugin-process.ts';
import type { FromValidation, Validation, ValidationTask } from './validation-messages.ts';

export interface ValidationProcessOptions {
  /** Aborted: the process is killed. */
  readonly signal: AbortSignal;
  /** Of the process; default: this one's. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** For an answer that its own limit cut off. */
const graceMs = 500;

/**
 * One for each configuration, up to the first that blocked its thread or ended the process, after which nothing is
 * answered any more.
 */
export async function validateInProcess(
  task: ValidationTask,
  { environment, signal }: ValidationProcessOptions,
): Promise<readonly Validation[]> {
  const validations: Validation[] = [];
  // What it prints may quote the configuration, and is told to nobody.
  const { how, isLate } = await runPluginProcess<FromValidation>({
    entry: entryOf('validation-child', import.meta.url),
    task,
    limitMs: loadLimitMs,
    lifeMsMax: task.configs.length * (loadLimitMs + task.timeoutMs + graceMs),
    environment,
    signal,
    onMessage: (message, setLimit) => {
      if (message.kind === 'result') validations.push(message.validation);
      setLimit(message.kind === 'loaded' ? task.timeoutMs + graceMs : loadLimitMs);
    },
  });
  if (validations.length === task.configs.length) return validations;
  const message = isLate
    ? ''
    : `its process ended with ${how} (memory is limited to ${String(memoryMbMax)} MB)`;
  return [...validations, { kind: 'failed', isLate, message }];
}
