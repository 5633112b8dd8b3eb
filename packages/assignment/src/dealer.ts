/** Deals tasks one by one to the worker that should have the next one. */
import type { Group, RankedTask } from './roster.ts';
import type { PlannerWorker } from './types.ts';

/** Counts tasks for each connector and worker, only for connectors where it can make a difference. */
export class ConnectorCounts {
  readonly #workers: number;
  readonly #rows = new Map<string, Int32Array>();

  constructor(workers: number, tasks: readonly RankedTask[]) {
    this.#workers = workers;
    const seen = new Set<string>();
    for (const { task } of tasks) {
      if (seen.has(task.connector)) this.#row(task.connector);
      else seen.add(task.connector);
    }
  }

  #row(connector: string): Int32Array {
    let row = this.#rows.get(connector);
    if (row === undefined) {
      row = new Int32Array(this.#workers);
      this.#rows.set(connector, row);
    }
    return row;
  }

  /** Undefined: the connector has one task only. */
  of(connector: string): Int32Array | undefined {
    return this.#rows.get(connector);
  }

  add(connector: string, worker: number, change: 1 | -1): void {
    const row = this.#rows.get(connector);
    if (row) row[worker] = (row[worker] ?? 0) + change;
  }
}

export interface Dealing {
  readonly load: Int32Array;
  /** From `rankPenalties`. */
  readonly penaltyRanks: Int32Array;
  /** Undefined: the connector does not matter. */
  readonly sameConnector: Int32Array | undefined;
  /** `fewest-same-connector`: before the load, for when each worker's final load is settled already. */
  readonly first: 'least-loaded' | 'fewest-same-connector';
  /** Workers that still take tasks of this group; undefined: all that are eligible. */
  readonly openings?: Int32Array | undefined;
}

/** Each worker's penalty as its rank among the different penalties: small whole numbers. */
export function rankPenalties(workers: readonly PlannerWorker[]): Int32Array {
  const penalties = workers.map((worker) => worker.penalty ?? 0);
  const different = [...new Set(penalties)].sort((a, b) => a - b);
  return Int32Array.from(penalties, (penalty) => different.indexOf(penalty));
}

/** More than any load, count or number of penalties; its cube is still a safe integer. */
const radix = 200_000;

/**
 * The least loaded worker, of equals the least penalised, then the one with the fewest tasks of the same
 * connector, then the first by slot. From empty workers that is exactly j mod N.
 */
export function pickWorker(group: Group, dealing: Dealing): number | undefined {
  const { load, penaltyRanks, sameConnector, first, openings } = dealing;
  const connectorFirst = first === 'fewest-same-connector';
  let best: number | undefined;
  let bestCost = Number.POSITIVE_INFINITY;
  for (const worker of group.eligible) {
    if (openings !== undefined && (openings[worker] ?? 0) <= 0) continue;
    // The criteria as digits of one number: this runs for each task and worker.
    const byLoad = (load[worker] ?? 0) * radix + (penaltyRanks[worker] ?? 0);
    const byConnector = sameConnector === undefined ? 0 : (sameConnector[worker] ?? 0);
    const cost = connectorFirst
      ? byConnector * radix * radix + byLoad
      : byLoad * radix + byConnector;
    if (cost < bestCost) {
      best = worker;
      bestCost = cost;
    }
  }
  return best;
}
