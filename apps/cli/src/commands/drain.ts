import type { Command } from 'commander';

import { addGlobalOptions, addWaitOptions, globalOptionsOf, waitOptionsOf } from '../options.ts';
import { lookAtDrained, waitUntil } from '../waiting.ts';
import { type CommandContext, printOutcome, request, withSession } from './command.ts';

const examples = `
The worker gives its connectors and tasks to the others and gets no new ones. It stays up, empty, until it
is ended; started again, it takes part again, unless it is cordoned (sluice cordon).

Examples:
  sluice drain worker-2 --wait && kill <its pid>`;

export function addDrainCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('drain')
    .argument('<worker>')
    .description('take all connectors and tasks away from a worker');
  addWaitOptions(command, 'the worker is empty');
  addGlobalOptions(command).addHelpText('after', examples);
  command.action(async (worker: string) => {
    const global = globalOptionsOf(command, context.io);
    const waiting = waitOptionsOf(command);
    await withSession(context, global, 'write', async (session) => {
      const before = await session.client.snapshot();
      const body = { op: 'drain', worker } as const;
      const done = await request(context, session, body, { global, waiting, before });
      if (!done) return;
      if (waiting.wait) {
        await waitUntil(session, waiting.timeoutMs, (snapshot) => lookAtDrained(snapshot, worker));
      }
      printOutcome(context, global, {
        text: waiting.wait ? `worker ${worker} is empty` : `worker ${worker} is draining`,
        data: { worker, outcome: waiting.wait ? 'empty' : 'draining' },
      });
    });
  });
}
