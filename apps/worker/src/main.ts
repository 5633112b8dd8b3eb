#!/usr/bin/env node
/** Reads settings, wires and runs a worker, forwards signals. */
import { parseArgs } from 'node:util';

import { hasAccessFiles } from '@sluice/access';
import { LogLevels, leveledLogger, SluiceError, toError } from '@sluice/kernel';
import { pino } from 'pino';

import { endProcess } from './end-process.ts';
import { readSettings, settingsHelp } from './settings.ts';
import { Worker } from './worker.ts';

const help = `Usage: sluice-worker [--insecure]

Runs a worker: joins the cluster, takes the connectors and tasks that it is given, runs them in worker
threads. SIGTERM hands them over and ends it.

  --insecure   listen on a non-loopback address without authentication
  --help

${settingsHelp}

Examples:
  REDIS_URL=redis://redis:6379 SLUICE_WORKER_NAME=worker-1 sluice-worker
  SLUICE_PLUGINS=./clock.ts SLUICE_WORKER_PORT=0 sluice-worker`;

const exitCodes = { failed: 1, usage: 2 } as const;
/** Besides the time that draining may take. */
const stopMarginMs = 10_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { insecure: { type: 'boolean', default: false }, help: { type: 'boolean' } },
  });
  if (values.help) {
    console.log(help);
    return;
  }
  const settings = readSettings(process.env, { insecure: values.insecure });
  const levels = new LogLevels(settings.logLevel, ['sluice.worker']);
  const { cluster, worker: name } = settings;
  const base = { cluster, worker: name, pid: process.pid };
  const written = pino({ level: 'debug', base });
  const logger = leveledLogger(written, levels, 'sluice.worker');
  const worker = new Worker(settings, written, {
    levels,
    onRefused: (error) => {
      logger.error({ code: error.code }, error.message);
      void stop(error.code, exitCodes.failed);
    },
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void stop(signal));
  }
  // Otherwise it ends the process, as it does when a terminal is closed.
  if (hasAccessFiles(settings.access)) process.on('SIGHUP', () => void worker.reload());
  await worker.start();
  logger.info({ port: worker.port }, 'worker ready');

  async function stop(reason: string, exitCode = 0): Promise<void> {
    logger.info({ reason }, 'draining');
    setTimeout(endProcess, settings.drainTimeoutMs + stopMarginMs).unref();
    await worker.stop();
    logger.info({}, 'stopped');
    process.exit(exitCode);
  }
}

main().catch((error: unknown) => {
  const { message } = toError(error);
  const isUsage =
    (error instanceof SluiceError && error.code === 'config.invalid') ||
    (error instanceof TypeError && message.includes('option'));
  console.error(`sluice-worker: ${message}`);
  process.exit(isUsage ? exitCodes.usage : exitCodes.failed);
});
