import type { ClusterEvent, ClusterSnapshot } from '@sluice/coordination';
import { Argument, type Command } from 'commander';

import { CliError, exitCodes } from '../exit-codes.ts';
import { formatAge, formatShortAge } from '../format/age.ts';
import { type Cell, formatTable } from '../format/table.ts';
import { fitsPattern, isPattern, nameOf } from '../names.ts';
import { addGlobalOptions, globalOptionsOf, parseWholeNumber } from '../options.ts';
import {
  ageOf,
  badnessOf,
  badnessOfConnector,
  badnessOfWorker,
  brokenPlugins,
  connectorJson,
  countUnits,
  isoTime,
  noteOf,
  noteOfConnector,
  stateCell,
  tasksThere,
  unitJson,
  workerJson,
  workerStateCell,
} from '../views.ts';
import { type CommandContext, withSession } from './command.ts';

/** Table and JSON of one kind of thing. */
interface Listing {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  readonly json: readonly object[];
  /** Said instead of an empty table. */
  readonly whenEmpty: string;
}

const kinds = ['connectors', 'tasks', 'workers', 'events', 'plugins'] as const;
type Kind = (typeof kinds)[number];

const eventsDefault = '30';
const eventsMax = 10_000;

const examples = `
What is abnormal comes first; events come oldest first, as in a log.

Examples:
  sluice get connectors
  sluice get connectors 'orders-*'
  sluice get tasks orders
  sluice get workers --json | jq '.[] | select(.state != "up")'
  sluice get events --limit 100`;

export function addGetCommand(program: Command, context: CommandContext): void {
  const kindArgument = new Argument('<kind>');
  // For the help and for completion; its singular is taken, too.
  kindArgument.argChoices = [...kinds];
  const command = program
    .command('get')
    .addArgument(kindArgument)
    .argument(
      '[connector]',
      'with connectors, tasks and events: only of this one, or of those that a pattern fits',
    )
    .description('list connectors, tasks, workers, events or plugins')
    .option('--limit <number>', 'how many events', eventsDefault);
  addGlobalOptions(command).addHelpText('after', examples);
  command.action(
    async (kindName: string, connector: string | undefined, flags: { limit: string }) => {
      const kind = parseKind(kindName);
      if (connector !== undefined && (kind === 'workers' || kind === 'plugins')) {
        throw new CliError(
          exitCodes.usage,
          `get ${kind} takes no name; for one of them: sluice describe ${connector}`,
        );
      }
      const limit = Math.min(eventsMax, parseWholeNumber(flags.limit, '--limit'));
      const global = globalOptionsOf(command, context.io);
      const { io } = context;
      await withSession(context, global, 'read', async (session) => {
        const [snapshot, nowMs, events] = await Promise.all([
          session.client.snapshot(),
          session.nowMs(),
          kind === 'events' ? session.client.events(limit) : [],
        ]);
        const isOne = connector !== undefined && !isPattern(connector) && kind !== 'events';
        if (isOne && !snapshot.connectors.has(nameOf(connector))) {
          throw new CliError(exitCodes.notFound, `there is no connector ${nameOf(connector)}`);
        }
        const listing = list(kind, { snapshot, nowMs, events, connector });
        if (global.json) {
          io.out(JSON.stringify(listing.json, undefined, 2));
          return;
        }
        io.out(
          listing.rows.length === 0
            ? listing.whenEmpty
            : formatTable(listing.headings, listing.rows, io),
        );
        if (!snapshot.leader && kind !== 'events') io.err(noLeaderHint);
      });
    },
  );
}

const noLeaderHint =
  '\nno coordinator is up: what runs goes on, but nothing is reassigned or applied';

function parseKind(name: string): Kind {
  const kind = kinds.find((each) => each === name || each === `${name}s`);
  if (kind) return kind;
  throw new CliError(exitCodes.usage, `cannot get "${name}": take one of ${kinds.join(', ')}`);
}

interface Seen {
  readonly snapshot: ClusterSnapshot;
  readonly nowMs: number;
  /** Newest first. */
  readonly events: readonly ClusterEvent[];
  readonly connector: string | undefined;
}

function list(kind: Kind, seen: Seen): Listing {
  switch (kind) {
    case 'connectors':
      return listConnectors(seen);
    case 'tasks':
      return listTasks(seen);
    case 'workers':
      return listWorkers(seen);
    case 'events':
      return listEvents(seen);
    case 'plugins':
      return listPlugins(seen);
  }
}

/** Without a name: everything. */
function isWanted(name: unknown, { connector }: Seen): boolean {
  return connector === undefined || (typeof name === 'string' && fitsPattern(name, connector));
}

function listConnectors(seen: Seen): Listing {
  const { snapshot, nowMs, connector } = seen;
  const wanted = [...snapshot.connectors.values()].filter((view) =>
    isWanted(view.record.name, seen),
  );
  const views = wanted.sort((a, b) => badnessOfConnector(b) - badnessOfConnector(a));
  return {
    headings: ['NAME', 'TYPE', 'STATE', 'TASKS', 'AGE', 'NOTE'],
    rows: views.map((view) => [
      view.record.name,
      view.record.type,
      stateCell(view.connector),
      `${tasksThere(view)}/${view.tasks.length}`,
      formatAge(nowMs - view.record.createdAtMs),
      noteOfConnector(view, nowMs),
    ]),
    json: views.map(connectorJson),
    whenEmpty:
      connector === undefined
        ? 'there are no connectors yet; create one: sluice apply -f FILE'
        : `no connector fits ${connector}`,
  };
}

function listTasks(seen: Seen): Listing {
  const { snapshot, nowMs, connector } = seen;
  const tasks = [...snapshot.connectors.values()]
    .filter((view) => isWanted(view.record.name, seen))
    .flatMap((view) => view.tasks)
    .sort((a, b) => badnessOf(b) - badnessOf(a));
  return {
    headings: ['TASK', 'STATE', 'WORKER', 'SINCE', 'STARTS', 'NOTE'],
    rows: tasks.map((task) => [
      `${task.connector}/${task.task ?? ''}`,
      stateCell(task),
      task.worker ?? '-',
      ageOf(task.sinceMs, nowMs),
      String(task.attempts),
      noteOf(task, nowMs),
    ]),
    json: tasks.map(unitJson),
    whenEmpty: connector === undefined ? 'there are no tasks' : `${connector} has no tasks`,
  };
}

function listWorkers({ snapshot }: Seen): Listing {
  const views = [...snapshot.workers].sort((a, b) => badnessOfWorker(b) - badnessOfWorker(a));
  return {
    headings: ['WORKER', 'STATE', 'SLOT', 'TASKS', 'CONNECTORS', 'BEAT', 'HOST', 'PID', 'NOTE'],
    rows: views.map((view) => {
      const { tasks, connectors } = countUnits(view);
      const broken = brokenPlugins(view).map((plugin) => plugin.class);
      return [
        view.member.worker,
        workerStateCell(view),
        String(view.member.slot),
        String(tasks),
        String(connectors),
        formatShortAge(view.beatAgeMs),
        view.member.host,
        String(view.member.pid),
        broken.length === 0 ? '' : `plugins that failed to load: ${broken.join(', ')}`,
      ];
    }),
    json: views.map(workerJson),
    whenEmpty: 'there are no workers; start one, with the same Redis and cluster',
  };
}

function listEvents(seen: Seen): Listing {
  const { events, nowMs } = seen;
  const shown = events.filter((event) => isWanted(event.facts['connector'], seen)).toReversed();
  return {
    headings: ['AGE', 'TYPE', 'WHAT'],
    rows: shown.map((event) => [formatAge(nowMs - event.atMs), event.type, event.message]),
    json: shown.map(({ id, atMs, type, message, facts }) => ({
      id,
      at: isoTime(atMs),
      type,
      message,
      facts,
    })),
    whenEmpty: 'there are no events',
  };
}

function listPlugins({ snapshot }: Seen): Listing {
  const known = snapshot.plugins.map((plugin): [Cell, ...Cell[]] => [
    plugin.class,
    plugin.type,
    plugin.version,
    plugin.aliases.join(', '),
  ]);
  const broken = snapshot.workers.flatMap((view) =>
    brokenPlugins(view).map((plugin): [Cell, ...Cell[]] => [
      { text: plugin.class, tone: 'bad' },
      plugin.type,
      plugin.version,
      `failed to load on ${view.member.worker}: ${plugin.error ?? ''}`,
    ]),
  );
  return {
    headings: ['CLASS', 'TYPE', 'VERSION', 'ALSO CALLED'],
    rows: [...broken, ...known],
    json: snapshot.plugins.map(({ class: name, type, version, aliases }) => ({
      class: name,
      type,
      version,
      aliases,
    })),
    whenEmpty: 'no plugins are known: no worker is up',
  };
}
