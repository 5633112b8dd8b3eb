#!/usr/bin/env node
/** Reads settings, wires and runs a coordinator, forwards signals. */
import { parseArgs } from 'node:util';

import { hasAccessFiles } from '@sluice/access';
import { LogLevels, leveledLogger, SluiceError, toError } from '@sluice/kernel';
import { pino } from 'pino';

import type { Coordinator } from './coordinator.ts';
import { createCoordinator, loggerNames } from './create-coordinator.ts';
import { readSettings, settingsHelp } from './settings.ts';

const help = `Usage: sluice-coordinator [--insecure]

Runs a coordinator: the REST API, the BullMQ boards under /queues, and, while it leads, the assignment
of tasks to workers. Run two or more for availability; one of them leads.

  --insecure   listen on a non-loopback address without authentication
  --help

${settingsHelp}

SIGHUP reads callers and certificates again; they are looked at every five seconds besides.

Examples:
  REDIS_URL=redis://redis:6379 SLUICE_HOST=0.0.0.0 SLUICE_AUTH_FILE=callers sluice-coordinator
  SLUICE_PROFILE=fast SLUICE_PORT=8084 sluice-coordinator`;

const exitCodes = { failed: 1, usage: 2 } as const;
/** After a signal; then the process ends whatever still runs. */
const stopLimitMs = 15_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { insecure: { type: 'boolean', default: false }, help: { type: 'boolean' } },
  });
  if (values.help) {
    console.log(help);
    return;
  }
  const settings = readSettings(process.env, { insecure: values.insecure });
  const levels = new LogLevels(settings.logLevel, loggerNames);
  const written = pino({
    level: 'debug',
    base: {
      cluster: settings.cluster,
      coordinator: settings.coordinator,
      pid: process.pid,
    },
  });
  const logger = leveledLogger(written, levels, 'sluice.coordinator');
  const coordinator = await createCoordinator(settings, {
    logger,
    levels,
    onRefused: (error) => void stop(coordinator, error.code, exitCodes.failed),
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void stop(coordinator, signal));
  }
  // Otherwise it ends the process, as it does when a terminal is closed.
  if (hasAccessFiles(settings.access)) process.on('SIGHUP', () => void coordinator.reload());
  await coordinator.start();
  const [first] = settings.listeners;
  logger.info({ port: coordinator.port, host: first?.host }, 'coordinator ready');

  async function stop(running: Coordinator, reason: string, exitCode = 0): Promise<void> {
    logger.info({ reason }, 'stopping');
    setTimeout(() => process.exit(exitCodes.failed), stopLimitMs).unref();
    await running.stop();
    process.exit(exitCode);
  }
}

main().catch((error: unknown) => {
  const { message } = toError(error);
  const isUsage =
    (error instanceof SluiceError && error.code === 'config.invalid') ||
    (error instanceof TypeError && message.includes('option'));
  console.error(`sluice-coordinator: ${message}`);
  process.exit(isUsage ? exitCodes.usage : exitCodes.failed);
});
