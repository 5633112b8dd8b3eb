/** `sluice dlq replay`: letters become the records that they were, where they were. */
import { type ReplayOutcome, replayLetters } from '@sluice/runtime/dead-letters';
import type { Command } from 'commander';

import { CliError, exitCodes } from '../exit-codes.ts';
import { withLog } from '../log-session.ts';
import { addGlobalOptions, globalOptionsOf } from '../options.ts';
import { type CommandContext, note, printOutcome } from './command.ts';
import { queueTopic } from './dlq-queues.ts';

const examples = `
Writes the records back to the topic and partition that they are from, with their own key, value and headers,
for every reader of that topic. Letters that were replayed before are passed over; those that cannot be
replayed are told and passed over, too. They all stay in the queue.

Examples:
  sluice dlq replay orders-sink --dry-run
  sluice dlq replay orders-sink
  sluice dlq replay dead-orders --to orders-retry
  sluice dlq replay dead-orders --again`;

interface Flags {
  readonly dryRun?: true;
  readonly again?: true;
  readonly to?: string;
}

type Outcome = Omit<ReplayOutcome, 'isWhole'>;

export function addReplayCommand(dlq: Command, context: CommandContext): void {
  const command = dlq
    .command('replay')
    .argument('<queue>', 'a topic, or a connector')
    .description('write the letters of a queue back to where they are from')
    .option('--dry-run', 'tell what would be written, and write nothing')
    .option('--again', 'also what was replayed before')
    .option('--to <topic>', 'to this topic, instead of the one that each letter is from');
  addGlobalOptions(command).addHelpText('after', examples);
  command.action(async (queue: string, flags: Flags) => {
    const global = globalOptionsOf(command, context.io);
    const outcome = await withLog(context.io, global, async ({ log }) => {
      const topic = await queueTopic(context, global, log, queue);
      if (flags.to === topic)
        throw new CliError(
          exitCodes.usage,
          `--to ${topic} is the queue itself: name another topic`,
        );
      const { cluster } = global;
      const { again = false, to } = flags;
      const replay = async (isDryRun: boolean): Promise<Outcome> => {
        const options = { log, cluster, topic, fence: Date.now(), again, isDryRun };
        const replayed = await replayLetters({ ...options, ...(to !== undefined && { to }) });
        const { topics, passedOver, isDone } = replayed;
        return { topics, passedOver, isDone };
      };
      if (flags.dryRun) return { queue: topic, ...(await replay(true)) };
      const detail = flags.to === undefined ? null : `to=${flags.to}`;
      const change = { action: 'replay', targets: [topic], detail };
      const replayed = await replay(false).catch(async (error: unknown) => {
        // Some batches may have been written.
        await note(context, global, { ...change, outcome: 'failed' });
        throw error;
      });
      await note(context, global, change);
      return { queue: topic, ...replayed };
    });
    printOutcome(context, global, { text: textOf(outcome, flags), data: outcome });
  });
}

const toldMax = 20;

function textOf({ isDone, passedOver, topics }: Outcome, { again }: Flags): string {
  const verb = isDone ? 'replayed' : 'would be replayed';
  const counts = Object.entries(topics).map(
    ([topic, count]) => `${String(count)} records ${verb} to ${topic}`,
  );
  const lines = passedOver
    .slice(0, toldMax)
    .map(({ letter, reason }) => `letter ${letter} passed over: ${reason}`);
  if (passedOver.length > toldMax)
    lines.push(`and ${String(passedOver.length - toldMax)} more were passed over`);
  if (counts.length === 0 && lines.length === 0)
    lines.push(
      again ? 'the queue is empty' : 'nothing to replay: --again replays what was replayed',
    );
  return [...counts, ...lines].join('\n');
}
