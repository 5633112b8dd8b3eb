import { restartSettingsOf } from '@sluice/connector-api';
import type {
  ClusterEvent,
  ClusterSnapshot,
  ConnectorView,
  UnitView,
  WorkerView,
} from '@sluice/coordination';
import type { Command } from 'commander';

import { CliError, exitCodes } from '../exit-codes.ts';
import { formatAge, formatShortAge } from '../format/age.ts';
import { configShower } from '../format/config.ts';
import { formatFields, formatTable } from '../format/table.ts';
import type { Io } from '../io.ts';
import { addGlobalOptions, globalOptionsOf } from '../options.ts';
import type { Session } from '../session.ts';
import {
  ageOf,
  brokenPlugins,
  connectorJson,
  countUnits,
  findTask,
  isoTime,
  noteOf,
  stateCell,
  stateText,
  unitJson,
  workerJson,
  workerStateText,
} from '../views.ts';
import { type CommandContext, withSession } from './command.ts';

const kinds = ['connector', 'task', 'worker'] as const;
type Kind = (typeof kinds)[number];

/** Looked through for those of the thing described. */
const eventsRead = 1_000;
const eventsShown = 8;

const examples = `
Values that may be secrets are hidden.

Examples:
  sluice describe orders
  sluice describe task orders/3
  sluice describe worker worker-2`;

interface Seen {
  readonly snapshot: ClusterSnapshot;
  readonly nowMs: number;
  readonly events: readonly ClusterEvent[];
  readonly session: Session;
  readonly io: Io;
}

interface Description {
  readonly text: string;
  readonly json: object;
}

export function addDescribeCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('describe')
    .argument('<name>', 'of a connector or worker; a task is called connector/number')
    .argument('[name after its kind]', 'where the first is connector, task or worker')
    .description('tell all about one connector, task or worker')
    .usage(`[${kinds.join('|')}] <name> [options]`);
  addGlobalOptions(command).addHelpText('after', examples);
  command.action(async (first: string, second: string | undefined) => {
    const kind = second === undefined ? undefined : parseKind(first);
    const name = second ?? first;
    const global = globalOptionsOf(command, context.io);
    await withSession(context, global, 'read', async (session) => {
      const [snapshot, nowMs, events] = await Promise.all([
        session.client.snapshot(),
        session.nowMs(),
        session.client.events(eventsRead),
      ]);
      const { io } = context;
      const description = await describe(kind, name, { snapshot, nowMs, events, session, io });
      io.out(global.json ? JSON.stringify(description.json, undefined, 2) : description.text);
    });
  });
}

function parseKind(text: string): Kind {
  const kind = kinds.find((each) => each === text || `${each}s` === text);
  if (kind) return kind;
  throw new CliError(exitCodes.usage, `cannot describe a "${text}": take ${kinds.join(', ')}`);
}

async function describe(kind: Kind | undefined, name: string, seen: Seen): Promise<Description> {
  const { snapshot } = seen;
  const connector = snapshot.connectors.get(name);
  if (connector && (kind ?? 'connector') === 'connector') return describeConnector(connector, seen);
  const task = findTask(snapshot, name);
  if (task && (kind ?? 'task') === 'task') return describeTask(task, seen);
  const worker = snapshot.workers.find((view) => view.member.worker === name);
  if (worker && (kind ?? 'worker') === 'worker') return describeWorker(worker, seen);
  throw new CliError(exitCodes.notFound, notFoundText(kind, name, snapshot));
}

function notFoundText(kind: Kind | undefined, name: string, snapshot: ClusterSnapshot): string {
  const names = {
    connector: [...snapshot.connectors.keys()],
    task: [...snapshot.connectors.values()].flatMap((view) =>
      view.tasks.map((task) => `${task.connector}/${task.task ?? ''}`),
    ),
    worker: snapshot.workers.map((view) => view.member.worker),
  };
  const known = kind === undefined ? [...names.connector, ...names.worker] : names[kind];
  const shownMax = 10;
  const more = known.length > shownMax ? `, and ${known.length - shownMax} more` : '';
  const list = known.length === 0 ? 'none' : known.slice(0, shownMax).join(', ') + more;
  return `there is no ${kind ?? 'connector, task or worker'} ${name}; there are: ${list}`;
}

async function describeConnector(view: ConnectorView, seen: Seen): Promise<Description> {
  const { record, connector, tasks } = view;
  const { nowMs, io } = seen;
  const config = await shownSorted(record.config, seen);
  const events = eventsOf(seen, (event) => event.facts['connector'] === record.name);
  const fields = formatFields([
    ['Connector', record.name],
    ['Type', record.type],
    ['Class', record.config['connector.class'] ?? ''],
    [
      'State',
      `${connector.state} since ${ageOf(connector.sinceMs, nowMs)}, is to be ${record.targetState}`,
    ],
    ['Worker', connector.worker ?? '-'],
    ['Starts', startsText(connector, record.config)],
    ['Note', noteOf(connector, nowMs) || '-'],
    ['Version', `${record.version}; its tasks were made from version ${record.taskVersion}`],
    ['Created', `${formatAge(nowMs - record.createdAtMs)} ago (uid ${record.uid})`],
  ]);
  const rows = tasks.map((task) => [
    String(task.task ?? ''),
    stateCell(task),
    task.worker ?? '-',
    ageOf(task.sinceMs, nowMs),
    String(task.attempts),
    noteOf(task, nowMs),
  ]);
  return {
    text: sections([
      fields,
      `Configuration:\n${indent(formatFields(Object.entries(config)))}`,
      rows.length === 0
        ? 'Tasks: none'
        : `Tasks:\n${indent(formatTable(['TASK', 'STATE', 'WORKER', 'SINCE', 'STARTS', 'NOTE'], rows, io))}`,
      ...[connector, ...tasks].map(traceSection),
      eventsSection(events, seen),
    ]),
    json: { ...connectorJson(view), config, events: events.map(eventJson) },
  };
}

async function describeTask(task: UnitView, seen: Seen): Promise<Description> {
  const { nowMs, session, snapshot } = seen;
  const configs = await session.client.taskConfigs(task.connector);
  const record = snapshot.connectors.get(task.connector)?.record;
  const config = await shownSorted(configs[task.task ?? 0] ?? {}, seen, record?.config);
  const events = eventsOf(seen, (event) => event.facts['unit'] === task.unit);
  const fields = formatFields([
    ['Task', `${task.connector}/${task.task ?? ''}`],
    ['State', `${stateText(task)} since ${ageOf(task.sinceMs, nowMs)}`],
    ['Worker', `${task.worker ?? '-'}${task.workerId === '' ? '' : ` (${task.workerId})`}`],
    ['Executor', task.executor ?? '-'],
    ['Fence', String(task.fence)],
    ['Starts', startsText(task, record?.config)],
    ['Note', noteOf(task, nowMs) || '-'],
  ]);
  return {
    text: sections([
      fields,
      `Configuration:\n${indent(formatFields(Object.entries(config)))}`,
      traceSection(task),
      eventsSection(events, seen),
    ]),
    json: { ...unitJson(task), config, events: events.map(eventJson) },
  };
}

/** By its restart policy, before it is FAILED. */
function startsText({ attempts }: UnitView, config: Readonly<Record<string, string>> = {}): string {
  const { attemptsMax } = restartSettingsOf(config);
  const most = Number.isFinite(attemptsMax)
    ? `of at most ${attemptsMax + 1}`
    : 'and as many more as it takes';
  return `${attempts} since it last ran well, ${most}`;
}

function describeWorker(view: WorkerView, seen: Seen): Description {
  const { member } = view;
  const { tasks, connectors } = countUnits(view);
  const events = eventsOf(seen, (event) => event.facts['worker'] === member.worker);
  const broken = brokenPlugins(view);
  const fields = formatFields([
    ['Worker', member.worker],
    ['State', `${workerStateText(view)}, last beat ${formatShortAge(view.beatAgeMs)} ago`],
    ['Process', `${member.pid} on ${member.host}, ${member.address}`],
    ['Incarnation', member.incarnation],
    ['Slot', String(member.slot)],
    ['Holds', `${plural(tasks, 'task')}, ${plural(connectors, 'connector')}`],
  ]);
  const plugins = member.plugins.filter((plugin) => plugin.error === undefined);
  return {
    text: sections([
      fields,
      view.units.length === 0 ? '' : `Units:\n${indent(view.units.join('\n'))}`,
      `Plugins:\n${indent(plugins.map((plugin) => `${plugin.class} ${plugin.version}`).join('\n') || 'none')}`,
      broken.length === 0
        ? ''
        : `Plugins that failed to load:\n${indent(broken.map((plugin) => `${plugin.class}: ${plugin.error ?? ''}`).join('\n'))}`,
      eventsSection(events, seen),
    ]),
    json: {
      ...workerJson(view),
      plugins: plugins.map((plugin) => ({ class: plugin.class, version: plugin.version })),
      events: events.map(eventJson),
    },
  };
}

/** `of`: the connector's, where `config` is that of a task. */
async function shownSorted(
  config: Readonly<Record<string, string>>,
  { snapshot }: Seen,
  of = config,
): Promise<Record<string, string>> {
  const show = await configShower(snapshot.plugins);
  const entries = Object.entries(show(config, of));
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Oldest first. */
function eventsOf({ events }: Seen, isWanted: (event: ClusterEvent) => boolean): ClusterEvent[] {
  return events.filter(isWanted).slice(0, eventsShown).toReversed();
}

function eventsSection(events: readonly ClusterEvent[], { nowMs, io }: Seen): string {
  if (events.length === 0) return '';
  const rows = events.map((event) => [formatAge(nowMs - event.atMs), event.type, event.message]);
  return `Events:\n${indent(formatTable(['AGE', 'TYPE', 'WHAT'], rows, io))}`;
}

function eventJson({ id, atMs, type, message }: ClusterEvent): object {
  return { id, at: isoTime(atMs), type, message };
}

function traceSection(unit: UnitView): string {
  return unit.trace === undefined ? '' : `Trace of ${unit.unit}:\n${indent(unit.trace.trimEnd())}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function sections(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n');
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
