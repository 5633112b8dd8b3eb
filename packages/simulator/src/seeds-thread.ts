/** A thread that runs one seed after another, as it is told. */
import { parentPort } from 'node:worker_threads';

import { runSeed, type SeedOptions } from './run-seed.ts';

parentPort?.on('message', (options: SeedOptions) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  void runSeed(options).then((run) => parentPort?.postMessage(run));
});
