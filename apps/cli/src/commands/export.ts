import type { Command } from 'commander';

import { withApi } from '../api-session.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { chooseNames } from '../names.ts';
import { addGlobalOptions, globalOptionsOf } from '../options.ts';
import { writePrivateFile } from '../private-file.ts';
import { isOffsets, type Transfer, transferText } from '../transfer/transfer-file.ts';
import type { CommandContext } from './command.ts';
import { namesHelp } from './each-named.ts';

const examples = `
Writes definitions, target states and offsets, as sluice import reads them. It holds secrets: with --output only you
may read the file. Offsets of connectors that run are as of now: to move a connector, stop it first.
${namesHelp}

Examples:
  sluice export --output cluster.json
  sluice export 'orders-*' --no-offsets | sluice --cluster test import -`;

interface ExportFlags {
  readonly output?: string;
  readonly offsets: boolean;
}

export function addExportCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('export')
    .argument('[connector...]', 'only these; default: all')
    .description('write definitions, target states and offsets of the cluster')
    .option('-o, --output <file>', 'write to this file; default: the standard output')
    .option('--no-offsets', 'leave offsets out: connectors that are imported begin anew');
  addGlobalOptions(command).addHelpText('after', examples);
  command.action(async (wanted: string[], flags: ExportFlags) => {
    const global = globalOptionsOf(command, context.io);
    const { io } = context;
    await withApi(context, global, 'read', async (api, session) => {
      const { connectors } = await session.client.snapshot();
      const { names, unmatched } = chooseNames(
        wanted.length === 0 ? ['*'] : wanted,
        connectors.keys(),
      );
      const missing = [...unmatched, ...names.filter((name) => !connectors.has(name))];
      if (wanted.length > 0 && missing.length > 0) {
        throw new CliError(exitCodes.notFound, `there is no connector ${missing.join(', ')}`);
      }
      const records = names.flatMap((name) => connectors.get(name)?.record ?? []);
      const transfers = await Promise.all(
        records.map(async ({ name, config, targetState }): Promise<Transfer> => {
          const path = `/connectors/${encodeURIComponent(name)}/offsets`;
          const answer = flags.offsets ? await api.request('GET', path) : undefined;
          return {
            name,
            config,
            targetState,
            offsets: answer === undefined ? undefined : offsetsIn(answer),
          };
        }),
      );
      const text = transferText(global.cluster, transfers);
      if (flags.output === undefined) io.out(text);
      else {
        await writePrivateFile(flags.output, `${text}\n`);
        io.err(`${transfers.length} connectors written to ${flags.output}`);
      }
      const running = records.filter(({ targetState }) => targetState === 'STARTED');
      if (flags.offsets && running.length > 0) {
        io.err(`offsets of ${running.length} connectors that are not stopped go on meanwhile`);
      }
    });
  });
}

function offsetsIn(answer: unknown): Transfer['offsets'] {
  const { offsets } = answer as { readonly offsets?: unknown };
  return isOffsets(offsets) ? offsets : [];
}
