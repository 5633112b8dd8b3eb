/** Small views of a cluster for tests. */
import type { LiveUnit, LiveView, LiveWorker, TaskLoad } from '@sluice/rest-api/live';

export function unit(changes: Partial<LiveUnit> = {}): LiveUnit {
  return {
    connector: 'orders',
    task: 0,
    state: 'RUNNING',
    worker: 'worker-1',
    fence: 1,
    executor: 'shared-1',
    stalled: false,
    since_ms: 1_000,
    attempts: 0,
    attempts_max: null,
    next_retry_at_ms: null,
    reason: null,
    error: null,
    load: null,
    ...changes,
  };
}

export function load(changes: Partial<TaskLoad> = {}): TaskLoad {
  return {
    records_in: 0,
    records_out: 0,
    bytes: 0,
    lag_records: null,
    source_delay_ms: null,
    errors: 0,
    retries: 0,
    skipped: 0,
    dead_letters: 0,
    ...changes,
  };
}

export function worker(changes: Partial<LiveWorker> = {}): LiveWorker {
  return {
    state: 'up',
    cordoned: false,
    slot: 0,
    host: 'node-1',
    pid: 1,
    worker_id: '127.0.0.1:8084',
    joined_at_ms: 0,
    beat_at_ms: 0,
    board: null,
    load: null,
    ...changes,
  };
}

/** Units by `orders/0`, or `orders` for the connector itself. */
export function view(
  units: Readonly<Record<string, Partial<LiveUnit>>> = {},
  changes: Partial<LiveView> = {},
): LiveView {
  const entries = Object.entries(units).map(([name, given]) => {
    const [connector = '', task] = name.split('/');
    const id = task === undefined ? `connector/${name}` : `task/${name}`;
    return [id, unit({ connector, task: task === undefined ? null : Number(task), ...given })];
  });
  const all = Object.fromEntries(entries) as Record<string, LiveUnit>;
  const connectors = new Set(Object.values(all).map(({ connector }) => connector));
  return {
    at_ms: 10_000,
    cluster: 'test',
    version: '0.1.0',
    leader: null,
    workers: { 'worker-1': worker() },
    connectors: Object.fromEntries(
      [...connectors].map((name) => [
        name,
        { type: 'source', class: 'FileStreamSource', target_state: 'STARTED', version: 1 },
      ]),
    ),
    units: all,
    events: [],
    ...changes,
  };
}
