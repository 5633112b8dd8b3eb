/**
 * Deals tasks one by one to the worker that should have the next one: the least loaded, of equals the least
 * penalised, then the one with the fewest tasks of the same connector, then the first by slot. From empty
 * workers that is exactly j mod N.
 *
 * The workers of each group are kept in that order (but for the connector, which differs from task to task), so
 * that dealing costs next to nothing a task, however many workers there are.
 */
import type { Group, RankedTask } from './roster.ts';
import type { PlannerWorker } from './types.ts';

/** Tasks of one connector on each worker. */
export type ConnectorRow = Int32Array | Map<number, number>;

/** A connector with fewer tasks than this share of the workers is counted sparsely: all rows together stay O(T). */
const denseShare = 1 / 8;

/** Counts tasks for each connector and worker, only for connectors where it can make a difference. */
export class ConnectorCounts {
  readonly #rows = new Map<string, ConnectorRow>();

  constructor(workers: number, tasks: readonly RankedTask[]) {
    const sizes = new Map<string, number>();
    for (const { task } of tasks) sizes.set(task.connector, (sizes.get(task.connector) ?? 0) + 1);
    for (const [connector, size] of sizes) {
      if (size < 2) continue;
      const isDense = size >= workers * denseShare;
      this.#rows.set(connector, isDense ? new Int32Array(workers) : new Map());
    }
  }

  /** Undefined: the connector has one task only. */
  of(connector: string): ConnectorRow | undefined {
    return this.#rows.get(connector);
  }

  add(connector: string, worker: number, change: 1 | -1): void {
    const row = this.#rows.get(connector);
    if (row instanceof Int32Array) row[worker] = (row[worker] ?? 0) + change;
    else row?.set(worker, (row.get(worker) ?? 0) + change);
  }
}

function countOf(row: ConnectorRow, worker: number): number {
  return (row instanceof Int32Array ? row[worker] : row.get(worker)) ?? 0;
}

/** Each worker's penalty as its rank among the different penalties: small whole numbers. */
export function rankPenalties(workers: readonly PlannerWorker[]): Int32Array {
  const penalties = workers.map((worker) => worker.penalty ?? 0);
  const ranks = new Map(
    [...new Set(penalties)].sort((a, b) => a - b).map((penalty, rank) => [penalty, rank]),
  );
  return Int32Array.from(penalties, (penalty) => ranks.get(penalty) ?? 0);
}

/** Some workers, the one that should have the next task first. Whoever changes a load says so in between. */
export class DealOrder {
  readonly #load: Int32Array;
  readonly #penaltyRanks: Int32Array;
  readonly #order: Int32Array;
  #size: number;

  constructor(workers: readonly number[], load: Int32Array, penaltyRanks: Int32Array) {
    this.#load = load;
    this.#penaltyRanks = penaltyRanks;
    this.#order = Int32Array.from(workers).sort((a, b) => this.#compare(a, b));
    this.#size = workers.length;
  }

  get first(): number | undefined {
    return this.#size > 0 ? this.#order[0] : undefined;
  }

  get last(): number | undefined {
    return this.#size > 0 ? this.#order[this.#size - 1] : undefined;
  }

  /** Of the least loaded and least penalised, the first with the fewest tasks of the connector. */
  leastLoaded(row: ConnectorRow | undefined): number | undefined {
    const { first } = this;
    if (first === undefined || row === undefined) return first;
    let [best, fewest] = [first, countOf(row, first)];
    for (let index = 1; index < this.#size && fewest > 0; index += 1) {
      const worker = this.#order[index] ?? 0;
      if (this.#load[worker] !== this.#load[first]) break;
      if (this.#penaltyRanks[worker] !== this.#penaltyRanks[first]) break;
      const count = countOf(row, worker);
      if (count < fewest) [best, fewest] = [worker, count];
    }
    return best;
  }

  /** The first of those with the fewest tasks of the connector. */
  fewestOf(row: ConnectorRow | undefined): number | undefined {
    const { first } = this;
    if (first === undefined || row === undefined) return first;
    let [best, fewest] = [first, countOf(row, first)];
    for (let index = 1; index < this.#size && fewest > 0; index += 1) {
      const worker = this.#order[index] ?? 0;
      const count = countOf(row, worker);
      if (count < fewest) [best, fewest] = [worker, count];
    }
    return best;
  }

  /** Before the load of a worker changes. Returns whether it was among these. */
  remove(worker: number): boolean {
    const place = this.#place(worker);
    if (place >= this.#size || this.#order[place] !== worker) return false;
    this.#order.copyWithin(place, place + 1, this.#size);
    this.#size -= 1;
    return true;
  }

  /** After the load of a worker that was removed has changed. */
  insert(worker: number): void {
    const place = this.#place(worker);
    this.#order.copyWithin(place + 1, place, this.#size);
    this.#order[place] = worker;
    this.#size += 1;
  }

  /** How many come before a worker with its load. */
  #place(worker: number): number {
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compare(this.#order[middle] ?? 0, worker) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compare(a: number, b: number): number {
    return (
      (this.#load[a] ?? 0) - (this.#load[b] ?? 0) ||
      (this.#penaltyRanks[a] ?? 0) - (this.#penaltyRanks[b] ?? 0) ||
      a - b
    );
  }
}

/** An order for each group, of the workers that take its tasks; a worker may be in several. */
export class Dealer {
  readonly #load: Int32Array;
  readonly #orders: readonly DealOrder[];

  /** `load` is changed by dealing. `takes`: whether a worker takes any task of a group; default: all eligible. */
  constructor(
    groups: readonly Group[],
    load: Int32Array,
    penaltyRanks: Int32Array,
    takes: (group: number, worker: number) => boolean = () => true,
  ) {
    this.#load = load;
    this.#orders = groups.map(({ eligible }, group) => {
      const takers = eligible.filter((worker) => takes(group, worker));
      return new DealOrder(takers, load, penaltyRanks);
    });
  }

  order(group: number): DealOrder | undefined {
    return this.#orders[group];
  }

  /** One more task for a worker. */
  give(worker: number): void {
    const holders = this.#orders.filter((order) => order.remove(worker));
    this.#load[worker] = (this.#load[worker] ?? 0) + 1;
    for (const order of holders) order.insert(worker);
  }

  /** It takes no more tasks of a group. */
  close(group: number, worker: number): void {
    this.#orders[group]?.remove(worker);
  }
}
