/** `sluice log …`: what the record log holds, and for whom. */
import { groupOf } from '@sluice/runtime';
import type { Command } from 'commander';

import { formatAge } from '../format/age.ts';
import { formatBytes } from '../format/bytes.ts';
import { type Cell, formatTable } from '../format/table.ts';
import { withLog } from '../log-session.ts';
import { type PartitionInLog, usageOf } from '../log-usage.ts';
import { addGlobalOptions, type GlobalOptions, globalOptionsOf } from '../options.ts';
import { type CommandContext, withSession } from './command.ts';
import { addForgetGroupCommand, noGroupError } from './log-forget-group.ts';

const server = `
The log is on Kafka if KAFKA_BROKERS is set (with the workers' other KAFKA_… settings), else on the Redis of
SLUICE_LOG_REDIS_URL, else of --redis or REDIS_URL. Of a log on Kafka, bytes and ages are not known (-).`;

const topicExamples = `${server}

Examples:
  sluice log topics
  sluice log topics --json | jq '.[] | select(.bytes > 100000000)'`;

const groupExamples = `${server}
On Kafka, the groups of this cluster's sinks are listed, and any that is named; kafka-consumer-groups.sh
lists all.

On Redis, HELD is what the log keeps for the group: what it has not read yet. The groups that hold most come
first. One that was not heard of for 7 days (SLUICE_LOG_GROUP_RETENTION_HOURS) is expired and holds nothing back.

Examples:
  sluice log groups
  sluice log groups connect-orders
  sluice log groups --json | jq '.[] | select(.expired)'`;

export function addLogCommand(program: Command, context: CommandContext): void {
  const log = program.command('log').description('look after the record log: topics, groups');
  addTopicsCommand(log, context);
  addGroupsCommand(log, context);
  addForgetGroupCommand(log, context);
}

function addTopicsCommand(log: Command, context: CommandContext): void {
  const command = log.command('topics').description('list topics with what they hold');
  addGlobalOptions(command).addHelpText('after', topicExamples);
  command.action(async () => {
    const global = globalOptionsOf(command, context.io);
    const usage = await withLog(context.io, global, (opened) =>
      usageOf(opened, () => groupsOfSinks(context, global)),
    );
    const topics = [...Map.groupBy(usage, ({ topic }) => topic)].map(summarize);
    print(context, global.json, {
      headings: ['TOPIC', 'PARTITIONS', 'RECORDS', 'BYTES', 'GROUPS'],
      rows: topics.map(({ topic, partitions, records, bytes, groups }) => [
        topic,
        String(partitions),
        String(records),
        bytes === null ? '-' : formatBytes(bytes),
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
    const usage = await withLog(context.io, global, (opened) =>
      usageOf(opened, async () =>
        wanted === undefined ? groupsOfSinks(context, global) : [wanted],
      ),
    );
    const places = placesOf(usage)
      .filter(({ group }) => wanted === undefined || group === wanted)
      .sort((a, b) => (b.bytesHeld ?? b.lag) - (a.bytesHeld ?? a.lag));
    if (wanted !== undefined && places.length === 0) throw noGroupError(wanted, global);
    print(context, global.json, {
      headings: ['GROUP', 'PARTITION', 'COMMITTED', 'END', 'LAG', 'HELD', 'HEARD OF', 'NOTE'],
      rows: places.map((place) => [
        place.group,
        `${place.topic}/${place.partition}`,
        String(place.committed ?? '-'),
        String(place.end),
        String(place.lag),
        place.bytesHeld === null ? '-' : formatBytes(place.bytesHeld),
        place.idleMs === null ? '-' : `${formatAge(place.idleMs)} ago`,
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
  /** null: not known. */
  readonly bytes: number | null;
  readonly groups: readonly string[];
}

function summarize([topic, partitions]: [string, readonly PartitionInLog[]]): TopicSummary {
  const groups = partitions.flatMap((each) => each.groups.map(({ group }) => group));
  const bytes = partitions.flatMap((each) => each.bytes ?? []);
  return {
    topic,
    partitions: partitions.length,
    records: partitions.reduce((sum, { low, end }) => sum + end - low, 0),
    bytes: bytes.length === 0 ? null : bytes.reduce((sum, each) => sum + each, 0),
    groups: [...new Set(groups)].sort(),
  };
}

interface GroupPlaceView {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly committed: number | null;
  readonly end: number;
  readonly lag: number;
  /** null: not known. */
  readonly bytesHeld: number | null;
  readonly idleMs: number | null;
  readonly expired: boolean;
}

/** Groups of the sinks that exist. */
async function groupsOfSinks(context: CommandContext, global: GlobalOptions): Promise<string[]> {
  const { connectors } = await withSession(context, global, 'read', ({ client }) =>
    client.snapshot(),
  );
  return [...connectors.values()].flatMap(({ record }) =>
    record.type === 'sink' ? [groupOf(record.name, record.config)] : [],
  );
}

function placesOf(usage: readonly PartitionInLog[]): GroupPlaceView[] {
  return usage.flatMap(({ topic, partition, end, groups }) =>
    groups.map(({ group, committed, lag, bytesHeld, idleMs, isExpired }) => ({
      group,
      topic,
      partition,
      committed: committed ?? null,
      end,
      lag,
      bytesHeld: bytesHeld ?? null,
      idleMs: idleMs ?? null,
      expired: isExpired ?? false,
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
