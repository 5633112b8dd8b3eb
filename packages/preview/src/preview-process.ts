/** Runs a preview in a process of its own, bounded in time, memory and output, and gone when this resolves. */
import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock, type Timer } from '@sluice/kernel';

import type { ChildTask, FromPreview, PreviewEnd, PreviewTask } from './messages.ts';

export interface PreviewProcessOptions {
  readonly onMessage: (message: FromPreview) => void;
  /** Aborted: the process is killed. */
  readonly signal: AbortSignal;
  /** Of the process; default: this one's. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

const memoryMbMax = 512;
/** For importing modules, and for stopping in order, on top of the preview's own time. */
const graceMs = 12_000;
/** For stopping alone, once the tasks have started. */
const stopLimitMs = 6_000;
const outputCharactersMax = 16_384;
/** For the rest of its output, once it is gone: what it started may hold that open for as long as it lives. */
const outputPatienceMs = 1_000;

export async function previewInProcess(
  task: PreviewTask,
  { environment, onMessage, signal }: PreviewProcessOptions,
): Promise<PreviewEnd> {
  const entry = new URL(`./child${extname(fileURLToPath(import.meta.url))}`, import.meta.url);
  const child = fork(entry, {
    execArgv: [...process.execArgv, `--max-old-space-size=${String(memoryMbMax)}`],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    ...(environment ? { env: { ...environment } } : {}),
  });
  let end: PreviewEnd | undefined;
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-outputCharactersMax);
    });
  child.on('message', (message: FromPreview) => {
    if (message.kind === 'ended' || message.kind === 'failed') end ??= message;
    else onMessage(message);
    if (message.kind === 'started') limit(task.timeoutMs + stopLimitMs);
  });
  const kill = (): void => void child.kill('SIGKILL');
  let isLate = false;
  let timer: Timer | undefined;
  const limit = (ms: number): void => {
    timer?.cancel();
    timer = systemClock.after(ms, () => {
      isLate = true;
      kill();
    });
  };
  limit(task.timeoutMs + graceMs);
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  try {
    const exited = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, by) => {
        const how = by ?? `code ${String(code)}`;
        const patience = systemClock.after(outputPatienceMs, () => resolve(how));
        child.once('close', () => {
          patience.cancel();
          resolve(how);
        });
      });
    });
    // A process that is gone already is told by its exit.
    const childTask: ChildTask = { ...task, lifeMsMax: task.timeoutMs + graceMs };
    child.send(childTask, () => {});
    const how = await exited;
    const why = isLate
      ? 'it did not end in time and was killed: its code blocks the thread, or does not stop when its signal is aborted'
      : `its process ended with ${how} (memory is limited to ${String(memoryMbMax)} MB)`;
    return end ?? { kind: 'failed', stage: 'poll', message: `${why}\n${output.trim()}`.trim() };
  } finally {
    timer?.cancel();
    signal.removeEventListener('abort', kill);
    kill();
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
}
