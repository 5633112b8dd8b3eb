/** `sluice offsets …`: where connectors are in what they read. */
import { parseExactJson, stringifyExactJson, toError } from '@sluice/kernel';
import type { LagAnswer } from '@sluice/rest-api';
import type { Command } from 'commander';

import { type LocalApi, withApi } from '../api-session.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { formatTable } from '../format/table.ts';
import type { Io } from '../io.ts';
import { addGlobalOptions, globalOptionsOf } from '../options.ts';
import { readFileOrStdin } from '../read-file.ts';
import type { Offset } from '../transfer/transfer-file.ts';
import type { CommandContext } from './command.ts';

type Fields = Readonly<Record<string, unknown>>;

const log = `
Of a source they are what it remembers of each partition of its system, of a sink the offsets of its group. The log is
that of the workers: set KAFKA_BROKERS and its like as for them.`;

const getExamples = `${log}
Of a sink, END is the end of the partition and LAG what is left until there; what is furthest behind comes first.

Examples:
  sluice offsets get orders
  sluice offsets get orders --json > orders-offsets.json`;

const stopped = `
The connector has to be stopped: sluice stop NAME --wait. Former owners of its tasks are kept from committing, so what
this command has done holds for every later start.`;

const setExamples = `${log}${stopped}
Partitions that are not named stay as they are. A sink that goes back reads again what the log still has.

Examples:
  sluice offsets set orders -f orders-offsets.json
  sluice offsets set orders-sink --topic orders --partition 0 --offset 4711
  sluice offsets set lines --partition '{"filename": "a.txt"}' --offset '{"position": 0}'
  sluice offsets set lines --partition '{"filename": "a.txt"}' --offset null`;

const resetExamples = `${stopped}
It then begins anew. The offsets that it had are printed, as offsets set takes them.

Examples:
  sluice stop orders --wait && sluice offsets reset orders --json > before.json && sluice resume orders`;

interface SetFlags {
  readonly file?: string;
  readonly topic?: string;
  readonly partition?: string;
  readonly offset?: string;
}

export function addOffsetsCommand(program: Command, context: CommandContext): void {
  const offsets = program
    .command('offsets')
    .description('look at offsets of connectors, and change them');
  addGetCommand(offsets, context);
  addSetCommand(offsets, context);
  addResetCommand(offsets, context);
}

function addGetCommand(offsets: Command, context: CommandContext): void {
  const command = offsets
    .command('get')
    .argument('<connector>')
    .description('show where a connector is');
  addGlobalOptions(command).addHelpText('after', getExamples);
  command.action(async (connector: string) => {
    const global = globalOptionsOf(command, context.io);
    const whenEmpty = `${connector} has no offsets yet`;
    await withApi(context, global, 'read', async (api) => {
      const isSink = !global.json && (await isOfSink(api, connector));
      if (isSink) printLag(context.io, await lagOf(api, connector), whenEmpty);
      else print(context.io, global.json, await offsetsOf(api, connector), whenEmpty);
    });
  });
}

function addSetCommand(offsets: Command, context: CommandContext): void {
  const command = offsets
    .command('set')
    .argument('<connector>')
    .description('change where a stopped connector goes on')
    .option('-f, --file <file>', 'offsets as get --json prints them, or - for the standard input')
    .option('--topic <name>', 'of a sink')
    .option('--partition <partition>', 'of a sink its number, of a source JSON')
    .option('--offset <offset>', 'of a sink a number, of a source JSON; null: none');
  addGlobalOptions(command).addHelpText('after', setExamples);
  command.action(async (connector: string, flags: SetFlags) => {
    const global = globalOptionsOf(command, context.io);
    const body = await bodyOf(flags, context.io);
    const message = await withApi(context, global, 'write', (api) =>
      api.request('PATCH', pathOf(connector), body),
    );
    tell(context.io, global.json, { connector, outcome: 'altered' }, message);
  });
}

function addResetCommand(offsets: Command, context: CommandContext): void {
  const command = offsets
    .command('reset')
    .argument('<connector>')
    .description('let a stopped connector begin anew');
  addGlobalOptions(command).addHelpText('after', resetExamples);
  command.action(async (connector: string) => {
    const global = globalOptionsOf(command, context.io);
    await withApi(context, global, 'write', async (api) => {
      const before = await offsetsOf(api, connector);
      const message = await api.request('DELETE', pathOf(connector));
      if (!global.json) tell(context.io, false, {}, message);
      print(context.io, global.json, before, 'it had none');
    });
  });
}

async function isOfSink(api: LocalApi, connector: string): Promise<boolean> {
  const answer = await api.request('GET', `/connectors/${encodeURIComponent(connector)}`);
  return (answer as { readonly type?: string }).type === 'sink';
}

async function lagOf(api: LocalApi, connector: string): Promise<LagAnswer> {
  const path = `/sluice/lag?connector=${encodeURIComponent(connector)}`;
  return (await api.request('GET', path)) as LagAnswer;
}

function printLag(io: Io, { partitions }: LagAnswer, whenEmpty: string): void {
  const rows = partitions.map(({ topic, partition, committed, end, lag }) => [
    `${topic}/${partition}`,
    ...[committed, end, lag].map((each) => (each === null ? '-' : String(each))),
  ]);
  const headings = ['PARTITION', 'OFFSET', 'END', 'LAG'];
  io.out(rows.length === 0 ? whenEmpty : formatTable(headings, rows, io));
}

function pathOf(connector: string): string {
  return `/connectors/${encodeURIComponent(connector)}/offsets`;
}

async function offsetsOf(api: LocalApi, connector: string): Promise<readonly Offset[]> {
  const answer = await api.request('GET', pathOf(connector));
  return (answer as { readonly offsets: readonly Offset[] }).offsets;
}

/** What is wrong with offsets themselves is for the API to say. */
async function bodyOf(flags: SetFlags, io: Io): Promise<unknown> {
  const { file, topic, partition, offset } = flags;
  if (file !== undefined) {
    const given = [topic, partition, offset].filter((each) => each !== undefined);
    if (given.length > 0) {
      throw new CliError(exitCodes.usage, '--file has all: take no --topic, --partition, --offset');
    }
    return parse(await readFileOrStdin(file, io), file);
  }
  if (partition === undefined || offset === undefined) {
    throw new CliError(exitCodes.usage, 'take --file, or --partition and --offset');
  }
  const value = parse(offset, '--offset');
  if (topic === undefined) {
    return { offsets: [{ partition: parse(partition, '--partition'), offset: value }] };
  }
  return {
    offsets: [
      {
        partition: { kafka_topic: topic, kafka_partition: parse(partition, '--partition') },
        offset: value === null ? null : { kafka_offset: value },
      },
    ],
  };
}

function parse(text: string, source: string): unknown {
  try {
    return parseExactJson(text);
  } catch (error) {
    throw new CliError(exitCodes.invalid, `${source} is not JSON: ${toError(error).message}`);
  }
}

function tell(io: Io, json: boolean, data: object, answer: unknown): void {
  const { message = 'done' } = answer as { readonly message?: string };
  io.out(json ? JSON.stringify({ ...data, message }, undefined, 2) : message);
}

function print(io: Io, json: boolean, offsets: readonly Offset[], whenEmpty: string): void {
  if (json) {
    io.out(stringifyExactJson({ offsets }));
    return;
  }
  const rows = offsets.map(({ partition, offset }) => [
    placeText(partition),
    offset === null ? 'none' : offsetText(offset),
  ]);
  io.out(rows.length === 0 ? whenEmpty : formatTable(['PARTITION', 'OFFSET'], rows, io));
}

/** As `sluice log groups` writes partitions of topics. */
function placeText(partition: Fields): string {
  const { kafka_topic: topic, kafka_partition: number } = partition;
  return typeof topic === 'string'
    ? `${topic}/${stringifyExactJson(number)}`
    : stringifyExactJson(partition);
}

function offsetText(offset: Fields): string {
  const { kafka_offset: position } = offset;
  return stringifyExactJson(position === undefined ? offset : position);
}
