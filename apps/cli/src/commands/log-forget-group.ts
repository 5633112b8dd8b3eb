/** `sluice log forget-group`: tells what it would mean, and does it only with --yes. */
import type { PartitionUsage } from '@sluice/record-log-redis';
import { groupOf } from '@sluice/runtime';
import type { Command } from 'commander';

import { CliError, exitCodes } from '../exit-codes.ts';
import { formatBytes } from '../format/bytes.ts';
import { formatTable } from '../format/table.ts';
import { type OpenedLog, withLog } from '../log-session.ts';
import { type PartitionInLog, usageOf } from '../log-usage.ts';
import { addGlobalOptions, type GlobalOptions, globalOptionsOf } from '../options.ts';
import { type CommandContext, note, withSession } from './command.ts';

const examples = `
A group (connect-NAME for the sink NAME) stays when its sink is deleted, so that a sink created anew goes on
where the old one stopped. Until it has not been heard of for 7 days, the log keeps for it what it has not
read. Without --yes nothing is done but to tell what would be.

Refused (exit code 3) while a connector of the group exists or a reader of it is active, unless --force is given.

Examples:
  sluice log forget-group connect-orders
  sluice log forget-group connect-orders --yes`;

interface Flags {
  readonly yes?: true;
  readonly force?: true;
}

export function addForgetGroupCommand(log: Command, context: CommandContext): void {
  const command = log
    .command('forget-group')
    .argument('<group>')
    .description('forget a group, so that the log keeps nothing for it any more')
    .option('--yes', 'do it, instead of telling what it would mean')
    .option('--force', 'also if the group is in use');
  addGlobalOptions(command).addHelpText('after', examples);
  command.action(async (group: string, { yes, force }: Flags) => {
    const global = globalOptionsOf(command, context.io);
    await withLog(context.io, global, async (opened) => {
      const consequences =
        opened.kind === 'redis'
          ? consequencesOf(group, await opened.log.usage())
          : (await usageOf(opened, async () => [group])).flatMap(consequencesOnKafka);
      if (consequences.length === 0) throw noGroupError(group, global);
      if (!force) await refuseIfInUse(context, global, opened, group);
      if (yes) {
        await opened.log.forgetGroup(group);
        await note(context, global, { action: 'forget-group', targets: [group], detail: null });
      }
      tell(context, global, { group, consequences, isDone: yes === true });
    });
  });
}

export function noGroupError(group: string, { cluster }: GlobalOptions): CliError {
  return new CliError(
    exitCodes.notFound,
    `there is no group ${group} in the log of cluster ${cluster}; sluice log groups lists them`,
  );
}

/** What forgetting a group means in one partition. */
interface Consequence {
  readonly topic: string;
  readonly partition: number;
  readonly committed: number | null;
  readonly end: number;
  readonly lag: number;
  /** null: not known. */
  readonly bytesHeld: number | null;
  /** Records that it has not read and that would be deleted at once, since all others have read them. */
  readonly recordsDeleted: number;
  /** No other group reads the partition: its records stay until room is needed. */
  readonly isLast: boolean;
  /** What is kept does not depend on groups. */
  readonly isKeptAnyway?: true;
}

function consequencesOnKafka({ topic, partition, end, groups }: PartitionInLog): Consequence[] {
  return groups.map(({ committed, lag }) => ({
    topic,
    partition,
    committed: committed ?? null,
    end,
    lag,
    bytesHeld: null,
    recordsDeleted: 0,
    isLast: false,
    isKeptAnyway: true,
  }));
}

function consequencesOf(group: string, usage: readonly PartitionUsage[]): Consequence[] {
  return usage.flatMap(({ topic, partition, end, groups }) => {
    const place = groups.find((each) => each.group === group);
    if (!place) return [];
    const others = groups.filter((each) => each !== place && !each.isExpired);
    const { committed, lag, bytesHeld, position } = place;
    const needed = Math.min(end, ...others.map((other) => other.position));
    const isLast = others.length === 0;
    return {
      topic,
      partition,
      committed: committed ?? null,
      end,
      lag,
      bytesHeld,
      recordsDeleted: isLast ? 0 : Math.max(0, needed - position),
      isLast,
    };
  });
}

async function refuseIfInUse(
  context: CommandContext,
  global: GlobalOptions,
  opened: OpenedLog,
  group: string,
): Promise<void> {
  const { connectors } = await withSession(context, global, 'read', (session) =>
    session.client.snapshot(),
  );
  for (const { record } of connectors.values()) {
    if (record.type !== 'sink' || groupOf(record.name, record.config) !== group) continue;
    throw new CliError(
      exitCodes.invalid,
      `group ${group} is in use: connector ${record.name} exists; delete it first (sluice delete ${record.name}), or use --force`,
    );
  }
  // Kafka refuses by itself to delete a group that has members.
  if (opened.kind === 'kafka' || (await opened.log.activeReaders(group)) === 0) return;
  throw new CliError(
    exitCodes.invalid,
    `group ${group} is in use: a reader of it is active; wait until its task has stopped, or use --force`,
  );
}

function tell(
  { io }: CommandContext,
  { json }: GlobalOptions,
  outcome: {
    readonly group: string;
    readonly consequences: readonly Consequence[];
    readonly isDone: boolean;
  },
): void {
  const { group, consequences, isDone } = outcome;
  if (json) {
    io.out(JSON.stringify({ group, forgotten: isDone, partitions: consequences }, undefined, 2));
    return;
  }
  const start = 'starts from the earliest record that is left, not where the group stopped';
  if (isDone) {
    io.out(`group ${group} forgotten; a sink that uses it again ${start}`);
    return;
  }
  const rows = consequences.map((each) => [
    `${each.topic}/${each.partition}`,
    String(each.committed ?? '-'),
    String(each.end),
    String(each.lag),
    each.bytesHeld === null ? '-' : formatBytes(each.bytesHeld),
    consequenceText(each),
  ]);
  io.out(
    [
      formatTable(['PARTITION', 'COMMITTED', 'END', 'LAG', 'HELD', 'WHEN FORGOTTEN'], rows, io),
      '',
      `Nothing was done. Without group ${group}, a sink that uses it again ${start}.`,
      `To forget it: sluice log forget-group ${group} --yes`,
    ].join('\n'),
  );
}

function consequenceText({ isLast, isKeptAnyway, recordsDeleted }: Consequence): string {
  if (isKeptAnyway) return "nothing is deleted: the topic's retention decides";
  if (isLast) return 'no other group reads it: the oldest records go when room is needed';
  if (recordsDeleted === 0) return 'nothing is deleted: other groups need what it needs';
  return `up to ${recordsDeleted} records that it has not read are deleted: all other groups have`;
}
