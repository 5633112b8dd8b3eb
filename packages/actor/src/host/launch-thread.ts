/**
 * A shared executor: a worker thread. `terminate()` ends a busy loop within milliseconds, but a thread that
 * is blocked in a system call exits only when the call returns; no JavaScript of it runs after that
 * (tested). The heap limit ends the thread alone with ERR_WORKER_OUT_OF_MEMORY when it fills bit by bit;
 * a single allocation beyond what V8 can reserve aborts the whole process, and nothing prevents that.
 */
import { Worker } from 'node:worker_threads';
import { bootKey } from '../executor/channel.ts';
import { ExecutorBoard } from '../executor-board.ts';
import type { Command, Report } from '../protocol.ts';
import { executorConditions } from './executor-conditions.ts';
import type {
  ExecutorEvents,
  ExecutorHandle,
  ExitCause,
  LaunchRequest,
} from './executor-handle.ts';
import { semiSpaceMb } from './options.ts';

/** In which V8 divides the young generation. */
const semiSpaces = 3;

export function launchThread(request: LaunchRequest, events: ExecutorEvents): ExecutorHandle {
  const board = new ExecutorBoard();
  const worker = new Worker(request.entry, {
    name: request.boot.id,
    workerData: { [bootKey]: { ...request.boot, board: board.buffer } },
    execArgv: [...executorConditions()],
    env: { ...request.environment },
    resourceLimits: {
      maxOldGenerationSizeMb: request.heapLimitMb,
      maxYoungGenerationSizeMb: semiSpaceMb * semiSpaces,
    },
  });
  let cause: ExitCause | undefined;
  worker.on('message', (reports: readonly Report[]) => events.reports(reports));
  worker.on('error', (error: Error & { code?: string }) => {
    cause = {
      reason: error.stack ?? error.message,
      ...(error.code === undefined ? {} : { code: error.code }),
    };
  });
  worker.once('exit', (exitCode) => {
    worker.removeAllListeners();
    events.exited(cause ?? { reason: `thread ${request.boot.id} exited with code ${exitCode}` });
  });
  const post = (commands: readonly Command[]): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a browser's worker
    worker.postMessage(commands);
  };
  return {
    board,
    usage: undefined,
    post,
    leaseChanged: (isBack) => {
      const { pauseAtMs, quiesceAtMs } = board;
      if (isBack) post([{ kind: 'lease', pauseAtMs, quiesceAtMs }]);
    },
    kill: () => {
      // Its promise settles with the exit event, which is what we wait for.
      void worker.terminate().catch(() => {});
    },
  };
}
