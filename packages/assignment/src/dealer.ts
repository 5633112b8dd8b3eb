/** Deals tasks one by one to the worker that should have the next one. */
import type { Group, RankedTask } from './roster.ts';

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
  readonly penalties: readonly number[];
  /** Undefined: the connector does not matter. */
  readonly sameConnector: Int32Array | undefined;
  /** `fewest-same-connector`: before the load, for when each worker's final load is settled already. */
  readonly first: 'least-loaded' | 'fewest-same-connector';
  /** Workers that still take tasks of this group; undefined: all that are eligible. */
  readonly openings?: Int32Array | undefined;
}

/**
 * The least loaded worker, of equals the least penalised, then the one with the fewest tasks of the same
 * connector, then the first by slot. From empty workers that is exactly j mod N.
 */
export function pickWorker(group: Group, dealing: Dealing): number | undefined {
  const { load, penalties, sameConnector, first, openings } = dealing;
  let best: number | undefined;
  for (const worker of group.eligible) {
    if (openings && (openings[worker] ?? 0) <= 0) continue;
    if (best === undefined) {
      best = worker;
      continue;
    }
    const byLoad = (load[worker] ?? 0) - (load[best] ?? 0);
    const byPenalty = (penalties[worker] ?? 0) - (penalties[best] ?? 0);
    const byConnector = sameConnector
      ? (sameConnector[worker] ?? 0) - (sameConnector[best] ?? 0)
      : 0;
    const difference =
      first === 'least-loaded'
        ? byLoad || byPenalty || byConnector
        : byConnector || byLoad || byPenalty;
    if (difference < 0) best = worker;
  }
  return best;
}
