/**
 * The formula applied to what must move, and to nothing else.
 *
 * 1. Tasks without a live owner are dealt to the least loaded workers: from empty workers that is j mod N.
 * 2. If workers are then still uneven (one has joined), the counts are levelled out with the fewest moves.
 * 3. Of a worker that has to give, the tasks leave that are not where the formula would have them, those
 *    first of which it has most of the same connector.
 * 4. What has to move is dealt, in the order of the ordinals, to the places that are open.
 */
import { levelOut } from './balance.ts';
import { ConnectorCounts, type ConnectorRow, Dealer, rankPenalties } from './dealer.ts';
import type { RankedTask, Roster } from './roster.ts';

/** @returns the worker's position in `roster.up` for each task of `roster.tasks`. */
export function placeMinimally(roster: Roster): number[] {
  const { up, tasks, groups } = roster;
  const penaltyRanks = rankPenalties(up);
  const perGroup = (): Int32Array[] => groups.map(() => new Int32Array(up.length));
  const kept = perGroup();
  const load = new Int32Array(up.length);
  const isColdStart = tasks.every((task) => task.owner === undefined);
  const connectors = new ConnectorCounts(up.length, tasks);
  // On a cold start the connector decides nothing: the result is the formula.
  const sameConnector = (task: RankedTask): ConnectorRow | undefined =>
    isColdStart ? undefined : connectors.of(task.task.connector);

  for (const { task, group, owner } of tasks) {
    if (owner === undefined) continue;
    increment(kept[group], owner);
    increment(load, owner);
    connectors.add(task.connector, owner, 1);
  }

  const wanted = kept.map((row) => row.slice());
  const dealt: { task: RankedTask; worker: number }[] = [];
  const dealer = new Dealer(groups, load, penaltyRanks);
  for (const task of tasks) {
    if (task.owner !== undefined) continue;
    const worker = dealer.order(task.group)?.leastLoaded(sameConnector(task));
    if (worker === undefined) continue;
    increment(wanted[task.group], worker);
    dealer.give(worker);
    connectors.add(task.task.connector, worker, 1);
    dealt.push({ task, worker });
  }

  const levelled = levelOut({ groups, kept, wanted, load, penaltyRanks });
  if (isColdStart && !levelled) return dealt.map(({ worker }) => worker);

  // The first dealing settled only how many each worker gets; who gets which is settled below.
  for (const { task, worker } of dealt) connectors.add(task.task.connector, worker, -1);
  const staying = chooseStaying(roster, wanted);
  const openings = perGroup();
  const current = new Int32Array(up.length);
  for (const [group, row] of wanted.entries()) {
    for (const worker of groups[group]?.eligible ?? []) {
      const stay = Math.min(row[worker] ?? 0, kept[group]?.[worker] ?? 0);
      increment(current, worker, stay);
      increment(openings[group], worker, (row[worker] ?? 0) - stay);
    }
  }
  for (const [index, { task, owner }] of tasks.entries()) {
    if (owner !== undefined && !staying[index]) connectors.add(task.connector, owner, -1);
  }

  const placer = new Dealer(
    groups,
    current,
    penaltyRanks,
    (group, worker) => (openings[group]?.[worker] ?? 0) > 0,
  );
  return tasks.map((task, index) => {
    const { group } = task;
    if (task.owner !== undefined && staying[index]) return task.owner;
    const worker = placer.order(group)?.fewestOf(sameConnector(task));
    if (worker === undefined) throw new Error('there are fewer openings than tasks to place');
    increment(openings[group], worker, -1);
    if (openings[group]?.[worker] === 0) placer.close(group, worker);
    placer.give(worker);
    connectors.add(task.task.connector, worker, 1);
    return worker;
  });
}

/** For each task whether it stays with its owner: as many of each group as the owner should have. */
function chooseStaying({ up, tasks }: Roster, wanted: readonly Int32Array[]): boolean[] {
  const staying = tasks.map((task) => task.owner !== undefined);
  const held = new Map<string, number[]>();
  for (const [index, { group, owner }] of tasks.entries()) {
    if (owner === undefined) continue;
    const key = `${group}/${owner}`;
    const indexes = held.get(key);
    if (indexes) indexes.push(index);
    else held.set(key, [index]);
  }
  for (const indexes of held.values()) {
    const [one] = indexes;
    const example = one === undefined ? undefined : tasks[one];
    if (example?.owner === undefined) continue;
    const surplus = indexes.length - (wanted[example.group]?.[example.owner] ?? 0);
    if (surplus <= 0) continue;
    for (const index of inOrderOfStaying(indexes, tasks, up.length).slice(-surplus)) {
      staying[index] = false;
    }
  }
  return staying;
}

/** Tasks at their literal home first; then each connector's first task, each connector's second, … */
function inOrderOfStaying(
  indexes: readonly number[],
  tasks: readonly RankedTask[],
  workers: number,
): number[] {
  const entries = indexes.map((index) => {
    const task = tasks[index];
    const isHome = task !== undefined && task.rank % workers === task.owner;
    return { index, connector: task?.task.connector ?? '', isHome, depth: 0 };
  });
  entries.sort((a, b) => Number(b.isHome) - Number(a.isHome) || a.index - b.index);
  const depths = new Map<string, number>();
  for (const entry of entries) {
    entry.depth = depths.get(entry.connector) ?? 0;
    depths.set(entry.connector, entry.depth + 1);
  }
  entries.sort(
    (a, b) => Number(b.isHome) - Number(a.isHome) || a.depth - b.depth || a.index - b.index,
  );
  return entries.map((entry) => entry.index);
}

function increment(counts: Int32Array | undefined, worker: number, by = 1): void {
  if (counts) counts[worker] = (counts[worker] ?? 0) + by;
}
