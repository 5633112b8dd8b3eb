/** What a dashboard sees of the cluster, from what was read of it. Pure. */
import { restartSettingsOf } from '@sluice/connector-api';
import type {
  ClusterEvent,
  ClusterSnapshot,
  ConnectorView,
  LoadReport,
  UnitView,
  WorkerView,
} from '@sluice/coordination';

import type {
  LiveConnector,
  LiveEvent,
  LiveLeader,
  LiveUnit,
  LiveView,
  LiveWorker,
  TaskLoad,
} from './live-view.ts';

export interface LiveNames {
  readonly cluster: string;
  readonly version: string;
  /** Path of the page of a worker's start queue; none: this server has no boards. */
  readonly boardOf?: (worker: string) => string;
}

export interface SeenCluster {
  readonly snapshot: ClusterSnapshot;
  /** Newest first. */
  readonly events: readonly LiveEvent[];
  /** By worker. */
  readonly loads: ReadonlyMap<string, LoadReport>;
  /** When all of it was read: wall clock. */
  readonly atMs: number;
  /** When the snapshot was, from which on what it says of ages and of a lease's rest counts. */
  readonly snapshotAtMs: number;
}

const errorCharactersMax = 300;
/** Told and read once a second, with two that may be lost; a rate of longer ago is none of now. */
const loadKeptMs = 4_000;

export function describeView(
  seen: SeenCluster,
  { cluster, version, boardOf }: LiveNames,
): LiveView {
  const { snapshot, events, atMs, snapshotAtMs } = seen;
  const loads = loadsOfNow(seen);
  const { connectors, workers, leader } = snapshot;
  const views = [...connectors.values()];
  return {
    at_ms: atMs,
    cluster,
    version,
    leader: leader ? describeLeader(leader, snapshotAtMs) : null,
    workers: Object.fromEntries(
      workers.map((view) => {
        const { worker } = view.member;
        const board = boardOf?.(worker) ?? null;
        const load = loads.get(worker)?.worker ?? null;
        return [worker, { ...describeWorker(view, snapshotAtMs), board, load }];
      }),
    ),
    connectors: Object.fromEntries(
      views.map((view) => [view.record.name, describeConnector(view)]),
    ),
    units: Object.fromEntries(
      views.flatMap((view) => {
        const attemptsMax = attemptsMaxOf(view);
        return [view.connector, ...view.tasks].map((unit) => {
          const load = loads.get(unit.worker ?? '')?.tasks.get(unit.unit)?.load ?? null;
          return [unit.unit, describeUnit(unit, attemptsMax, load)];
        });
      }),
    ),
    events: [...events],
  };
}

function loadsOfNow({ loads, atMs }: SeenCluster): SeenCluster['loads'] {
  return new Map([...loads].filter(([, { worker }]) => atMs - worker.at_ms <= loadKeptMs));
}

export function describeEvent({ id, atMs, type, message, facts }: ClusterEvent): LiveEvent {
  return { id, at_ms: atMs, type, message, facts };
}

function describeLeader(
  { coordinator, epoch, leaseLeftMs }: NonNullable<ClusterSnapshot['leader']>,
  atMs: number,
): LiveLeader {
  return { coordinator, epoch, lease_ends_at_ms: Math.round(atMs + leaseLeftMs) };
}

function describeWorker(
  { member, state, beatAgeMs }: WorkerView,
  atMs: number,
): Omit<LiveWorker, 'board' | 'load'> {
  const { slot, host, pid, address, joinedAtMs, cordoned = false } = member;
  return {
    state,
    cordoned,
    slot,
    host,
    pid,
    worker_id: address,
    joined_at_ms: joinedAtMs,
    beat_at_ms: Number.isFinite(beatAgeMs) ? Math.round(atMs - beatAgeMs) : null,
  };
}

function describeConnector({ record }: ConnectorView): LiveConnector {
  const { type, config, targetState, version } = record;
  return { type, class: config['connector.class'] ?? '', target_state: targetState, version };
}

function describeUnit(view: UnitView, attemptsMax: number | null, load: TaskLoad | null): LiveUnit {
  return {
    connector: view.connector,
    task: view.task ?? null,
    state: view.state,
    worker: view.worker ?? null,
    fence: view.fence,
    executor: view.executor ?? null,
    stalled: view.stalled,
    since_ms: view.sinceMs ?? null,
    attempts: view.attempts,
    attempts_max: attemptsMax,
    next_retry_at_ms: view.nextRetryAtMs ?? null,
    reason: view.reason ?? null,
    error: view.trace === undefined ? null : firstLine(view.trace),
    load,
  };
}

function firstLine(trace: string): string {
  const end = trace.indexOf('\n');
  return trace.slice(0, end < 0 ? errorCharactersMax : Math.min(end, errorCharactersMax));
}

/** Definitions are looked at several times a second, and seldom change. */
const attemptsByConfig = new WeakMap<object, number | null>();

/** Starts, and not restarts, as `attempts`; null: there is no end of them. */
export function attemptsMaxOf({
  record: { config },
}: Pick<ConnectorView, 'record'>): number | null {
  const known = attemptsByConfig.get(config);
  if (known !== undefined) return known;
  const { attemptsMax } = restartSettingsOf(config);
  const starts = Number.isFinite(attemptsMax) ? attemptsMax + 1 : null;
  attemptsByConfig.set(config, starts);
  return starts;
}
