/** cordon, uncordon: whether workers are given anything new. */
import { type ClusterSnapshot, workerRequest } from '@sluice/coordination';
import type { Command } from 'commander';

import { addGlobalOptions, globalOptionsOf, waitOptionsOf } from '../options.ts';
import type { CommandContext } from './command.ts';
import { eachWorker, namesHelp } from './each-named.ts';

interface CordonCommand {
  readonly name: 'cordon' | 'uncordon';
  readonly description: string;
  readonly help: string;
  /** What is told of a worker, if that is new, and if it was so. */
  readonly done: string;
  readonly already: string;
}

const cordonCommands: readonly CordonCommand[] = [
  {
    name: 'cordon',
    description: 'let workers keep what they run, and give them nothing new',
    help: `
A cordoned worker goes on with its connectors and tasks, and is given no others, neither to balance the load nor for
one that died. That holds for its name: also when it is started again, until sluice uncordon, or until nobody has had
the name for a week. To empty it, drain it besides.`,
    done: 'is cordoned',
    already: 'was cordoned already',
  },
  {
    name: 'uncordon',
    description: 'let cordoned workers take part again',
    help: `
The worker is given its share of connectors and tasks again, as one that joins.`,
    done: 'is not cordoned any more',
    already: 'was not cordoned',
  },
];

export function addCordonCommands(program: Command, context: CommandContext): void {
  for (const each of cordonCommands) addCordonCommand(program, context, each);
}

function addCordonCommand(program: Command, context: CommandContext, what: CordonCommand): void {
  const { name, description, help } = what;
  const command = program.command(name).argument('<worker...>').description(description);
  addGlobalOptions(command).addHelpText(
    'after',
    `${help}\n\n${namesHelp}\n\nExamples:\n  sluice ${name} worker-2\n  sluice ${name} worker-2 'worker-1?'`,
  );
  const cordoned = name === 'cordon';
  command.action(async (workers: string[]) => {
    const global = globalOptionsOf(command, context.io);
    const waiting = waitOptionsOf(command);
    await eachWorker(context, workers, { global, waiting }, async (chosen) => {
      const { name: worker, before } = chosen;
      if (!(await chosen.request(workerRequest(name, worker)))) return undefined;
      const isChange = isCordoned(before, worker) !== cordoned;
      return {
        text: `worker ${worker} ${isChange ? what.done : what.already}`,
        data: { worker, cordoned, outcome: isChange ? 'updated' : 'unchanged' },
      };
    });
  });
}

function isCordoned({ workers }: ClusterSnapshot, worker: string): boolean {
  return workers.some(({ member }) => member.worker === worker && member.cordoned === true);
}
