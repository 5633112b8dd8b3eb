import type { Command } from 'commander';

import { addGlobalOptions, addWaitOptions, globalOptionsOf, waitOptionsOf } from '../options.ts';
import { lookAtDeleted, waitUntil } from '../waiting.ts';
import { type CommandContext, printOutcome, request, withSession } from './command.ts';

export function addDeleteCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('delete')
    .argument('<connector>')
    .description('delete a connector; its tasks are stopped first, its topics and offsets stay');
  addWaitOptions(command, 'nothing of it is left');
  addGlobalOptions(command).addHelpText(
    'after',
    '\nExamples:\n  sluice delete orders\n  sluice delete orders --wait && sluice apply -f orders.yaml',
  );
  command.action(async (connector: string) => {
    const global = globalOptionsOf(command, context.io);
    const waiting = waitOptionsOf(command);
    await withSession(context, global, 'write', async (session) => {
      const before = await session.client.snapshot();
      const body = { op: 'delete', connector } as const;
      const done = await request(context, session, body, { global, waiting, before });
      if (!done) return;
      const uid = done.connectors[0]?.record.uid ?? '';
      if (waiting.wait) {
        await waitUntil(session, waiting.timeoutMs, (snapshot) =>
          lookAtDeleted(snapshot, connector, uid),
        );
      }
      printOutcome(context, global, {
        text: `connector ${connector} deleted`,
        data: { connector, outcome: 'deleted' },
      });
    });
  });
}
