/** Entry of the thread that `scanPlugins` starts: imports one module after the other and tells what is in it. */
import { parentPort, workerData } from 'node:worker_threads';

import { loadPlugins } from './load-plugins.ts';
import type { ScanMessage, ScanTask } from './scan-plugins.ts';

const task = workerData as ScanTask;

function tell(message: ScanMessage): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(message);
}

for (const module of task.modules) {
  const { specifier } = module;
  tell({ kind: 'importing', specifier });
  const registry = await loadPlugins([module], {
    importLimitMs: task.importLimitMs,
    baseDirectory: task.baseDirectory,
  });
  tell({
    kind: 'imported',
    specifier,
    plugins: registry.describe(),
    failures: registry.failures,
  });
}
// What a module left running (timers, sockets) must not keep the thread.
process.exit(0);
