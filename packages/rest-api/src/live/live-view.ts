/**
 * What the dashboard sees, as JSON: `GET /sluice/live` sends it over server-sent events.
 *
 * event `view`   data: LiveView           first, and whenever a client fell behind; replaces all that was seen
 * event `change` data: LiveChange         what is different since the last event; applied in order
 * event `tick`   data: { at_ms }          at least every 2 s, also if nothing changed and only while the store answers:
 *                                         a client that sees no event for longer shows how old its data is
 * event `stale`  data: LiveStale          the store cannot be read; the view is as of `at_ms`. Also right behind a view that
 *                                         is sent while it is so
 * All times are ms since 1970 by the coordinator's clock, which is the clock of `at_ms` too. Plain types, for browsers.
 */

export type TaskState = 'RUNNING' | 'PAUSED' | 'FAILED' | 'RESTARTING' | 'UNASSIGNED' | 'STOPPED';

export interface LiveView {
  at_ms: number;
  cluster: string;
  version: string;
  leader: LiveLeader | null;
  /** By name. */
  workers: Record<string, LiveWorker>;
  /** By name. */
  connectors: Record<string, LiveConnector>;
  /** By id: `connector/orders` or `task/orders/3`, the ids of `GET /sluice/tasks`. */
  units: Record<string, LiveUnit>;
  /** The newest first, at most 100. */
  events: LiveEvent[];
}

/** Keys that are absent did not change; null: gone. A worker, connector or unit that changed is whole. */
export interface LiveChange {
  at_ms: number;
  leader?: LiveView['leader'];
  workers?: Record<string, LiveWorker | null>;
  connectors?: Record<string, LiveConnector | null>;
  units?: Record<string, LiveUnit | null>;
  /** New ones, the newest first. */
  events?: LiveEvent[];
}

export interface LiveLeader {
  coordinator: string;
  epoch: number;
  /** Unless it is renewed before, as it is all the time. Sent once it has moved. */
  lease_ends_at_ms: number;
}

export interface LiveStale {
  at_ms: number;
  /** The coordinator's clock: so old is the view. */
  now_ms: number;
  reason: string;
}

export interface LiveWorker {
  state: 'up' | 'draining' | 'lost' | 'dead';
  /** It is given no new work. */
  cordoned: boolean;
  slot: number;
  host: string;
  pid: number;
  worker_id: string;
  joined_at_ms: number;
  /** When its last beat came; null when there is none. Sent only when it is late or on time again, else with `load`. */
  beat_at_ms: number | null;
  /**
   * Path of the page of its start queue on BullMQ's boards: `/queues/queue/start.worker-1`; what a name of a queue cannot
   * carry is `=3A` and the like in it. null: this server has no boards.
   */
  board: string | null;
  /** null: it has not told in the last seconds (an older release, it just joined, or it is lost). */
  load: WorkerLoad | null;
}

/** Of the last second, told by the worker once a second. */
export interface WorkerLoad {
  at_ms: number;
  /** Of all its processes; 1: one core. */
  cpu_cores: number;
  rss_bytes: number;
  executors: readonly {
    id: string;
    kind: 'shared' | 'dedicated';
    actors: number;
    heap_used_bytes: number;
    /** p99 of the delay of its event loop, ms. */
    event_loop_delay_ms: number;
  }[];
}

export interface LiveConnector {
  type: 'source' | 'sink' | 'unknown';
  class: string;
  target_state: 'STARTED' | 'PAUSED' | 'STOPPED';
  version: number;
}

export interface LiveUnit {
  connector: string;
  /** null: the connector itself. */
  task: number | null;
  state: TaskState;
  worker: string | null;
  fence: number;
  executor: string | null;
  stalled: boolean;
  since_ms: number | null;
  attempts: number;
  attempts_max: number | null;
  next_retry_at_ms: number | null;
  /** One line: why it is as it is. */
  reason: string | null;
  /** First line of the trace, at most 300 characters; the whole is in `GET /sluice/tasks`. */
  error: string | null;
  /** null: a connector, or nothing told in the last seconds. */
  load: TaskLoad | null;
}

export interface TaskLoad {
  /** Per second, over the last second that was told. */
  records_in: number;
  records_out: number;
  bytes: number;
  /** Sink: records not read yet. Source: null, where it is not known. */
  lag_records: number | null;
  /** Source: how old the newest record was when it was polled; null where not known. */
  source_delay_ms: number | null;
  /** Since the task started. */
  errors: number;
  retries: number;
  skipped: number;
  dead_letters: number;
  /** In the order of the chain, at most 20; absent: it has none, or its worker is of an older release. */
  transforms?: readonly TransformLoad[];
}

/** Over the last second that was told. */
export interface TransformLoad {
  /** As the definition names it. */
  name: string;
  /** Per second: records that came to it, those that its predicate leaves out among them, and that went on. */
  records_in: number;
  records_out: number;
  /** Part of the time that records were in it: 0.25 is a quarter. */
  busy: number;
}

export interface LiveEvent {
  id: string;
  at_ms: number;
  type: string;
  message: string;
  /** Names that it is about, as `worker`, `connector`, `unit`. */
  facts: Record<string, string | number | boolean>;
}

/** Events that a view keeps. */
export const eventsMax = 100;

/** The view after a change; what did not change is the same object. Pure. */
export function applyChange(view: LiveView, change: LiveChange): LiveView {
  return {
    ...view,
    at_ms: change.at_ms,
    leader: change.leader === undefined ? view.leader : change.leader,
    workers: changed(view.workers, change.workers),
    connectors: changed(view.connectors, change.connectors),
    units: changed(view.units, change.units),
    events: change.events ? [...change.events, ...view.events].slice(0, eventsMax) : view.events,
  };
}

function changed<Each>(
  before: Record<string, Each>,
  changes: Record<string, Each | null> | undefined,
): Record<string, Each> {
  if (!changes) return before;
  const after = new Map(Object.entries(before));
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) after.delete(name);
    else after.set(name, value);
  }
  return Object.fromEntries(after);
}
