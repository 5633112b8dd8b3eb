/** From measured costs to what one Redis carries: arithmetic only. */
import { reviewEveryMs, type TimingProfile, wholeReadPauseMs } from '@sluice/coordination';

/** CPU time of Redis' one thread, ms each, unless said otherwise. */
export interface MeasuredCosts {
  readonly beatMs: number;
  /** One look of a coordinator at beats, for each worker whose beat it reads. */
  readonly lookMsPerWorker: number;
  /** … and whatever the number of workers. */
  readonly lookMs: number;
  /** A worker's comparison of itself with the store, for each unit that it owns. */
  readonly reviewMsPerUnit: number;
  /** Reading everything anew, for each unit. */
  readonly readAllMsPerUnit: number;
  /** What an idle consumer of a start queue asks, ms in each second. */
  readonly idleQueueMsPerSecond: number;
}

export interface ClusterSize {
  readonly workers: number;
  readonly unitsPerWorker: number;
  readonly coordinators: number;
}

export type Intervals = Pick<TimingProfile, 'heartbeatIntervalMs' | 'tickMs'>;

export interface Utilisation {
  readonly beats: number;
  readonly looks: number;
  readonly reviews: number;
  readonly readAll: number;
  readonly queues: number;
  readonly total: number;
}

/** Shares of Redis' one thread (1 = all of it) that a cluster takes which is at rest. */
export function utilisation(
  costs: MeasuredCosts,
  { workers, unitsPerWorker, coordinators }: ClusterSize,
  { heartbeatIntervalMs, tickMs }: Intervals,
): Utilisation {
  const units = workers * unitsPerWorker;
  const beats = (workers * costs.beatMs) / heartbeatIntervalMs;
  const looks = (coordinators * (costs.lookMs + costs.lookMsPerWorker * workers)) / tickMs;
  const reviews = (units * costs.reviewMsPerUnit) / reviewEveryMs(unitsPerWorker);
  // The leader's view and the one that the API answers from. It takes longer than its share of the thread.
  const readMs = units * costs.readAllMsPerUnit;
  const readAll = (2 * coordinators * readMs) / (readMs + wholeReadPauseMs(readMs));
  const queues = (workers * costs.idleQueueMsPerSecond) / 1_000;
  const total = beats + looks + reviews + readAll + queues;
  return { beats, looks, reviews, readAll, queues, total };
}

/** Most workers for which no more than `share` of the thread is taken. */
export function workersAt(
  share: number,
  costs: MeasuredCosts,
  size: Omit<ClusterSize, 'workers'>,
  intervals: Intervals,
): number {
  let low = 0;
  let high = 10_000_000;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const { total } = utilisation(costs, { ...size, workers: middle }, intervals);
    if (total <= share) low = middle;
    else high = middle - 1;
  }
  return low;
}

export interface ConnectionCosts {
  readonly perWorker: number;
  readonly perCoordinator: number;
}

/** Connections that a Redis has to accept; `maxclients` is 10 000 unless somebody raised it. */
export function connectionsOf(
  { workers, coordinators }: Pick<ClusterSize, 'workers' | 'coordinators'>,
  { perWorker, perCoordinator }: ConnectionCosts,
): number {
  return workers * perWorker + coordinators * perCoordinator;
}

/** Most workers for a `maxclients`, with room for tools. */
export function workersForConnections(
  clientsMax: number,
  coordinators: number,
  costs: ConnectionCosts,
): number {
  const toolConnections = 20;
  const left = clientsMax - toolConnections - coordinators * costs.perCoordinator;
  return Math.max(0, Math.floor(left / costs.perWorker));
}
