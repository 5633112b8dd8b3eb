import { builtInConnectors } from '@sluice/built-in';
import {
  type FromPreview,
  type PreviewedRecord,
  type PreviewTask,
  previewInProcess,
  type ShownStep,
} from '@sluice/preview';
import type { Command } from 'commander';

import { loadDefinitions } from '../definitions/load-definitions.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import {
  addPluginOptions,
  localPlugins,
  type PluginFlags,
  pluginPlaces,
} from '../local-plugins.ts';
import { withLog } from '../log-session.ts';
import { globalOptionsOf, optionsOf, parseDuration, parseWholeNumber } from '../options.ts';
import { workerSettings } from '../worker-settings.ts';
import type { CommandContext } from './command.ts';

const examples = `
The source runs in a process of its own, from nothing: nothing is written, no offset is stored, and its system is told
of no record. With --from-offsets it begins where the connector of that name got to, which is read from the log.
Converters that the definition does not name are those of SLUICE_VALUE_CONVERTER and its like, set as for the workers,
else Kafka Connect's defaults. Schemas are looked up in a Schema Registry, and never registered.

Examples:
  sluice preview -f orders.yaml --records 3
  sluice preview -f orders.yaml --plugin ./src/index.ts --json
  sluice preview -f orders.yaml --from-offsets`;

const recordsLimit = 1_000;
const timeoutLimitMs = 600_000;

interface PreviewFlags extends PluginFlags {
  readonly file: string;
  readonly records: string;
  readonly timeout: string;
  readonly fromOffsets?: boolean;
}

export function addPreviewCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('preview')
    .description('show what a source would write, before and after each transform and converter')
    .requiredOption('-f, --file <file>', 'its definition, as for apply')
    .option('--records <n>', `end after so many records, at most ${String(recordsLimit)}`, '10')
    .option('--timeout <time>', 'end after this time', '10s')
    .option('--from-offsets', 'begin at the stored offsets; default: from nothing')
    .option('--json', 'print JSON, one record a line');
  addPluginOptions(command).addHelpText('after', examples);
  command.action(async (flags: PreviewFlags) => {
    const json = optionsOf(command)['json'] === true;
    const { io } = context;
    const task = await taskOf(flags, command, context);
    const stop = new AbortController();
    const onSignal = (): void => stop.abort();
    process.once('SIGINT', onSignal);
    process.once('SIGTERM', onSignal);
    let seen = 0;
    const show = (message: FromPreview): void => {
      if (message.kind === 'record') {
        seen += 1;
        io.out(json ? JSON.stringify(message.record) : recordText(message.record, seen));
      } else if (message.kind === 'started')
        io.err(startedText(message, flags.fromOffsets === true, task.offsets.length));
    };
    try {
      const end = await previewInProcess(task, { onMessage: show, signal: stop.signal });
      if (end.kind === 'failed') {
        const isWrong = end.stage === 'config';
        throw new CliError(isWrong ? exitCodes.invalid : exitCodes.failed, end.message);
      }
      if (end.by === 'timeout') io.err(`${String(seen)} records came within ${flags.timeout}`);
    } finally {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    }
  });
}

async function taskOf(
  flags: PreviewFlags,
  command: Command,
  { io }: CommandContext,
): Promise<PreviewTask> {
  const recordsMax = parseWholeNumber(flags.records, '--records');
  if (recordsMax < 1 || recordsMax > recordsLimit)
    throw new CliError(exitCodes.usage, `--records must be from 1 to ${String(recordsLimit)}`);
  const timeoutMs = parseDuration(flags.timeout, '--timeout');
  if (timeoutMs > timeoutLimitMs)
    throw new CliError(exitCodes.usage, '--timeout must be at most 10m');
  const [first, ...others] = await loadDefinitions([flags.file], io);
  if (!first || others.length > 0)
    throw new CliError(exitCodes.invalid, `${flags.file} must have exactly one definition`);
  const { config, name } = first.definition;
  const { failures, index } = await localPlugins(pluginPlaces(flags, io.env), builtInConnectors());
  return {
    index,
    failures: failures.map(({ error }) => error),
    modulesFrom: '--plugin, or directories with --plugin-path',
    config: { ...config, name },
    ...workerSettings(io.env, globalOptionsOf(command, io)),
    recordsMax,
    timeoutMs,
    offsets: flags.fromOffsets
      ? await withLog(io, globalOptionsOf(command, io), ({ log }) => log.listSourceOffsets(name))
      : [],
  };
}

function startedText(
  { class: name, tasks }: Extract<FromPreview, { kind: 'started' }>,
  isFromOffsets: boolean,
  offsets: number,
): string {
  const from = isFromOffsets
    ? `from the stored offsets of ${String(offsets)} source partitions`
    : 'from nothing: stored offsets are not read';
  return `${name} with ${String(tasks)} ${tasks === 1 ? 'task' : 'tasks'}, ${from}; nothing is written`;
}

export function recordText({ before, offset, steps, task }: PreviewedRecord, n: number): string {
  const place = offset === undefined ? '' : `, offset ${offset}`;
  const state = ({ headers, key, topic, value }: PreviewedRecord['before']): string =>
    `${topic}  ${key}  ${value}${headers === '[]' ? '' : `  headers ${headers}`}`;
  const lines = [
    ['polled', state(before)],
    ...steps.flatMap((step): [string, string][] => [
      ...schemaLines(step),
      [stepName(step), resultText(step, state)],
    ]),
  ];
  const width = Math.max(...lines.map(([name = '']) => name.length));
  return [
    `record ${String(n)}  task ${String(task)}${place}`,
    ...lines.map(([name = '', text = '']) => `  ${name.padEnd(width)}  ${text}`),
  ].join('\n');
}

function schemaLines({ name, registers = [] }: ShownStep): [string, string][] {
  return registers.map(({ schema, subject, type }) => [
    `${name} schema`,
    `not registered yet (id 0), for ${subject}: ${type} ${schema}`,
  ]);
}

function stepName({ kind, name }: ShownStep): string {
  return kind === 'transform' ? name : `${name} bytes`;
}

function resultText(
  { after, bytes, error, result }: ShownStep,
  state: (shown: PreviewedRecord['before']) => string,
): string {
  if (result === 'failed') return `FAILED: ${String(error)}`;
  if (after) return state(after);
  if (bytes === null) return 'null';
  if (bytes) return `${bytes.text ?? `0x${String(bytes.hex)}`}  (${String(bytes.length)} bytes)`;
  return result;
}
