/**
 * `sluice dlq replay`: letters become the records that they were, where they were. What was replayed is marked when
 * it is durable, batch by batch, so that a command that is killed repeats one batch at most.
 */
import type { RecordLog, TopicBatch } from '@sluice/record-log';
import type { Command } from 'commander';

import { type DeadLetter, letterOf, type Replay, replayOf } from '../dead-letters.ts';
import { markReplayed, queuePartitions, readQueue } from '../dlq-log.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { withLog } from '../log-session.ts';
import { addGlobalOptions, type GlobalOptions, globalOptionsOf } from '../options.ts';
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
      if (flags.dryRun) return { queue: topic, ...(await replay(log, global, topic, flags)) };
      const detail = flags.to === undefined ? null : `to=${flags.to}`;
      const change = { action: 'replay', targets: [topic], detail };
      const replayed = await replay(log, global, topic, flags).catch(async (error: unknown) => {
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

interface Outcome {
  /** Records for each topic. */
  readonly topics: Readonly<Record<string, number>>;
  readonly passedOver: readonly { readonly letter: string; readonly reason: string }[];
  readonly isDone: boolean;
}

async function replay(
  log: RecordLog,
  { cluster }: GlobalOptions,
  topic: string,
  { again, dryRun, to }: Flags,
): Promise<Outcome> {
  const partitions = (await queuePartitions(log, topic)) ?? [];
  const from = partitions.map(({ high, low, partition, replayed }) => ({
    partition,
    high,
    offset: again ? low : replayed,
  }));
  const marks = new Map(partitions.map(({ partition, replayed }) => [partition, replayed]));
  const topics: Record<string, number> = {};
  const passedOver: { letter: string; reason: string }[] = [];
  // Who replays the same queue later takes over from who still does.
  const identity = { id: `${cluster}.cli/dlq-replay/${topic}`, fence: Date.now() };
  const writer = dryRun ? undefined : await log.openWriter(identity);
  try {
    for await (const batches of readQueue(log, cluster, topic, from)) {
      const letters = batches.flatMap(({ partition, records }) =>
        records.map((record) => letterOf(partition, record)),
      );
      const replays = await replaysOf(log, letters, to);
      const produced: TopicBatch[] = [];
      for (const [name, group] of Map.groupBy(replays, ({ kind, ...each }) =>
        kind === 'record' && 'topic' in each ? each.topic : '',
      )) {
        if (name === '') continue;
        const records = group.flatMap((each) => (each.kind === 'record' ? each.record : []));
        topics[name] = (topics[name] ?? 0) + records.length;
        produced.push({ topic: name, records });
      }
      for (const [index, each] of replays.entries())
        if (each.kind === 'not-possible')
          passedOver.push({ letter: placeOf(letters[index]), reason: each.reason });
      if (!writer) continue;
      if (produced.length > 0) await writer.produce(produced);
      // What is replayed again does not move the mark back.
      for (const { nextOffset, partition } of batches)
        marks.set(partition, Math.max(marks.get(partition) ?? 0, nextOffset));
      await markReplayed(
        writer,
        topic,
        batches.map(({ partition }) => ({ partition, offset: marks.get(partition) ?? 0 })),
      );
    }
  } finally {
    await writer?.close();
  }
  return { topics, passedOver, isDone: writer !== undefined };
}

async function replaysOf(
  log: RecordLog,
  letters: readonly DeadLetter[],
  to: string | undefined,
): Promise<Replay[]> {
  const names = new Set(letters.flatMap(({ context }) => context.get('topic') ?? []));
  const known = await log.topics.describe([...names].filter((name) => name !== ''));
  return letters.map((letter) => replayOf(letter, (name) => known.get(name)?.partitions, to));
}

function placeOf(letter: DeadLetter | undefined): string {
  return letter ? `${String(letter.partition)}:${String(letter.offset)}` : '';
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
