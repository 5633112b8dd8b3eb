/** `sluice records`: what is in the topics of a connector, as its converters read it. */
import type { RecordsAnswer } from '@sluice/rest-api';
import type { Command } from 'commander';

import { type LocalApi, withApi } from '../api-session.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { type Cell, formatTable } from '../format/table.ts';
import { addGlobalOptions, globalOptionsOf, parseDuration, parseWholeNumber } from '../options.ts';
import { isoTime } from '../views.ts';
import type { CommandContext } from './command.ts';

const examples = `
Topics are those that the definition names and those that its tasks have used. They are read as the connector's converters
say, without a group: nobody who reads them notices. At most about a megabyte is shown. The newest come last. The log is
that of the workers: set KAFKA_BROKERS and its like, and SLUICE_VALUE_CONVERTER and its like, as for them.

Examples:
  sluice records orders
  sluice records orders-sink --topic orders --limit 100
  sluice records orders-sink --topic orders --partition 3 --offset 4711
  sluice records orders --since 10m --json | jq -r '.[].value.json'`;

interface Flags {
  readonly topic?: string;
  readonly limit: string;
  readonly partition?: string;
  readonly offset?: string;
  readonly since?: string;
}

type ShownRecord = RecordsAnswer['records'][number];

export function addRecordsCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('records')
    .argument('<connector>')
    .description('show records of a topic of a connector')
    .option('--topic <name>', 'needed where it has several')
    .option('--limit <number>', 'how many at most', '20')
    .option('--partition <number>', 'only this one')
    .option('--offset <number>', 'from this offset of --partition on; default: the newest')
    .option('--since <time>', 'what is not older than: 30m, 24h');
  addGlobalOptions(command).addHelpText('after', examples);
  command.action(async (connector: string, flags: Flags) => {
    const { io } = context;
    const global = globalOptionsOf(command, io);
    const query = queryOf(flags);
    const answer = await withApi(context, global, 'read', async (api, session) => {
      if (flags.since !== undefined) {
        const sinceMs = (await session.nowMs()) - parseDuration(flags.since, '--since');
        query.set('since', String(Math.max(0, Math.round(sinceMs))));
      }
      query.set('connector', connector);
      query.set('topic', flags.topic ?? (await onlyTopicOf(api, connector)));
      return (await api.request('GET', `/sluice/records?${query.toString()}`)) as RecordsAnswer;
    });
    const isOldestFirst = flags.offset !== undefined || flags.since !== undefined;
    const records = isOldestFirst ? answer.records : answer.records.toReversed();
    if (global.json) return io.out(JSON.stringify(records, undefined, 2));
    for (const [part, why] of Object.entries(answer.problems))
      io.err(`there is no converter for a ${part} here, it is shown as it is stored: ${why}`);
    if (records.length === 0) return io.out(`there are no such records in ${answer.topic}`);
    io.out(formatTable(['RECORD', 'TIME', 'KEY', 'HEADERS', 'VALUE'], records.map(rowOf), io));
  });
}

function queryOf({ limit, partition, offset, since }: Flags): URLSearchParams {
  const query = new URLSearchParams({ limit: String(parseWholeNumber(limit, '--limit')) });
  if (offset !== undefined && since !== undefined)
    throw new CliError(exitCodes.usage, 'take one of --offset and --since');
  if (partition !== undefined)
    query.set('partition', String(parseWholeNumber(partition, '--partition')));
  if (offset === undefined) return query;
  if (partition === undefined)
    throw new CliError(exitCodes.usage, 'an --offset is one of a --partition: name it');
  if (!/^\d{1,15}$/.test(offset))
    throw new CliError(exitCodes.usage, `--offset ${offset} is not a whole number`);
  query.set('from', `${partition}:${offset}`);
  return query;
}

async function onlyTopicOf(api: LocalApi, connector: string): Promise<string> {
  const path = `/connectors/${encodeURIComponent(connector)}`;
  const { config } = (await api.request('GET', path)) as { config: Record<string, string> };
  const used = (await api.request('GET', `${path}/topics`)) as Record<string, { topics: string[] }>;
  const defined = (config['topics'] ?? '').split(',').flatMap((topic) => topic.trim() || []);
  const topics = [...new Set([...defined, ...(used[connector]?.topics ?? [])])].sort();
  const [only] = topics;
  if (only !== undefined && topics.length === 1) return only;
  throw only === undefined
    ? new CliError(exitCodes.notFound, `${connector} has no topics yet`)
    : new CliError(exitCodes.usage, `name one with --topic: ${topics.join(', ')}`);
}

function rowOf({
  partition,
  offset,
  timestamp_ms: atMs,
  key,
  headers,
  value,
}: ShownRecord): Cell[] {
  return [
    `${partition}:${offset}`,
    isoTime(atMs) ?? '-',
    shown(key),
    headers.length === 0 ? '-' : headers.map((each) => textOf(each)).join(' '),
    shown(value),
  ];
}

function textOf({ name, value }: ShownRecord['headers'][number]): string {
  const text = shown(value);
  return `${name}=${typeof text === 'string' ? text : text.text}`;
}

function shown(part: ShownRecord['value']): Cell {
  if (part === null) return 'null';
  const text = part.json ?? part.text ?? `0x${part.hex ?? ''}`;
  return part.error === undefined ? text : { text: `${text} (${part.error})`, tone: 'warn' };
}
