/** Reads records with a connector's converters, in a process that may block, leak and crash. */
import { entryOf, loadLimitMs, memoryMbMax, runPluginProcess } from './plugin-process.ts';
import type { FromRecords, RecordsTask, ShownRecords } from './records-messages.ts';

export type RecordsAnswer =
  | { readonly kind: 'shown'; readonly shown: ShownRecords }
  /** `isLate`: it did not end in time; else its process ended. */
  | { readonly kind: 'failed'; readonly isLate: boolean; readonly message: string };

export async function showRecordsInProcess(
  task: RecordsTask,
  {
    environment,
    signal,
  }: {
    /** Aborted: the process is killed. */
    readonly signal: AbortSignal;
    /** Of the process; default: this one's. */
    readonly environment?: Readonly<Record<string, string | undefined>>;
  },
): Promise<RecordsAnswer> {
  let shown: ShownRecords | undefined;
  const { how, isLate } = await runPluginProcess<FromRecords>({
    entry: entryOf('records-child', import.meta.url),
    task,
    limitMs: loadLimitMs,
    lifeMsMax: loadLimitMs + task.timeoutMs,
    environment,
    signal,
    onMessage: (message, setLimit) => {
      if (message.kind === 'shown') shown = message.shown;
      else setLimit(task.timeoutMs);
    },
  });
  if (shown) return { kind: 'shown', shown };
  const message = isLate
    ? `did not end within ${String(task.timeoutMs)} ms`
    : `ended their process with ${how} (memory is limited to ${String(memoryMbMax)} MB)`;
  return { kind: 'failed', isLate, message };
}
