/**
 * What applying definitions would set in motion: which tasks start, restart or end, and which worker each of them
 * gets, by the planner and the placement of plugins that the leader uses. Pure.
 *
 * How many tasks a connector has it says itself, once it runs: of one that is new, or has another `tasks.max`, the
 * most that it may have are counted.
 */
import {
  type AssignmentPolicy,
  type PlannerTask,
  type PlannerWorker,
  planAssignment,
} from '@sluice/assignment';
import {
  type ConnectorRecord,
  connectorUnit,
  type PluginInfo,
  type TargetState,
  taskUnit,
  type UnitId,
  type UnitRecord,
} from './model.ts';
import { plannerStateOf } from './planner-state.ts';
import { catalogOf } from './plugin-catalog.ts';
import { PluginPlacement } from './plugin-placement.ts';
import type { AppliedConnector } from './requests.ts';
import type { ClusterSnapshot } from './snapshot.ts';

/** What becomes of one definition. */
export interface Change {
  readonly name: string;
  readonly outcome: AppliedConnector['outcome'];
  /** Keys of its configuration. */
  readonly changed: readonly string[];
  readonly before: ConnectorRecord | undefined;
  /** As it would be stored: with its name in it. Undefined: it would be deleted. */
  readonly after: Readonly<Record<string, string>> | undefined;
  /** Of one that would be created. */
  readonly initialState?: TargetState;
}

export interface PlannedUnit {
  readonly unit: UnitId;
  /** Its worker now; undefined: none. */
  readonly from: string | undefined;
  /** Its worker then; undefined: none, it ends or nobody can run it. */
  readonly to: string | undefined;
  readonly why: 'new' | 'restart' | 'end' | 'move' | 'no worker';
}

export interface ChangePlan {
  readonly units: readonly PlannedUnit[];
  /** Of what no worker can run. */
  readonly problems: readonly string[];
}

export interface PlanOptions {
  readonly movement: AssignmentPolicy['movement'];
  /** Converters, transforms and predicates that come with every worker. */
  readonly builtIn: readonly PluginInfo[];
  /** Of workers that died often: they get work last. */
  readonly penalties?: ReadonlyMap<string, number>;
}

interface WantedUnit {
  readonly task: PlannerTask;
  readonly isNew: boolean;
  /** It is stopped and started anew. */
  readonly restarts: boolean;
}

export function planChanges(
  snapshot: ClusterSnapshot,
  changes: readonly Change[],
  { movement, builtIn, penalties }: PlanOptions,
): ChangePlan {
  const alive = snapshot.workers.filter(({ state }) => state === 'up' || state === 'draining');
  const placement = new PluginPlacement(
    catalogOf(
      alive.map(({ member }) => member),
      builtIn,
    ),
  );
  const wanted = wantedUnits(snapshot, changes, placement);
  const workers = alive.map(({ member }): PlannerWorker => {
    const penalty = penalties?.get(member.worker);
    return {
      worker: member.worker,
      slot: member.slot,
      state: plannerStateOf(member),
      plugins: placement.metBy(member),
      ...(penalty !== undefined && { penalty }),
    };
  });
  const policy = {
    strategy: 'modulo',
    movement,
    balanceMovesMax: Number.POSITIVE_INFINITY,
  } as const;
  const plans = ['connector/', 'task/'].map((kind) =>
    planAssignment(
      wanted.map(({ task }) => task).filter(({ id }) => id.startsWith(kind)),
      workers,
      policy,
    ),
  );
  const assigned = new Map(plans.flatMap(({ assignment }) => [...assignment]));
  const units = wanted.flatMap((each): PlannedUnit[] => {
    const from = snapshot.units.get(each.task.id)?.worker;
    const to = assigned.get(each.task.id);
    const why = reasonOf(each, from, to);
    return why === undefined ? [] : [{ unit: each.task.id, from, to, why }];
  });
  const stays = new Set(wanted.map(({ task }) => task.id));
  const ends = currentUnits(snapshot)
    .filter(({ unit }) => !stays.has(unit))
    .map(({ unit, worker }): PlannedUnit => ({ unit, from: worker, to: undefined, why: 'end' }));
  return {
    units: [...units, ...ends],
    problems: plans.flatMap(({ unplaceable }) =>
      unplaceable.map(({ id, reason }) => `${id}: ${reason}`),
    ),
  };
}

function reasonOf(
  { isNew, restarts }: WantedUnit,
  from: string | undefined,
  to: string | undefined,
): PlannedUnit['why'] | undefined {
  if (to === undefined) return 'no worker';
  if (isNew) return 'new';
  if (restarts) return 'restart';
  return from === to ? undefined : 'move';
}

/** In the order of their creation; what is new comes last. */
function wantedUnits(
  snapshot: ClusterSnapshot,
  changes: readonly Change[],
  placement: PluginPlacement,
): WantedUnit[] {
  const changed = new Map(changes.map((change) => [change.name, change]));
  const current = currentUnits(snapshot);
  const kept = current.flatMap((unit): WantedUnit[] => {
    const change = changed.get(unit.connector);
    if (change?.outcome === 'deleted') return [];
    const isUpdated = change?.outcome === 'updated';
    if (isUpdated && unit.task !== undefined && unit.task >= tasksAfter(change, snapshot))
      return [];
    // Tasks of a changed connector are given up before they are dealt anew; the connector itself stays.
    const isReleased = isUpdated && unit.kind === 'task';
    const config = change?.after ?? snapshot.connectors.get(unit.connector)?.record.config ?? {};
    const task = plannerTask(unit, snapshot, { plugin: placement.add(config), isReleased });
    return [{ task, isNew: false, restarts: isUpdated }];
  });
  const known = new Set(current.map(({ unit }) => unit));
  let ordinal = Math.max(0, ...current.map((unit) => unit.ordinal));
  const added = changes.flatMap((change): WantedUnit[] => {
    if (change.after === undefined || change.outcome === 'unchanged') return [];
    const { name } = change;
    const tasks = Array.from({ length: tasksAfter(change, snapshot) }, (_, n) => taskUnit(name, n));
    const plugin = placement.add(change.after);
    return [connectorUnit(name), ...tasks]
      .filter((id) => !known.has(id))
      .map((id) => {
        ordinal += 1;
        return { task: { id, ordinal, connector: name, plugin }, isNew: true, restarts: false };
      });
  });
  return [...kept, ...added];
}

function tasksAfter(change: Change, snapshot: ClusterSnapshot): number {
  const { name, before, after, changed, initialState } = change;
  if ((before?.targetState ?? initialState) === 'STOPPED') return 0;
  const max = wholeNumber(after?.['tasks.max']);
  if (!before) return max;
  const count = snapshot.connectors.get(name)?.tasks.length ?? 0;
  if (!changed.includes('tasks.max')) return count;
  // One that has fewer than it may have will not have more for being allowed more.
  return count < wholeNumber(before.config['tasks.max']) ? Math.min(count, max) : max;
}

function wholeNumber(text: string | undefined): number {
  const number = Number(text ?? 1);
  return Number.isSafeInteger(number) && number > 0 ? number : 1;
}

function currentUnits(snapshot: ClusterSnapshot): UnitRecord[] {
  return [...snapshot.units.values()]
    .filter(({ retired, connector }) => !retired && snapshot.connectors.has(connector))
    .sort((a, b) => a.ordinal - b.ordinal);
}

function plannerTask(
  unit: UnitRecord,
  snapshot: ClusterSnapshot,
  { plugin, isReleased }: { readonly plugin: string; readonly isReleased: boolean },
): PlannerTask {
  // One that is on its way out is dealt anew.
  const isLeaving = unit.state === 'revoking';
  const owner = snapshot.workers.find(
    ({ member, state }) =>
      member.worker === unit.worker &&
      member.incarnation === unit.incarnation &&
      (state === 'up' || state === 'draining'),
  );
  return {
    id: unit.unit,
    ordinal: unit.ordinal,
    connector: unit.connector,
    plugin,
    ...(owner && !isReleased && !isLeaving && { owner: owner.member.worker }),
  };
}
