/** A thread that ends its process when the one that started it is gone: also while the main thread is busy for ever. */
import { workerData } from 'node:worker_threads';

const lookEveryMs = 1_000;

setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL');
}, lookEveryMs);
