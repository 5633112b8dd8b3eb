/** Runs a preview in a process of its own. */
import { hasReferences } from '@sluice/connector-api';

import type { FromPreview, PreviewEnd, PreviewTask } from './messages.ts';
import { entryOf, memoryMbMax, runPluginProcess } from './plugin-process.ts';

export interface PreviewProcessOptions {
  readonly onMessage: (message: FromPreview) => void;
  /** Aborted: the process is killed. */
  readonly signal: AbortSignal;
  /** Of the process; default: this one's. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** For importing modules, and for stopping in order, on top of the preview's own time. */
const graceMs = 12_000;
/** For stopping alone, once the tasks have started. */
const stopLimitMs = 6_000;

export async function previewInProcess(
  task: PreviewTask,
  { environment, onMessage, signal }: PreviewProcessOptions,
): Promise<PreviewEnd> {
  let end: PreviewEnd | undefined;
  const { how, isLate, output } = await runPluginProcess<FromPreview>({
    entry: entryOf('child', import.meta.url),
    task,
    limitMs: task.timeoutMs + graceMs,
    environment,
    signal,
    onMessage: (message, setLimit) => {
      if (message.kind === 'ended' || message.kind === 'failed') end ??= message;
      else onMessage(message);
      if (message.kind === 'started') setLimit(task.timeoutMs + stopLimitMs);
    },
  });
  const why = isLate
    ? 'it did not end in time and was killed: its code blocks the thread, or does not stop when its signal is aborted'
    : `its process ended with ${how} (memory is limited to ${String(memoryMbMax)} MB)`;
  // What references stand for is known in the process only, and it may have printed it.
  const shown = hasReferences({ ...task.workerConfig, ...task.config }) ? '' : output;
  return end ?? { kind: 'failed', stage: 'poll', message: `${why}\n${shown}`.trim() };
}
