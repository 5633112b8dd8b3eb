/** What the processes have in common that code of plugins runs in: it may block, leak and crash there. */
import { constants, setPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { shareConnectorApi } from '@sluice/runtime/plugins';

/** Runs once, with what the parent sends; then the process ends, if the parent has not killed it before. */
export function onTask(run: (task: unknown) => Promise<void>): void {
  process.once('message', (task: { readonly lifeMsMax: number }) => {
    endWithParent(task.lifeMsMax);
    // Whoever leads a cluster, or runs tasks, comes first.
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
    shareConnectorApi();
    void run(task).then(() => process.exit(0));
  });
}

/** Resolves when it has been handed over: the process must not end before. */
export function tell(message: object): Promise<void> {
  return new Promise((resolve) => {
    if (process.send) process.send(message, () => resolve());
    else resolve();
  });
}

/** A parent that was killed cannot kill; and where this thread is blocked, only another one still acts. */
function endWithParent(lifeMsMax: number): void {
  process.once('disconnect', () => process.exit(1));
  new Worker(
    `setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${String(lifeMsMax + 1_000)})`,
    { eval: true },
  ).unref();
}
