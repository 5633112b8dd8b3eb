import type { Command } from 'commander';

import { CliError, exitCodes } from '../exit-codes.ts';
import { isPattern, wordFor } from '../names.ts';
import { addGlobalOptions, addWaitOptions, globalOptionsOf, waitOptionsOf } from '../options.ts';
import { lookAtDeleted, waitUntil } from '../waiting.ts';
import type { CommandContext } from './command.ts';
import { eachConnector, namesHelp } from './each-named.ts';

export function addDeleteCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('delete')
    .argument('<connector...>')
    .description('delete a connector; its tasks are stopped first, its topics and offsets stay')
    .option('--yes', 'also what a pattern fits');
  addWaitOptions(command, 'nothing of it is left');
  addGlobalOptions(command).addHelpText(
    'after',
    `\n${namesHelp}\nOf what a pattern fits nothing is deleted without --yes.\n\n` +
      "Examples:\n  sluice delete orders\n  sluice delete 'test-*' --yes\n" +
      '  sluice delete orders --wait && sluice apply -f orders.yaml',
  );
  command.action(async (connectors: string[], flags: { yes?: boolean }) => {
    const global = globalOptionsOf(command, context.io);
    const waiting = waitOptionsOf(command);
    const pattern = connectors.find(isPattern);
    if (pattern !== undefined && !flags.yes) {
      throw new CliError(
        exitCodes.usage,
        `"${pattern}" may fit more than you think of: look with sluice get connectors '${pattern}', ` +
          `then repeat it with --yes; a connector of that very name is '${wordFor(pattern)}'`,
      );
    }
    await eachConnector(context, connectors, { global, waiting }, async (chosen) => {
      const { name: connector, session } = chosen;
      const done = await chosen.request({ op: 'delete', connector });
      if (!done) return undefined;
      const uid = done.connectors[0]?.record.uid ?? '';
      if (waiting.wait) {
        await waitUntil(session, waiting.timeoutMs, (snapshot) =>
          lookAtDeleted(snapshot, connector, uid),
        );
      }
      return {
        text: `connector ${connector} deleted`,
        data: { connector, outcome: 'deleted' },
      };
    });
  });
}
