/**
 * The executor's end of the line to the control thread: the same for a worker thread and a child process.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { assert, systemClock } from '@sluice/kernel';
import { ExecutorBoard } from '../executor-board.ts';
import type { Command, ExecutorBoot, Report } from '../protocol.ts';
import { UsageMeter } from './usage-meter.ts';
import { startWatchdog } from './watchdog.ts';

export interface ExecutorChannel {
  readonly boot: ExecutorBoot;
  readonly board: ExecutorBoard;
  post(reports: readonly Report[]): void;
  /** Resolves when it left; the executor may end then. */
  postLast(report: Report): Promise<void>;
  listen(receive: (commands: readonly Command[]) => void): void;
  /** Shows the control thread that this event loop turns. */
  tick(): void;
}

/** Under this key of `workerData`, or of the first message to a process. */
export const bootKey = 'sluiceExecutor';

export async function openChannel(): Promise<ExecutorChannel> {
  return parentPort ? threadChannel() : await processChannel();
}

function threadChannel(): ExecutorChannel {
  const port = parentPort;
  const boot = bootOf(workerData);
  assert(port, 'runs in a worker thread');
  assert(boot, 'runExecutor() is called in a thread that a createActorHost() started');
  const board = new ExecutorBoard(boot.board);
  return {
    boot,
    board,
    post: (reports) => port.postMessage(reports),
    postLast: async (report) => port.postMessage([report]),
    listen: (receive) => port.on('message', receive),
    tick: () => board.tick(),
  };
}

async function processChannel(): Promise<ExecutorChannel> {
  assert(
    process.connected,
    'runExecutor() is called in a process that a createActorHost() started',
  );
  // Whoever started us is gone or has dropped us: there is nobody left to report to or take a lease from.
  process.once('disconnect', () => process.exit(1));
  // Ctrl-C and service managers signal whole groups; the control thread decides how its executors stop.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  const boot = await new Promise<ExecutorBoot>((resolve) => {
    process.once('message', (message) => {
      const first = bootOf(message);
      assert(first, 'the first message to an executor process is its boot data');
      resolve(first);
    });
  });
  const board = new ExecutorBoard();
  await startWatchdog(board, boot.killMarginMs);
  const usage = new UsageMeter(systemClock);
  return {
    boot,
    board,
    post: (reports) => sendToParent(reports, () => {}),
    postLast: (report) => new Promise((resolve) => sendToParent([report], resolve)),
    listen: (receive) => process.on('message', receive),
    tick: () => {
      const { running, heapBytes, externalBytes, quietForMs, delayMs } = board;
      const seen = { running, heapBytes, externalBytes, quietForMs, delayMs };
      sendToParent([{ kind: 'tick', ...seen, usage: usage.now() }], () => {});
    },
  };
}

/** The callback keeps a closed pipe from becoming an exception; `disconnect` then ends the process. */
function sendToParent(reports: readonly Report[], sent: () => void): void {
  process.send?.(reports, undefined, undefined, () => sent());
}

function bootOf(data: unknown): ExecutorBoot | undefined {
  if (typeof data !== 'object' || data === null || !(bootKey in data)) return undefined;
  return data[bootKey] as ExecutorBoot;
}
