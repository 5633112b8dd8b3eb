/**
 * The input of a plan, put in order once: workers ranked by slot, tasks by ordinal, and for each plugin
 * the workers that can run it. From here on workers are numbers: positions among those that are up.
 * What cordoned workers have stays there and is placed by nobody; it only counts in the ranks of the others.
 */
import { compareText } from '@sluice/kernel';

import type { PlannerTask, PlannerWorker } from './types.ts';

/** Tasks that the same workers can run. */
export interface Group {
  /** Positions in `Roster.up`, ascending. */
  readonly eligible: readonly number[];
  readonly isEligible: readonly boolean[];
}

export interface RankedTask {
  readonly task: PlannerTask;
  /** Rank by ordinal among all tasks, also those that cannot be placed: `j`. */
  readonly rank: number;
  readonly group: number;
  /** Where it is and may stay: its owner is up and has its plugin. */
  readonly owner: number | undefined;
}

export interface Roster {
  readonly up: readonly PlannerWorker[];
  /** Workers with a place in the literal formula, ranked by slot: those up, cordoned and held. */
  readonly seats: readonly PlannerWorker[];
  /** Only those that can be placed, ascending by rank. */
  readonly tasks: readonly RankedTask[];
  /** Tasks of cordoned workers that have their plugin, ascending by rank. */
  readonly kept: readonly { readonly id: string; readonly worker: string }[];
  readonly groups: readonly Group[];
  readonly unplaceable: readonly { readonly id: string; readonly reason: string }[];
  readonly isKnown: (worker: string) => boolean;
}

export function buildRoster(
  tasks: readonly PlannerTask[],
  workers: readonly PlannerWorker[],
): Roster {
  const seats = workers.filter((worker) => worker.state !== 'leaving').sort(bySlot);
  const up = seats.filter((worker) => worker.state === 'up');
  const positions = new Map(up.map((worker, position) => [worker.worker, position]));
  const cordoned = new Map(
    seats.filter(({ state }) => state === 'cordoned').map((worker) => [worker.worker, worker]),
  );
  const known = new Set(workers.map((worker) => worker.worker));

  const groups: Group[] = [];
  const groupOfEligible = new Map<string, number>();
  const groupOfPlugin = new Map<string, number | undefined>();
  const groupFor = (plugin: string): number | undefined => {
    if (groupOfPlugin.has(plugin)) return groupOfPlugin.get(plugin);
    const isEligible = up.map((worker) => runs(worker, plugin));
    const eligible = [...isEligible.keys()].filter((position) => isEligible[position]);
    const key = eligible.join(',');
    let group = eligible.length === 0 ? undefined : groupOfEligible.get(key);
    if (group === undefined && eligible.length > 0) {
      group = groups.push({ eligible, isEligible }) - 1;
      groupOfEligible.set(key, group);
    }
    groupOfPlugin.set(plugin, group);
    return group;
  };

  const ranked: RankedTask[] = [];
  const kept: { id: string; worker: string }[] = [];
  const unplaceable: { id: string; reason: string }[] = [];
  for (const [rank, task] of tasks.toSorted(byOrdinal).entries()) {
    const keeper = task.owner === undefined ? undefined : cordoned.get(task.owner);
    if (keeper && runs(keeper, task.plugin)) {
      kept.push({ id: task.id, worker: keeper.worker });
      continue;
    }
    const group = groupFor(task.plugin);
    if (group === undefined) {
      unplaceable.push({ id: task.id, reason: reasonUnplaceable(task, workers, up.length) });
      continue;
    }
    const position = task.owner === undefined ? undefined : positions.get(task.owner);
    const stays = position !== undefined && groups[group]?.isEligible[position];
    ranked.push({ task, rank, group, owner: stays ? position : undefined });
  }
  return {
    up,
    seats,
    tasks: ranked,
    kept,
    groups,
    unplaceable,
    isKnown: (worker) => known.has(worker),
  };
}

function reasonUnplaceable(
  task: PlannerTask,
  workers: readonly PlannerWorker[],
  upCount: number,
): string {
  if (workers.length === 0) return 'no worker has joined';
  const cordoned = workers.filter(({ state }) => state === 'cordoned');
  // To uncordon one helps only if it can run the task.
  const wouldUncordonHelp = cordoned.some((worker) => runs(worker, task.plugin));
  if (upCount > 0 || (cordoned.length > 0 && !wouldUncordonHelp)) {
    const which = wouldUncordonHelp ? 'is up and not cordoned' : 'is up';
    return `no worker that ${which} has the plugin ${task.plugin}`;
  }
  return wouldUncordonHelp
    ? 'every worker that is up is cordoned: uncordon one, or start another'
    : 'no worker is up: all are draining or restarting';
}

function runs({ plugins }: PlannerWorker, plugin: string): boolean {
  return plugins?.has(plugin) ?? true;
}

function bySlot(a: PlannerWorker, b: PlannerWorker): number {
  return a.slot - b.slot || compareText(a.worker, b.worker);
}

function byOrdinal(a: PlannerTask, b: PlannerTask): number {
  return a.ordinal - b.ordinal || compareText(a.id, b.id);
}
