/**
 * A thread inside each child process that nothing in the child's main thread can block. It kills the
 * process (SIGKILL: nothing less ends a busy loop or a system call) when
 * - the parent is gone: its lease is renewed by nobody any more, or
 * - the quiesce deadline passed longer ago than the kill margin and the main thread has not confirmed that
 *   nothing is in flight. A child that is quiet lives on: when Redis is back it continues where it was.
 */
import { Worker } from 'node:worker_threads';
import type { ExecutorBoard } from '../executor-board.ts';

/** In the child's environment: who must live. Compared and not remembered, since it may die at any time. */
export const parentPidVariable = 'SLUICE_EXECUTOR_PARENT_PID';

const pollMs = 50;

export async function startWatchdog(board: ExecutorBoard, killMarginMs: number): Promise<void> {
  const workerData = {
    buffer: board.buffer,
    killMarginMs,
    parentPid: Number(process.env[parentPidVariable] ?? process.ppid),
    pollMs,
  };
  const watchdog = new Worker(watchdogSource, {
    eval: true,
    name: 'sluice-watchdog',
    execArgv: [],
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 },
  });
  await new Promise<void>((resolve, reject) => {
    watchdog.once('message', () => resolve());
    watchdog.once('error', reject);
  });
  // Without its watchdog a blocked child could outlive its parent.
  watchdog.once('exit', () => process.kill(process.pid, 'SIGKILL'));
  watchdog.unref();
}

/** Plain JavaScript in a string: nothing to load, so it is up within milliseconds and small. Slots as in ExecutorBoard. */
const watchdogSource = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { buffer, killMarginMs, parentPid, pollMs } = workerData;
  const [, quiesceAt, quietFor] = [0, 1, 2];
  const board = new BigInt64Array(buffer, 0, 3);
  const marginNs = BigInt(killMarginMs) * 1000000n;
  let lastNs = process.hrtime.bigint();
  setInterval(() => {
    if (process.ppid !== parentPid) process.kill(process.pid, 'SIGKILL');
    const nowNs = process.hrtime.bigint();
    // After a freeze (SIGSTOP) the main thread gets its turn to notice the expiry first.
    const wasFrozen = nowNs - lastNs > BigInt(pollMs) * 4000000n;
    lastNs = nowNs;
    if (wasFrozen) return;
    const deadline = Atomics.load(board, quiesceAt);
    if (deadline === 0n || nowNs < deadline + marginNs) return;
    if (Atomics.load(board, quietFor) < deadline) process.kill(process.pid, 'SIGKILL');
  }, pollMs);
  parentPort.postMessage('armed');
`;
