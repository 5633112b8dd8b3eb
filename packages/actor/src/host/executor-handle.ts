/** An executor as the control thread holds it: the line, the board, and the means to end it. */
import type { ExecutorBoard } from '../executor-board.ts';
import type { Command, ExecutorBoot, Report } from '../protocol.ts';
import type { ProcessUsage } from '../types.ts';

export interface ExecutorEvents {
  reports(reports: readonly Report[]): void;
  /** Exactly once, after which no code of the executor runs any more. */
  exited(cause: ExitCause): void;
}

export interface ExitCause {
  /** Why, as a person reads it. */
  readonly reason: string;
  /** `ERR_WORKER_OUT_OF_MEMORY`, … */
  readonly code?: string;
}

export interface ExecutorHandle {
  /** For a thread the shared memory itself, for a process a copy. */
  readonly board: ExecutorBoard;
  /** Of a process, as it told last. */
  readonly usage: ProcessUsage | undefined;
  /** @throws if a command cannot be cloned. */
  post(commands: readonly Command[]): void;
  /**
   * After the board holds new deadlines: takes them to where the board is not shared, and wakes a thread
   * if the lease `isBack` after it was not fresh.
   */
  leaseChanged(isBack: boolean): void;
  /** Without grace. `exited` follows, for a thread in a system call only when the call returns. */
  kill(): void;
}

export interface LaunchRequest {
  readonly boot: Omit<ExecutorBoot, 'board'>;
  readonly entry: URL;
  readonly heapLimitMb: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** How executors come to be; tests put their own in its place. */
export type LaunchExecutor = (request: LaunchRequest, events: ExecutorEvents) => ExecutorHandle;
