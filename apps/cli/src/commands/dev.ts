import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';

import { loadDefinitions } from '../definitions/load-definitions.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { optionsOf } from '../options.ts';
import type { CommandContext } from './command.ts';

const examples = `
The connector runs in a thread with a log in memory; Redis is not needed. A source prints what it writes; a
sink gets each line of the standard input as a record and prints what it has put. After a reload a
source goes on where it was.

Examples:
  sluice dev ./clock.ts --config everyMs=200
  sluice dev ./sensors.ts -f sensors.yaml
  echo '{"id": 1}' | sluice dev ./console-sink.ts --no-watch`;

interface DevFlags {
  readonly config?: readonly string[];
  readonly file?: string;
  readonly connector?: string;
  readonly watch: boolean;
}

export function addDevCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('dev')
    .argument('<module>', 'a connector in TypeScript or JavaScript')
    .description('run a connector that is being written, and reload it when it is saved')
    .option('-c, --config <key=value...>', 'its configuration')
    .option('-f, --file <file>', 'its configuration, as a definition for apply')
    .option('--connector <class>', 'which one, if the module has several')
    .option('--no-watch', 'do not reload, and end when it fails')
    .option('--json', 'print records as JSON, one a line')
    .addHelpText('after', examples);
  command.action(async (module: string, flags: DevFlags) => {
    const path = resolve(module);
    if (!existsSync(path)) {
      throw new CliError(exitCodes.invalid, `there is no file ${path}`);
    }
    const config = {
      ...(await readDefinition(flags.file, context)),
      ...parsePairs(flags.config),
    };
    const { DevSession } = await import('../dev/dev-session.ts');
    const stop = new AbortController();
    const onSignal = (): void => stop.abort();
    process.once('SIGINT', onSignal);
    process.once('SIGTERM', onSignal);
    try {
      const code = await new DevSession(
        {
          module: path,
          connectorClass: flags.connector,
          config,
          watch: flags.watch,
          json: optionsOf(command)['json'] === true,
          signal: AbortSignal.any([stop.signal, context.io.closed]),
          input: process.stdin,
        },
        context.io,
      ).run();
      // What went wrong has been told.
      if (code !== exitCodes.ok) throw new CliError(code, '');
    } finally {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
      process.stdin.destroy();
    }
  });
}

async function readDefinition(
  file: string | undefined,
  { io }: CommandContext,
): Promise<Readonly<Record<string, string>>> {
  if (file === undefined) return {};
  const [first, ...others] = await loadDefinitions([file], io);
  if (!first || others.length > 0) {
    throw new CliError(exitCodes.invalid, `${file} must have exactly one definition for dev`);
  }
  return { name: first.definition.name, ...first.definition.config };
}

function parsePairs(pairs: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair): [string, string] => {
      const equals = pair.indexOf('=');
      if (equals < 1) {
        throw new CliError(exitCodes.usage, `--config ${pair} has not the form key=value`);
      }
      return [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}
