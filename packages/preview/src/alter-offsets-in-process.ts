/** Asks a connector about a change of its offsets, in a process that may block, leak and crash. */
import type { FromOffsets, OffsetsAnswer, OffsetsTask } from './offset-messages.ts';
import { entryOf, loadLimitMs, memoryMbMax, runPluginProcess } from './plugin-process.ts';

/** For an answer that its own limit cut off. */
const graceMs = 500;

export async function alterOffsetsInProcess(
  task: OffsetsTask,
  {
    environment,
    signal,
  }: {
    /** Aborted: the process is killed. */
    readonly signal: AbortSignal;
    /** Of the process; default: this one's. */
    readonly environment?: Readonly<Record<string, string | undefined>>;
  },
): Promise<OffsetsAnswer> {
  let answer: OffsetsAnswer | undefined;
  // What it prints may quote the configuration, and is told to nobody.
  const { how, isLate } = await runPluginProcess<FromOffsets>({
    entry: entryOf('offsets-child', import.meta.url),
    task,
    limitMs: loadLimitMs,
    lifeMsMax: loadLimitMs + task.timeoutMs + graceMs,
    environment,
    signal,
    onMessage: (message, setLimit) => {
      if (message.kind === 'answer') answer = message.answer;
      else setLimit(task.timeoutMs + graceMs);
    },
  });
  const message = isLate
    ? ''
    : `its process ended with ${how} (memory is limited to ${String(memoryMbMax)} MB)`;
  return answer ?? { kind: 'refused', isLate, message };
}
