import type { AssignmentPolicy } from '@sluice/assignment';
import {
  type Change,
  type ChangePlan,
  type ClusterSnapshot,
  type PlannedUnit,
  type PluginInfo,
  penaltiesOf,
  planChanges,
  settlingDefaults,
} from '@sluice/coordination';
import type { Command } from 'commander';

import { compare, surplus } from '../changes/compare.ts';
import { loadDefinitions } from '../definitions/load-definitions.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { formatTable } from '../format/table.ts';
import type { Io } from '../io.ts';
import {
  addPluginOptions,
  localPlugins,
  type PluginFlags,
  placesOfFlags,
} from '../local-plugins.ts';
import { addGlobalOptions, globalOptionsOf, parseWholeNumber } from '../options.ts';
import { type CommandContext, printOutcome, withSession } from './command.ts';

const examples = `
Tells what apply would create, change and delete, which connectors and tasks would start, restart, end or move, and
to which worker, by the planner that the leader uses. Changes nothing.
With --plugin and --plugin-path it is as if all workers had those plugins, too.
How many tasks a new connector has it says itself: the most that it may have (tasks.max) are counted.
SLUICE_ASSIGNMENT_MOVEMENT and SLUICE_FLAPPING_HALF_LIFE_SECONDS have to be the coordinators'.

Examples:
  sluice plan -f orders.yaml
  sluice plan -f connectors/ --prune 'orders-*'
  sluice plan -f orders.yaml --json | jq '.units[] | select(.why == "restart")'`;

/** All that are kept. */
const eventsMax = 10_000;

interface PlanFlags extends PluginFlags {
  readonly file: readonly string[];
  readonly prune?: string | true;
  readonly exitCode?: boolean;
}

export function addPlanCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('plan')
    .description('tell what applying files would change, restart and move, and do nothing')
    .requiredOption('-f, --file <file...>', 'files, folders, or - for the standard input')
    .option('--prune [pattern]', 'as for apply: what is not in the files would be deleted')
    .option('--exit-code', `end with ${exitCodes.differs} if there is anything to change`);
  addPluginOptions(command);
  addGlobalOptions(command).addHelpText('after', examples);
  command.action(async (flags: PlanFlags) => {
    const { file, prune, exitCode } = flags;
    const global = globalOptionsOf(command, context.io);
    const movement = movementOf(context.io);
    const sourced = await loadDefinitions(file, context.io);
    const definitions = sourced.map((each) => each.definition);
    const halfLifeMs = halfLifeOf(context.io);
    const { snapshot, penalties } = await withSession(context, global, 'read', async (session) => {
      const [events, nowMs] = [await session.client.events(eventsMax), await session.nowMs()];
      return {
        snapshot: await session.client.snapshot(),
        penalties: penaltiesOf(events, { nowMs, halfLifeMs }),
      };
    });
    const changes = [
      ...definitions.map((definition) => compare(definition, snapshot)),
      ...(prune === undefined ? [] : surplus(definitions, snapshot, prune === true ? '*' : prune)),
    ];
    // Loaded here, since most commands need none of it.
    const { configParts } = await import('@sluice/config-parts');
    const { plugins } = await localPlugins(placesOfFlags(flags));
    const plan = planChanges(withPlugins(snapshot, plugins), changes, {
      movement,
      builtIn: configParts.builtIn,
      penalties,
    });
    printOutcome(context, global, {
      text: planText(changes, plan, context.io),
      data: {
        connectors: changes.map(({ name, outcome, changed }) => ({
          name,
          outcome,
          ...(outcome === 'updated' && { changedKeys: changed }),
        })),
        units: plan.units.map(({ unit, from, to, why }) => ({
          unit,
          why,
          from: from ?? null,
          to: to ?? null,
        })),
        problems: plan.problems,
      },
    });
    const hasChanges = changes.some(({ outcome }) => outcome !== 'unchanged');
    if (exitCode && hasChanges) throw new CliError(exitCodes.differs, '');
  });
}

/** As if all workers had them. */
function withPlugins(snapshot: ClusterSnapshot, plugins: readonly PluginInfo[]): ClusterSnapshot {
  if (plugins.length === 0) return snapshot;
  return {
    ...snapshot,
    workers: snapshot.workers.map((view) => ({
      ...view,
      member: { ...view.member, plugins: [...view.member.plugins, ...plugins] },
    })),
  };
}

function halfLifeOf({ env }: Io): number {
  const name = 'SLUICE_FLAPPING_HALF_LIFE_SECONDS';
  const text = env[name]?.trim();
  if (!text) return settlingDefaults.penaltyHalfLifeMs;
  const seconds = parseWholeNumber(text, name);
  if (seconds > 0) return seconds * 1_000;
  throw new CliError(exitCodes.usage, `${name}=${text} must be at least 1`);
}

function movementOf({ env }: Io): AssignmentPolicy['movement'] {
  const text = env['SLUICE_ASSIGNMENT_MOVEMENT']?.trim() || 'minimal';
  if (text === 'minimal' || text === 'literal') return text;
  throw new CliError(
    exitCodes.usage,
    `SLUICE_ASSIGNMENT_MOVEMENT=${text} is not one of minimal, literal`,
  );
}

const verbs: Readonly<Record<PlannedUnit['why'], string>> = {
  new: 'starts',
  restart: 'restarts',
  end: 'ends',
  move: 'moves',
  'no worker': 'waits: no worker can run it',
};

function planText(changes: readonly Change[], { units }: ChangePlan, io: Io): string {
  const lines = changes.map(({ name, outcome, changed }) => {
    const keys = outcome === 'updated' ? `: ${changed.join(', ')}` : '';
    const words = outcome === 'unchanged' ? 'would stay unchanged' : `would be ${outcome}`;
    return `connector ${name} ${words}${keys}`;
  });
  if (units.length === 0) return [...lines, '', 'nothing would start, end or move'].join('\n');
  const rows = units.map(({ unit, from, to, why }) => [unit, verbs[why], from ?? '-', to ?? '-']);
  return [...lines, '', formatTable(['UNIT', 'WHAT', 'FROM', 'TO'], rows, io)].join('\n');
}
