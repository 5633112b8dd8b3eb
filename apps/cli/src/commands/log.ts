/** `sluice log …`: what the record log on Redis holds, and for whom. */
import type { PartitionUsage } from '@sluice/record-log-redis';
import type { Command } from 'commander';

import { formatAge } from '../format/age.ts';
import { formatBytes } from '../format/bytes.ts';
import { type Cell, formatTable } from '../format/table.ts';
import { withLog } from '../log-session.ts';
import { addGlobalOptions, globalOptionsOf } from '../options.ts';
import type { CommandContext } from './command.ts';
import { addForgetGroupCommand, noGroupError } from './log-forget-group.ts';

const server = `
The log is on the Redis of SLUICE_LOG_REDIS_URL, else of --redis or REDIS_URL.`;

const topicExamples = `${server}

Examples:
  sluice log topics
  sluice log topics --json | jq '.[] | select(.bytes > 100000000)'`;

const groupExamples = `${server}
HELD is what the log keeps for the group: what it has not read yet. The groups that hold most come first. One
that was not heard of for 7 days (SLUICE_LOG_GROUP_RETENTION_HOURS) is expired and holds nothing back.

Examples:
  sluice log groups
  sluice log groups connect-orders
  sluice log groups --json | jq '.[] | select(.expired)'`;

export function addLogCommand(program: Command, context: CommandContext): void {
  const log = program
    .command('log')
    .description('look after the record log on Redis: topics, groups');
  addTopicsCommand(log, context);
  addGroupsCommand(log, context);
  addForgetGroupCommand(log, context);
}

function addTopicsCommand(log: Command, context: CommandContext): void {
  const command = log.command('topics').description('list topics with what they hold');
  addGlobalOptions(command).addHelpText('after', topicExamples);
  command.action(async () => {
    const global = globalOptionsOf(command, context.io);
    const usage = await withLog(context.io, global, (client) => client.usage());
    const topics = [...Map.groupBy(usage, ({ topic }) => topic)].map(summarize);
    print(context, global.json, {
      headings: ['TOPIC', 'PARTITIONS', 'RECORDS', 'BYTES', 'GROUPS'],
      rows: topics.map(({ topic, partitions, records, bytes, groups }) => [
        topic,
        String(partitions),
        String(records),
        formatBytes(bytes),
        groups.length === 0 ? '-' : groups.join(', '),
      ]),
      json: topics,
      whenEmpty: 'there are no topics in the log',
    });
  });
}

function addGroupsCommand(log: Command, context: CommandContext): void {
  const command = log
    .command('groups')
    .argument('[group]', 'only this one')
    .description('list groups with what the log holds for them');
  addGlobalOptions(command).addHelpText('after', groupExamples);
  command.action(async (wanted: string | undefined) => {
    const global = globalOptionsOf(command, context.io);
    const usage = await withLog(context.io, global, (client) => client.usage());
    const places = placesOf(usage)
      .filter(({ group }) => wanted === undefined || group === wanted)
      .sort((a, b) => b.bytesHeld - a.bytesHeld);
    if (wanted !== undefined && places.length === 0) throw noGroupError(wanted, global);
    print(context, global.json, {
      headings: ['GROUP', 'PARTITION', 'COMMITTED', 'END', 'LAG', 'HELD', 'HEARD OF', 'NOTE'],
      rows: places.map((place) => [
        place.group,
        `${place.topic}/${place.partition}`,
        String(place.committed ?? '-'),
        String(place.end),
        String(place.lag),
        formatBytes(place.bytesHeld),
        `${formatAge(place.idleMs)} ago`,
        place.expired ? { text: 'expired: holds nothing back', tone: 'warn' as const } : '',
      ]),
      json: places,
      whenEmpty: 'there are no groups in the log',
    });
  });
}

interface TopicSummary {
  readonly topic: string;
  readonly partitions: number;
  readonly records: number;
  readonly bytes: number;
  readonly groups: readonly string[];
}

function summarize([topic, partitions]: [string, readonly PartitionUsage[]]): TopicSummary {
  const groups = partitions.flatMap((each) => each.groups.map(({ group }) => group));
  return {
    topic,
    partitions: partitions.length,
    records: partitions.reduce((sum, { low, end }) => sum + end - low, 0),
    bytes: partitions.reduce((sum, { bytes }) => sum + bytes, 0),
    groups: [...new Set(groups)].sort(),
  };
}

export interface GroupPlaceView {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly committed: number | null;
  readonly end: number;
  readonly lag: number;
  readonly bytesHeld: number;
  readonly idleMs: number;
  readonly expired: boolean;
}

export function placesOf(usage: readonly PartitionUsage[]): GroupPlaceView[] {
  return usage.flatMap(({ topic, partition, end, groups }) =>
    groups.map(({ group, committed, lag, bytesHeld, idleMs, isExpired }) => ({
      group,
      topic,
      partition,
      committed: committed ?? null,
      end,
      lag,
      bytesHeld,
      idleMs,
      expired: isExpired,
    })),
  );
}

function print(
  { io }: CommandContext,
  isJson: boolean,
  listing: {
    readonly headings: readonly string[];
    readonly rows: readonly (readonly Cell[])[];
    readonly json: readonly object[];
    readonly whenEmpty: string;
  },
): void {
  const { headings, rows, json, whenEmpty } = listing;
  if (isJson) io.out(JSON.stringify(json, undefined, 2));
  else io.out(rows.length === 0 ? whenEmpty : formatTable(headings, rows, io));
}
