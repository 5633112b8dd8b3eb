/** `sluice dlq …`: records that connectors gave up. */
import {
  letterJson,
  newestLetters,
  preview,
  type QueuedLetter,
  queuePartitions,
  waitingIn,
} from '@sluice/runtime/dead-letters';
import type { Command } from 'commander';

import { formatTable } from '../format/table.ts';
import { withLog } from '../log-session.ts';
import { addGlobalOptions, globalOptionsOf, parseWholeNumber } from '../options.ts';
import type { CommandContext } from './command.ts';
import { queuesOf, queueTopic } from './dlq-queues.ts';
import { addReplayCommand } from './dlq-replay.ts';

const listExamples = `
The queues of the connectors that are defined. WAITING are the letters that were not replayed.

Examples:
  sluice dlq list
  sluice dlq list --json | jq '.[] | select(.waiting > 0)'`;

const showExamples = `
QUEUE is a topic, or a connector that has a dead letter queue. The newest letters come last.

Examples:
  sluice dlq show orders-sink
  sluice dlq show dead-orders --limit 100
  sluice dlq show dead-orders --json | jq -r '.[].errors["exception.message"]' | sort | uniq -c`;

export function addDlqCommand(program: Command, context: CommandContext): void {
  const dlq = program.command('dlq').description('look at dead letter queues, and replay them');
  addListCommand(dlq, context);
  addShowCommand(dlq, context);
  addReplayCommand(dlq, context);
}

function addListCommand(dlq: Command, context: CommandContext): void {
  const command = dlq.command('list').description('list dead letter queues with what they hold');
  addGlobalOptions(command).addHelpText('after', listExamples);
  command.action(async () => {
    const global = globalOptionsOf(command, context.io);
    const byTopic = Map.groupBy(await queuesOf(context, global), ({ topic }) => topic);
    const queues = await withLog(context.io, global, async ({ log }) => {
      const found: QueueView[] = [];
      for (const [topic, users] of byTopic) {
        const partitions = (await queuePartitions(log, topic)) ?? [];
        found.push({
          topic,
          connectors: users.map(({ connector }) => connector).sort(),
          letters: partitions.reduce((sum, { high, low }) => sum + high - low, 0),
          waiting: partitions.reduce((sum, partition) => sum + waitingIn(partition), 0),
        });
      }
      return found.sort((one, other) => other.waiting - one.waiting);
    });
    const { io } = context;
    if (global.json) return io.out(JSON.stringify(queues, undefined, 2));
    if (queues.length === 0) return io.out('no connector has a dead letter queue');
    const rows = queues.map(({ connectors, letters, topic, waiting }) => [
      topic,
      String(letters),
      waiting > 0 ? { text: String(waiting), tone: 'warn' as const } : '0',
      connectors.join(', '),
    ]);
    io.out(formatTable(['QUEUE', 'LETTERS', 'WAITING', 'CONNECTORS'], rows, io));
  });
}

interface QueueView {
  readonly topic: string;
  readonly connectors: readonly string[];
  readonly letters: number;
  readonly waiting: number;
}

function addShowCommand(dlq: Command, context: CommandContext): void {
  const command = dlq
    .command('show')
    .argument('<queue>', 'a topic, or a connector')
    .option('--limit <number>', 'so many of each partition, the newest', '20')
    .description('show the newest letters of a queue: where they are from, and why they are there');
  addGlobalOptions(command).addHelpText('after', showExamples);
  command.action(async (queue: string, flags: { readonly limit: string }) => {
    const global = globalOptionsOf(command, context.io);
    const limit = parseWholeNumber(flags.limit, '--limit');
    const letters = await withLog(context.io, global, async ({ log }) => {
      const topic = await queueTopic(context, global, log, queue);
      return newestLetters(log, { topic, limit });
    });
    const { io } = context;
    if (global.json) return io.out(JSON.stringify(letters.map(letterJson), undefined, 2));
    if (letters.length === 0) return io.out(`there are no letters in ${queue}`);
    const rows = letters.map(rowOf);
    io.out(formatTable(['LETTER', 'REPLAYED', 'FROM', 'STAGE', 'KEY', 'VALUE', 'ERROR'], rows, io));
  });
}

function rowOf({ context, isReplayed, offset, partition, record }: QueuedLetter): string[] {
  const from = context.get('topic');
  const place = from === undefined ? '-' : `${from}/${context.get('partition') ?? '?'}`;
  const at = context.get('offset');
  return [
    `${String(partition)}:${String(offset)}`,
    isReplayed ? 'yes' : '-',
    at === undefined || at === '-1' ? place : `${place}:${at}`,
    context.get('stage') ?? '-',
    preview(record.key),
    preview(record.value),
    context.get('exception.message') ?? '-',
  ];
}
