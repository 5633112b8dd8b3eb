/**
 * How many tasks of each group each worker should have. Works on counts: which tasks they are is chosen
 * afterwards. The result is the best balance that the groups allow, reached with the fewest moves.
 *
 * Best balance: no chain of moves a → … → b can bring two workers whose loads differ by two or more closer
 * together. That minimises the highest load, the spread and the sum of squares all at once; without
 * constraints it means a spread of at most 1.
 */
import { DealOrder } from './dealer.ts';
import type { Group } from './roster.ts';

export interface Counts {
  readonly groups: readonly Group[];
  /** Tasks that each worker has and may keep: `kept[group][worker]`. */
  readonly kept: readonly Int32Array[];
  /** Tasks that each worker should have; changed in place. */
  readonly wanted: readonly Int32Array[];
  /** Sum of `wanted` over the groups, for each worker; changed in place. */
  readonly load: Int32Array;
  /** At equal load, a higher one gets the odd task last and gives first. */
  readonly penaltyRanks: Int32Array;
}

/** @returns whether it changed anything. */
export function levelOut(counts: Counts): boolean {
  const [only, ...more] = counts.groups;
  if (only === undefined) return false;
  return more.length === 0 ? levelOutUnconstrained(counts, only) : levelOutConstrained(counts);
}

/** From the fullest to the emptiest while they differ by two: each such move is unavoidable. */
function levelOutUnconstrained({ wanted, load, penaltyRanks }: Counts, group: Group): boolean {
  const [counts] = wanted;
  if (counts === undefined) return false;
  const order = new DealOrder(group.eligible, load, penaltyRanks);
  for (let moved = false; ; moved = true) {
    // Of equals the last gives and the first gets, as the formula would have it.
    const { first, last } = order;
    if (first === undefined || last === undefined) return moved;
    if ((load[last] ?? 0) - (load[first] ?? 0) < 2) return moved;
    order.remove(first);
    order.remove(last);
    shift(counts, load, last, first);
    order.insert(first);
    order.insert(last);
  }
}

function shift(counts: Int32Array, load: Int32Array, from: number, to: number): void {
  counts[from] = (counts[from] ?? 0) - 1;
  counts[to] = (counts[to] ?? 0) + 1;
  load[from] = (load[from] ?? 0) - 1;
  load[to] = (load[to] ?? 0) + 1;
}

/**
 * A minimum-cost flow by cancelling negative cycles: a worker's k-th task costs (2k − 1) · scale, so that
 * the sum of squares counts first, and each task that was not kept costs 1, so that moves count second. A
 * flow without a negative cycle is optimal, whatever it started from. A cycle is cancelled for as long as it
 * stays negative, so that two workers are even at once however far apart they were.
 *
 * Nodes: workers, then groups, then one hub. worker → group: one task of the group leaves the worker;
 * group → worker: one comes; worker → hub → other worker: the first keeps it, the second has one less.
 */
function levelOutConstrained(counts: Counts): boolean {
  const { groups, kept, wanted, load } = counts;
  const workers = load.length;
  const hub = workers + groups.length;
  const scale = load.reduce((sum, one) => sum + one, 0) + 1;
  const distance = new Float64Array(hub + 1);
  const previous = new Int32Array(hub + 1);

  /** Infinity: there is nothing to move that way. */
  const costOf = (from: number, to: number): number => {
    const leaves = from < workers;
    const worker = leaves ? from : to;
    const other = leaves ? to : from;
    if (other === hub) {
      const loadHere = load[worker] ?? 0;
      if (leaves) return scale * (2 * loadHere + 1);
      return loadHere > 0 ? -scale * (2 * loadHere - 1) : Infinity;
    }
    const have = wanted[other - workers]?.[worker] ?? 0;
    const had = kept[other - workers]?.[worker] ?? 0;
    if (!leaves) return have < had ? 0 : 1;
    if (have === 0) return Infinity;
    return have > had ? -1 : 0;
  };

  const relax = (from: number, to: number): boolean => {
    const through = (distance[from] ?? 0) + costOf(from, to);
    if (through >= (distance[to] ?? 0)) return false;
    distance[to] = through;
    previous[to] = from;
    return true;
  };

  const relaxAll = (): boolean => {
    let changed = false;
    for (let worker = 0; worker < workers; worker += 1) {
      if (relax(worker, hub)) changed = true;
      if (relax(hub, worker)) changed = true;
    }
    for (const [index, group] of groups.entries()) {
      const node = workers + index;
      for (const worker of group.eligible) {
        if (relax(worker, node)) changed = true;
        if (relax(node, worker)) changed = true;
      }
    }
    return changed;
  };

  const cancel = (from: number, to: number): void => {
    const forward = from < workers ? 1 : -1;
    const worker = from < workers ? from : to;
    const other = from < workers ? to : from;
    // worker → group takes one away, group → worker brings one; the hub stands for the loads.
    if (other === hub) load[worker] = (load[worker] ?? 0) + forward;
    else {
      const row = wanted[other - workers];
      if (row) row[worker] = (row[worker] ?? 0) - forward;
    }
  };

  for (let moved = false; ; moved = true) {
    distance.fill(0);
    previous.fill(-1);
    let cycle: number[] | undefined;
    while (cycle === undefined) {
      if (!relaxAll()) return moved;
      cycle = findCycle(previous);
    }
    const edges = cycle.map((node, index, all) => [node, all[(index + 1) % all.length] ?? node]);
    do {
      for (const [from = 0, to = 0] of edges) cancel(from, to);
    } while (edges.reduce((sum, [from = 0, to = 0]) => sum + costOf(from, to), 0) < 0);
  }
}

/** A cycle of the predecessor graph, in the direction of its edges. Such a cycle is a negative one. */
function findCycle(previous: Int32Array): number[] | undefined {
  const seenIn = new Int32Array(previous.length);
  for (let start = 0; start < previous.length; start += 1) {
    let node = start;
    while (node >= 0 && seenIn[node] === 0) {
      seenIn[node] = start + 1;
      node = previous[node] ?? -1;
    }
    if (node < 0 || seenIn[node] !== start + 1) continue;
    const cycle = [node];
    for (let at = previous[node] ?? -1; at !== node; at = previous[at] ?? -1) cycle.push(at);
    return cycle.toReversed();
  }
  return undefined;
}
