/** Runs one task of FaultySource and sends a message for each batch that it hands over. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ConnectorConfig } from '@sluice/connector-api';
import { faultySource } from '../src/index.ts';
import { startSource } from './contexts.ts';

const task = await startSource(faultySource, workerData as ConnectorConfig);
for (;;) {
  const records = await task.poll();
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window.
  parentPort?.postMessage(records?.length ?? 0);
}
