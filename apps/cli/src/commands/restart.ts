import type { ClusterSnapshot, UnitId } from '@sluice/coordination';
import { systemClock } from '@sluice/kernel';
import type { Command } from 'commander';

import { CliError, exitCodes } from '../exit-codes.ts';
import {
  addGlobalOptions,
  addWaitOptions,
  globalOptionsOf,
  parseWholeNumber,
  waitOptionsOf,
} from '../options.ts';
import { failuresIn, lookAtRestarted, waitUntil } from '../waiting.ts';
import type { CommandContext } from './command.ts';
import { eachConnector, namesHelp } from './each-named.ts';

const examples = `
Without options the connector itself is restarted and its tasks are not, as in Kafka Connect.
${namesHelp}

Examples:
  sluice restart orders --failed            what FAILED, connector and tasks
  sluice restart '*' --failed               … of every connector
  sluice restart orders --task 2            one task
  sluice restart orders --include-tasks     the connector and all its tasks`;

interface RestartFlags {
  readonly task?: string;
  readonly failed?: boolean;
  readonly includeTasks?: boolean;
}

export function addRestartCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('restart')
    .argument('<connector...>')
    .description('restart a connector, or tasks of it')
    .option('--task <number>', 'only this task')
    .option('--failed', 'only what is FAILED; includes tasks')
    .option('--include-tasks', 'the tasks, too');
  addWaitOptions(command, 'what was restarted runs again');
  addGlobalOptions(command).addHelpText('after', examples);
  command.action(async (connectors: string[], flags: RestartFlags) => {
    const global = globalOptionsOf(command, context.io);
    const waiting = waitOptionsOf(command);
    if (flags.task !== undefined && flags.includeTasks) {
      throw new CliError(exitCodes.usage, 'take either --task or --include-tasks, not both');
    }
    const task = flags.task === undefined ? undefined : parseWholeNumber(flags.task, '--task');
    await eachConnector(context, connectors, { global, waiting }, async (chosen) => {
      const { name: connector, session, before } = chosen;
      const done = await chosen.request({
        op: 'restart',
        connector,
        ...(task === undefined
          ? { includeTasks: flags.includeTasks === true || flags.failed === true }
          : { task }),
        onlyFailed: flags.failed === true,
      });
      if (!done) return undefined;
      const units = done.units ?? [];
      if (waiting.wait && units.length > 0) {
        const requestedAtMs = systemClock.monotonicMs();
        const known = failuresIn(before);
        await waitUntil(session, waiting.timeoutMs, (snapshot) =>
          lookAtRestarted(snapshot, connector, {
            units,
            before: sinceOf(before, units),
            known,
            sinceRequestMs: systemClock.monotonicMs() - requestedAtMs,
          }),
        );
      }
      const verb = waiting.wait ? 'restarted' : 'restarting';
      const nothing = `nothing to restart: nothing of ${connector}${
        task === undefined ? '' : `, task ${task},`
      } is FAILED`;
      return {
        text: units.length === 0 ? nothing : `${verb} ${units.join(', ')}`,
        data: { connector, restarted: units },
      };
    });
  });
}

function sinceOf(
  snapshot: ClusterSnapshot,
  units: readonly UnitId[],
): ReadonlyMap<UnitId, number | undefined> {
  const views = [...snapshot.connectors.values()].flatMap((view) => [
    view.connector,
    ...view.tasks,
  ]);
  return new Map(
    views.filter((view) => units.includes(view.unit)).map((view) => [view.unit, view.sinceMs]),
  );
}
