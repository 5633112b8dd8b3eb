/**
 * Whether a cluster is at rest, and as it should be: everything that is wanted runs (I6), loads are even (I8), the
 * planner has nothing to add (I12), and what was asked for is in force. Returns the first thing that is not so.
 */
import {
  distributeModulo,
  type PlannerTask,
  type PlannerWorker,
  planAssignment,
} from '@sluice/assignment';
import type { ClusterView, ConnectorRecord, UnitRecord } from '@sluice/coordination';

import type { SimulatedCluster } from '../cluster.ts';
import { allPartitionsOf } from '../run.ts';
import type { InvariantName } from '../violations.ts';

export interface Unrest {
  readonly invariant: InvariantName;
  readonly message: string;
}

export interface AtRest {
  readonly view: ClusterView;
  readonly isQuarantined: boolean;
  readonly pendingRequests: number;
}

export function unrestOf(cluster: SimulatedCluster, seen: AtRest): Unrest | undefined {
  const missing = whatDoesNotRun(cluster, seen);
  if (missing !== undefined) return { invariant: 'I6', message: missing };
  const uneven = unevenLoads(seen.view);
  if (uneven !== undefined) return { invariant: 'I8', message: uneven };
  const unplanned = differenceFromPlan(seen.view, cluster.shape.movement);
  if (unplanned !== undefined) return { invariant: 'I12', message: unplanned };
  // First: after a loss, what is there counts as what was asked for.
  const apart = cluster.watches.journal?.compare(seen.view);
  if (apart !== undefined) return { invariant: 'law-8', message: apart };
  const undone = cluster.watches.definitions.compare(seen.view);
  return undone === undefined ? undefined : { invariant: 'requests', message: undone };
}

function whatDoesNotRun(cluster: SimulatedCluster, seen: AtRest): string | undefined {
  const { view } = seen;
  if (seen.isQuarantined) return 'the quarantine is not over';
  const leader = [...cluster.coordinators.values()].find(({ loop }) => loop.leads)?.loop;
  if (!leader) return 'nobody leads';
  if (leader.journalInStep === false) return 'the journal is not in step';
  if (seen.pendingRequests > 0) return `${seen.pendingRequests} requests wait to be applied`;
  for (const name of cluster.wanted) {
    const process = cluster.processOf(name);
    if (!process) return `${name} is not up again`;
  }
  for (const [worker, { incarnation, isStopping, plugins }] of cluster.workers) {
    if (isStopping) return `${worker} is stopping`;
    const member = view.members.get(worker);
    if (member?.incarnation !== incarnation || member.state !== 'up') {
      return `${worker} is ${member?.state ?? 'not a member'}`;
    }
    if (member.cordoned) return `${worker} is cordoned`;
    if (member.plugins.length !== plugins.length)
      return `${worker} has announced ${member.plugins.length} of ${plugins.length} plugins`;
  }
  for (const worker of view.members.keys()) {
    if (!cluster.workers.has(worker)) return `${worker} is gone, and still a member`;
  }
  for (const [worker, { runner, incarnation }] of cluster.workers) {
    for (const unit of runner.entries.keys()) {
      if (view.units.get(unit)?.incarnation !== incarnation)
        return `${worker} runs ${unit}, which is not its own`;
    }
  }
  for (const record of view.connectors.values()) {
    const problem = whatIsWrongWith(record, view);
    if (problem !== undefined) return problem;
  }
  for (const unit of view.units.values()) {
    const problem = whatIsAmiss(unit, cluster, view);
    if (problem !== undefined) return problem;
  }
  return whatNobodyDoes(cluster, view);
}

/** Tasks may all run, and share a topic as if they were more: by an older number of them. */
function whatNobodyDoes(cluster: SimulatedCluster, view: ClusterView): string | undefined {
  const done = new Set(
    [...cluster.workers.values()].flatMap(({ runner }) =>
      [...runner.entries.values()].flatMap(({ run }) => run?.partitions ?? []),
    ),
  );
  for (const { name, type, taskCount } of view.connectors.values()) {
    if (taskCount === 0) continue;
    const left = allPartitionsOf(name, type, taskCount).find((each) => !done.has(each));
    if (left !== undefined) return `nobody does ${left}`;
  }
  return undefined;
}

function whatIsWrongWith(record: ConnectorRecord, view: ClusterView): string | undefined {
  const { name, lifecycle, targetState, taskCount, taskVersion, version, config } = record;
  if (lifecycle === 'deleting') return `${name} is still being deleted`;
  const tasks = view.unitsOf(name).filter(({ kind }) => kind === 'task');
  const wanted = targetState === 'STOPPED' ? 0 : Number(config['tasks.max']);
  if (targetState !== 'STOPPED' && taskVersion !== version) {
    return `the tasks of ${name} are of version ${taskVersion}, not ${version}`;
  }
  if (taskCount !== wanted) return `${name} has published ${taskCount} tasks, not ${wanted}`;
  return tasks.length === wanted ? undefined : `${name} has ${tasks.length} tasks, not ${wanted}`;
}

function whatIsAmiss(
  unit: UnitRecord,
  cluster: SimulatedCluster,
  view: ClusterView,
): string | undefined {
  const { unit: id, state, retired, worker, incarnation, fence, status, heldEpoch, epoch } = unit;
  const record = view.connectors.get(unit.connector);
  if (!record || retired) return `${id} is still there`;
  if (state !== 'claimed') return `${id} is ${state}`;
  if (heldEpoch !== epoch) return `${id} is held in epoch ${heldEpoch}, not ${epoch}`;
  const life = cluster.workers.get(worker ?? '');
  if (!life || life.incarnation !== incarnation) return `${id} belongs to ${worker}, which is gone`;
  const entry = life.runner.entries.get(id);
  if (!entry || entry.unit.fence !== fence) {
    return `${id} does not run on ${worker} under ${fence}, but ${entry?.unit.fence ?? 'not at all'}`;
  }
  if (entry.hasFailed) return `${id} has failed`;
  const wanted = record.targetState === 'STARTED' ? 'RUNNING' : 'PAUSED';
  if (status?.state !== wanted)
    return `${id} is ${status?.state ?? 'without a status'}, not ${wanted}`;
  if (!entry.run?.mayAct) return `${id} may not act on ${worker}`;
  // After a loss; it is refused, and starts again under a new fence.
  if (wanted === 'RUNNING' && cluster.sink.isSuperseded(id, fence)) {
    return `${id} on ${worker} has had a successor since ${fence}`;
  }
  const phase = wanted === 'RUNNING' ? 'running' : 'paused';
  return entry.run.phase === phase ? undefined : `${id} is ${entry.run.phase} on ${worker}`;
}

function unevenLoads(view: ClusterView): string | undefined {
  for (const kind of ['task', 'connector'] as const) {
    const loads = new Map([...view.members.keys()].map((worker) => [worker, 0]));
    for (const unit of view.units.values()) {
      if (unit.kind !== kind) continue;
      const worker = unit.worker ?? '';
      loads.set(worker, (loads.get(worker) ?? 0) + 1);
    }
    const counts = [...loads.values()];
    if (counts.length > 0 && Math.max(...counts) - Math.min(...counts) > 1) {
      return `${kind}s are unevenly spread: ${JSON.stringify(Object.fromEntries(loads))}`;
    }
  }
  return undefined;
}

function differenceFromPlan(
  view: ClusterView,
  movement: 'minimal' | 'literal',
): string | undefined {
  const workers = plannerWorkers(view);
  for (const kind of ['task', 'connector'] as const) {
    const tasks = plannerTasks(view, kind);
    const plan = planAssignment(tasks, workers, {
      strategy: 'modulo',
      movement,
      balanceMovesMax: Number.POSITIVE_INFINITY,
    });
    const [move] = plan.moves;
    if (move) return `${move.id} is on ${move.from}, the plan says ${move.to}`;
    if (movement === 'minimal') continue;
    const shares = distributeModulo(tasks, workers.length);
    for (const [index, { worker }] of workers.entries()) {
      const stray = shares[index]?.find(({ owner }) => owner !== worker);
      if (stray) return `${stray.id} is not on ${worker}, where j mod N is`;
    }
  }
  return undefined;
}

/** In the order of their slots: i of the formula. */
function plannerWorkers(view: ClusterView): PlannerWorker[] {
  return [...view.members.values()]
    .toSorted((a, b) => a.slot - b.slot)
    .map(({ worker, slot }) => ({ worker, slot, state: 'up' }));
}

/** In the order of their creation: j of the formula. */
function plannerTasks(view: ClusterView, kind: 'task' | 'connector'): PlannerTask[] {
  return [...view.units.values()]
    .filter((unit) => unit.kind === kind)
    .toSorted((a, b) => a.ordinal - b.ordinal)
    .map(({ unit, ordinal, connector, worker }) => ({
      id: unit,
      ordinal,
      connector,
      plugin: '',
      ...(worker === undefined ? {} : { owner: worker }),
    }));
}
