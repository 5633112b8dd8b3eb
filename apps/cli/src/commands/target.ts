/** pause, resume, stop: they differ in the state that they ask for and in words. */
import type { TargetState } from '@sluice/coordination';
import type { Command } from 'commander';

import { addGlobalOptions, addWaitOptions, globalOptionsOf, waitOptionsOf } from '../options.ts';
import { failuresIn, lookAtConnector, waitUntil } from '../waiting.ts';
import type { CommandContext } from './command.ts';
import { eachConnector, namesHelp } from './each-named.ts';

interface TargetCommand {
  readonly name: string;
  readonly state: TargetState;
  readonly description: string;
  readonly effect: string;
}

const targetCommands: readonly TargetCommand[] = [
  {
    name: 'pause',
    state: 'PAUSED',
    description: 'pause a connector: its tasks keep their workers and do nothing',
    effect: 'it and all its tasks are PAUSED',
  },
  {
    name: 'resume',
    state: 'STARTED',
    description: 'let a paused or stopped connector run again',
    effect: 'it and all its tasks are RUNNING',
  },
  {
    name: 'stop',
    state: 'STOPPED',
    description: 'stop a connector: its tasks are given up, its definition and offsets are kept',
    effect: 'none of its tasks is left',
  },
];

export function addTargetCommands(program: Command, context: CommandContext): void {
  for (const target of targetCommands) addTargetCommand(program, context, target);
}

function addTargetCommand(program: Command, context: CommandContext, target: TargetCommand): void {
  const command = program
    .command(target.name)
    .argument('<connector...>')
    .description(target.description);
  addWaitOptions(command, target.effect);
  addGlobalOptions(command).addHelpText(
    'after',
    `\n${namesHelp}\n\nExamples:\n  sluice ${target.name} orders\n` +
      `  sluice ${target.name} 'orders-*' clicks\n  sluice ${target.name} orders --wait --timeout 30s`,
  );
  command.action(async (connectors: string[]) => {
    const global = globalOptionsOf(command, context.io);
    const waiting = waitOptionsOf(command);
    await eachConnector(context, connectors, { global, waiting }, async (chosen) => {
      const { name: connector, session, before } = chosen;
      const done = await chosen.request({ op: 'target', connector, state: target.state });
      if (!done) return undefined;
      const [applied] = done.connectors;
      if (waiting.wait) {
        const known = failuresIn(before);
        await waitUntil(session, waiting.timeoutMs, (snapshot) =>
          lookAtConnector(snapshot, connector, { version: applied?.record.version ?? 0, known }),
        );
      }
      const was =
        applied?.outcome === 'unchanged' ? 'was already' : waiting.wait ? 'is' : 'is to be';
      return {
        text: `connector ${connector} ${was} ${target.state}`,
        data: { connector, targetState: target.state, outcome: applied?.outcome ?? 'updated' },
      };
    });
  });
}
