import type { Command } from 'commander';

import { loadDefinitions } from '../definitions/load-definitions.ts';
import { readProperties } from '../definitions/read-documents.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { optionsOf } from '../options.ts';
import { readFileOrStdin } from '../read-file.ts';
import { readWorkerProperties } from '../standalone/worker-properties.ts';
import type { CommandContext } from './command.ts';

const examples = `
The files are Kafka Connect's. With bootstrap.servers records go through Kafka; without, they are kept beside
offset.storage.file.filename. The REST API is on the listener of the worker file, by default http://127.0.0.1:8083.
A redis-server is started beside it and stopped with it, unless --redis or REDIS_URL names one.
Keys that are not supported are refused by name.

Examples:
  sluice standalone connect-standalone.properties connect-file-source.properties connect-file-sink.properties
  sluice standalone worker.properties orders.json
  SLUICE_AUTH=admin:secret sluice standalone worker.properties`;

/** More than tasks may take to stop by default. */
const stopLimitMs = 60_000;

interface StandaloneFlags {
  readonly insecure?: boolean;
}

export function addStandaloneCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('standalone')
    .argument('<worker.properties>', 'of the worker')
    .argument('[connector.properties...]', 'of connectors, .properties, JSON or YAML')
    .description('run connectors in one process, from the files of connect-standalone')
    .option('--redis <url>', 'use this Redis (REDIS_URL); default: one of its own')
    .option('--cluster <name>', 'begins the names of its topics (SLUICE_CLUSTER, else standalone)')
    .option('--insecure', 'listen on a non-loopback address without authentication')
    .addHelpText('after', examples);
  command.action(async (workerFile: string, files: string[], flags: StandaloneFlags) => {
    const { env } = context.io;
    const settings = readWorkerProperties(
      readProperties(await readFileOrStdin(workerFile, context.io), workerFile),
    );
    if (settings.problems.length > 0) {
      const lines = settings.problems.map((problem) => `${workerFile}: ${problem}`);
      throw new CliError(exitCodes.invalid, lines.join('\n'));
    }
    const definitions = files.length === 0 ? [] : await loadDefinitions(files, context.io);
    const { runStandalone } = await import('../standalone/run-standalone.ts');
    const given = optionsOf(command);
    const text = (key: string, variable: string): string | undefined =>
      (typeof given[key] === 'string' ? given[key] : env[variable])?.trim() || undefined;
    const stop = new AbortController();
    const onSignal = (): void => {
      stop.abort();
      // Whatever still runs then.
      setTimeout(() => process.exit(exitCodes.unexpected), stopLimitMs).unref();
    };
    process.once('SIGINT', onSignal);
    process.once('SIGTERM', onSignal);
    try {
      await runStandalone({
        settings,
        definitions: definitions.map((each) => each.definition),
        env,
        redisUrl: text('redis', 'REDIS_URL'),
        cluster: text('cluster', 'SLUICE_CLUSTER') ?? 'standalone',
        insecure: flags.insecure === true,
        open: context.open,
        signal: stop.signal,
      });
    } finally {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    }
  });
}
