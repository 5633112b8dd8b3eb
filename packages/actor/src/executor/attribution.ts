/**
 * Whose code runs now. Every actor's code is entered through `enter`, and what it starts (continuations,
 * timers, sockets) inherits the run number through AsyncLocalStorage. Two hooks copy it to the board
 * whenever anything continues, so that the control thread can read it while this thread is blocked, or dead.
 *
 * Both hooks are needed: promise hooks see continuations but no timers and sockets, async hooks without
 * promises the reverse (with promises they cost four times as much). Measured on Node 24: 60 ns an `await`,
 * 110 ns a turn of an async generator.
 *
 * Uncaught exceptions and unhandled rejections carry the store too (tested), also from timers and sockets.
 */
import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { promiseHooks } from 'node:v8';
import { ExecutorBoard } from '../executor-board.ts';

const currentRun = new AsyncLocalStorage<number>();

export function enter<Result>(board: ExecutorBoard, run: number, action: () => Result): Result {
  const before = board.running;
  board.running = run;
  try {
    return currentRun.run(run, action);
  } finally {
    board.running = before;
  }
}

/**
 * Runs `action` so that nothing it starts is blamed on the actor that happened to ask for it. For what
 * the actors of an executor share: a log client, a connection pool.
 */
export function outsideActors<Result>(action: () => Result): Result {
  return currentRun.exit(action);
}

/** The run that the current code belongs to; 0: nobody's. */
export function runNow(): number {
  return currentRun.getStore() ?? 0;
}

/** Keeps `board.running` right from now on. Returns what ends it. */
export function trackRunning(board: ExecutorBoard): () => void {
  const { small } = board;
  const slot = ExecutorBoard.runningSlot;
  // A plain write: the reader wants the value of a thread that has been stuck for a second.
  const note = (): void => {
    small[slot] = currentRun.getStore() ?? 0;
  };
  const unhookPromises = promiseHooks.onBefore(note) as () => void;
  const hook = createHook({ before: note, trackPromises: false }).enable();
  return () => {
    unhookPromises();
    hook.disable();
  };
}
