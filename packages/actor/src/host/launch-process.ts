/**
 * A dedicated executor: a child process for one actor. SIGKILL ends whatever it does. Its own watchdog
 * (executor/watchdog.ts) ends it when this process dies or its lease is over for too long.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bootKey } from '../executor/channel.ts';
import { parentPidVariable } from '../executor/watchdog.ts';
import { ExecutorBoard } from '../executor-board.ts';
import type { Command, Report } from '../protocol.ts';
import type { ProcessUsage } from '../types.ts';
import { executorConditions } from './executor-conditions.ts';
import type {
  ExecutorEvents,
  ExecutorHandle,
  ExitCause,
  LaunchRequest,
} from './executor-handle.ts';
import { semiSpaceMb } from './options.ts';

export function launchProcess(request: LaunchRequest, events: ExecutorEvents): ExecutorHandle {
  const board = new ExecutorBoard();
  const child = fork(fileURLToPath(request.entry), [], {
    execArgv: [
      ...executorConditions(),
      `--max-old-space-size=${request.heapLimitMb}`,
      `--max-semi-space-size=${semiSpaceMb}`,
    ],
    env: { ...request.environment, [parentPidVariable]: String(process.pid) },
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let isAlive = true;
  const exited = (cause: ExitCause): void => {
    if (!isAlive) return;
    isAlive = false;
    child.removeAllListeners();
    // A late error of a pipe to a dead child is of no interest, but must not be uncaught.
    child.on('error', () => {});
    events.exited(cause);
  };
  const send = (message: object): void => {
    if (isAlive && child.connected) child.send(message, undefined, undefined, () => {});
  };
  let usage: ProcessUsage | undefined;
  child.on('message', (reports) => {
    const rest = (reports as readonly Report[]).filter((report) => {
      if (report.kind !== 'tick') return true;
      copyTick(board, report);
      usage = report.usage;
      return false;
    });
    if (rest.length > 0) events.reports(rest);
  });
  child.once('exit', (exitCode, signal) => {
    const how = signal === null ? `exited with code ${exitCode}` : `was killed by ${signal}`;
    exited({ reason: `process ${request.boot.id} (pid ${child.pid}) ${how}` });
  });
  child.on('error', (error) => {
    // Only a failed start has no exit event.
    if (child.pid === undefined) exited({ reason: error.stack ?? error.message });
  });
  send({ [bootKey]: request.boot });
  return {
    board,
    get usage() {
      return usage;
    },
    post: (commands) => send(commands),
    leaseChanged: () => {
      const { pauseAtMs, quiesceAtMs } = board;
      send([{ kind: 'lease', pauseAtMs, quiesceAtMs }] satisfies Command[]);
    },
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}

/** Brings the copy of the board up to date. */
function copyTick(board: ExecutorBoard, report: Report & { readonly kind: 'tick' }): void {
  board.tick();
  board.running = report.running;
  board.setMemory(report);
  board.quietForMs = report.quietForMs;
  board.delayMs = report.delayMs;
}
