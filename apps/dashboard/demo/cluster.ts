/**
 * A cluster that does not exist, for work on the dashboard: `--tasks` of them on some workers, with loads that change,
 * tasks that fail and come back, and now and then a worker that is lost. Deterministic but for time.
 */
import type {
  LiveChange,
  LiveEvent,
  LiveUnit,
  LiveView,
  LiveWorker,
  TaskState,
} from '@sluice/rest-api/live';

const names = [
  'orders',
  'payments',
  'customers',
  'inventory',
  'shipments',
  'invoices',
  'clicks',
  'sessions',
  'prices',
  'refunds',
  'audit',
  'products',
  'reviews',
  'carts',
  'emails',
  'tickets',
];
const systems = ['postgres', 'warehouse', 'bullmq', 'search', 'files', 'mysql'] as const;
const classes: Readonly<Record<(typeof systems)[number], readonly [string, 'source' | 'sink']>> = {
  postgres: ['io.debezium.connector.postgresql.PostgresConnector', 'source'],
  warehouse: ['io.confluent.connect.jdbc.JdbcSinkConnector', 'sink'],
  bullmq: ['io.sluice.bullmq.BullMqSource', 'source'],
  search: ['io.sluice.http.HttpSink', 'sink'],
  files: ['org.apache.kafka.connect.file.FileStreamSource', 'source'],
  mysql: ['io.debezium.connector.mysql.MySqlConnector', 'source'],
};
const errors = [
  'ConnectionRefused: connect ECONNREFUSED 10.0.3.17:5432: is PostgreSQL up, and does its firewall let workers in?',
  'DataException: column "total" of relation "orders" is numeric(10,2), and 1234567890.5 does not fit',
  'Error: replication slot "sluice_orders" is active for PID 4121: another consumer reads from it',
];

const stepsMax = 20_000;

export class DemoCluster {
  view: LiveView;
  /** Of units, the newest first. */
  steps: LiveEvent[] = [];
  #seconds = 0;
  #events = 0;

  constructor(tasks: number) {
    const workers = tasks <= 10 ? 3 : Math.min(20, Math.max(3, Math.round(tasks / 50)));
    const nowMs = Date.now();
    this.view = {
      at_ms: nowMs,
      cluster: 'demo',
      version: '0.1.0',
      leader: { coordinator: 'coordinator-1', epoch: 4, lease_ends_at_ms: nowMs + 4_000 },
      workers: Object.fromEntries(
        Array.from({ length: workers }, (_, index) => [
          `worker-${index + 1}`,
          this.#worker(index, nowMs),
        ]),
      ),
      connectors: {},
      units: {},
      events: [],
    };
    this.#define(tasks, workers, nowMs);
    this.#note('leader.elected', 'coordinator-1 leads, epoch 4', { coordinator: 'coordinator-1' });
    this.#note('assignment.rerun', `modulo rerun: ${workers} workers, ${tasks} tasks`, {});
  }

  /** A second later. */
  tick(): LiveChange {
    this.#seconds += 1;
    const atMs = Date.now();
    const before = this.view;
    this.view = {
      ...before,
      at_ms: atMs,
      leader: before.leader && { ...before.leader, lease_ends_at_ms: atMs + 4_000 },
      units: { ...before.units },
      workers: { ...before.workers },
    };
    for (const [id, unit] of Object.entries(this.view.units)) {
      this.view.units[id] = this.#later(id, unit, atMs);
    }
    for (const [name, worker] of Object.entries(this.view.workers)) {
      if (worker.state !== 'lost') this.view.workers[name] = this.#beating(worker, atMs);
    }
    if (this.#seconds % 30 === 12) this.#lose('worker-2', atMs);
    if (this.#seconds % 30 === 16) this.#move('worker-2', atMs);
    if (this.#seconds % 30 === 26) this.#return('worker-2', atMs);
    const fresh = this.view.events.filter(({ id }) => !before.events.some((old) => old.id === id));
    return {
      at_ms: atMs,
      leader: this.view.leader,
      workers: this.view.workers,
      units: this.view.units,
      connectors: this.view.connectors,
      events: fresh,
    };
  }

  setState(id: string, state: TaskState, reason: string): void {
    const unit = this.view.units[id];
    if (!unit) return;
    this.view.units[id] = {
      ...unit,
      state,
      reason,
      error: null,
      stalled: false,
      since_ms: Date.now(),
      next_retry_at_ms: null,
      attempts: 0,
    };
    this.#note(`task.${state.toLowerCase()}`, `${id}: ${reason}`, { unit: id });
  }

  setTarget(name: string, target: 'STARTED' | 'PAUSED' | 'STOPPED'): void {
    const connector = this.view.connectors[name];
    if (connector) this.view.connectors[name] = { ...connector, target_state: target };
    const state = target === 'STARTED' ? 'RUNNING' : target;
    for (const [id, unit] of Object.entries(this.view.units)) {
      if (unit.connector === name) this.setState(id, state, `the connector was set to ${target}`);
    }
  }

  #define(tasks: number, workers: number, nowMs: number): void {
    const connectors = tasks <= 10 ? 2 : Math.round(tasks / 5);
    for (let task = 0; task < tasks; task += 1) {
      const number = task % connectors;
      const system = systems[number % systems.length] ?? 'files';
      const round = Math.floor(number / names.length);
      const name = `${names[number % names.length] ?? 'x'}-${system}${round > 0 ? `-${round}` : ''}`;
      const [className, type] = classes[system];
      this.view.connectors[name] ??= {
        type,
        class: className,
        target_state: number % 17 === 11 ? 'PAUSED' : number % 23 === 15 ? 'STOPPED' : 'STARTED',
        version: 1,
      };
      const target = this.view.connectors[name].target_state;
      const base = this.#unit(name, `worker-${(number % workers) + 1}`, nowMs);
      this.view.units[`connector/${name}`] ??= {
        ...base,
        state: target === 'STARTED' ? 'RUNNING' : target,
      };
      if (target === 'STOPPED') continue;
      const index = Math.floor(task / connectors);
      const id = `task/${name}/${index}`;
      const unit: LiveUnit = {
        ...this.#unit(name, `worker-${(task % workers) + 1}`, nowMs),
        ...(target === 'PAUSED' ? { state: 'PAUSED' as const } : trouble(task, nowMs)),
        task: index,
      };
      this.view.units[id] = unit;
      this.#begin(id, unit, nowMs);
    }
  }

  /** How it became what it is. */
  #begin(id: string, unit: LiveUnit, nowMs: number): void {
    const worker = unit.worker ?? 'worker-1';
    const startMs = nowMs - 700_000 - ((unit.task ?? 0) % 5) * 20_000;
    this.#step(id, 'granted', startMs, { worker, reason: unit.reason ?? 'first assignment' });
    this.#step(id, 'claimed', startMs + 2_000, { worker });
    this.#step(id, 'running', startMs + 9_000, { worker });
    if (unit.state === 'PAUSED') this.#step(id, 'paused', nowMs - 200_000, { worker });
    if (unit.error === null) return;
    const starts = Math.min(unit.attempts, 7);
    for (let start = 1; start <= starts; start += 1) {
      const facts = { worker, attempts: start, error: unit.error };
      this.#step(id, 'backing_off', nowMs - 460_000 + 2 ** start * 3_000, facts);
    }
    const facts = { worker, attempts: unit.attempts, error: unit.error };
    if (unit.state === 'FAILED') this.#step(id, 'failed', nowMs - 45_000, facts);
  }

  #step(id: string, name: string, atMs: number, facts: LiveEvent['facts']): void {
    this.#events += 1;
    const connector = this.view.units[id]?.connector ?? '';
    const event = {
      id: `${atMs}-${this.#events}`,
      at_ms: atMs,
      type: `unit.${name}`,
      message: `${id} ${name}${typeof facts['worker'] === 'string' ? `, ${facts['worker']}` : ''}`,
      facts: { unit: id, connector, ...facts },
    };
    this.steps.unshift(event);
    this.steps.length = Math.min(this.steps.length, stepsMax);
  }

  #unit(connector: string, worker: string, nowMs: number): LiveUnit {
    return {
      connector,
      task: null,
      state: 'RUNNING',
      worker,
      fence: nowMs * 1000,
      executor: 'shared-1',
      stalled: false,
      since_ms: nowMs - 3_600_000,
      attempts: 0,
      attempts_max: null,
      next_retry_at_ms: null,
      reason: `modulo rerun: dealt to ${worker}`,
      error: null,
      load: null,
    };
  }

  #worker(index: number, nowMs: number): LiveWorker {
    return {
      state: 'up',
      cordoned: false,
      slot: index,
      host: `node-${Math.floor(index / 4) + 1}`,
      pid: 4_100 + index * 13,
      worker_id: `10.0.0.${index + 1}:8084`,
      joined_at_ms: nowMs - 7_200_000 - index * 60_000,
      beat_at_ms: nowMs,
      board: `/queues/queue/start.worker-${index + 1}`,
      load: null,
    };
  }

  #beating(worker: LiveWorker, atMs: number): LiveWorker {
    const wave = Math.sin(this.#seconds / 9 + worker.slot);
    return {
      ...worker,
      beat_at_ms: atMs - 120,
      load: {
        at_ms: atMs,
        cpu_cores: 0.42 + wave * 0.2,
        rss_bytes: (210 + worker.slot * 4 + wave * 20) * 1024 * 1024,
        executors: [1, 2].map((number) => ({
          id: `shared-${number}`,
          kind: 'shared',
          actors: 25,
          heap_used_bytes: 48 * 1024 * 1024,
          event_loop_delay_ms: worker.slot === 4 && number === 2 ? 310 : 3.2 + wave * 2 + number,
        })),
      },
    };
  }

  #later(id: string, unit: LiveUnit, atMs: number): LiveUnit {
    if (unit.task === null) return unit;
    if (unit.next_retry_at_ms !== null && unit.next_retry_at_ms < atMs) {
      const waitMs = 12_000 + unit.task * 3_000;
      return { ...unit, attempts: unit.attempts + 1, next_retry_at_ms: atMs + waitMs };
    }
    if (unit.state !== 'RUNNING' || unit.stalled) return { ...unit, load: null };
    const seed = Array.from(id, (each) => each.charCodeAt(0)).reduce((sum, code) => sum + code, 0);
    const wave = 1 + 0.3 * Math.sin(this.#seconds / (5 + (seed % 7)) + seed);
    const records = Math.round((seed % 900) * wave);
    const isSink = this.view.connectors[unit.connector]?.type === 'sink';
    return {
      ...unit,
      load: {
        records_in: records,
        records_out: Math.round(records * 0.98),
        bytes: records * 412,
        lag_records: isSink ? Math.round(seed * 3 * wave) : null,
        source_delay_ms: isSink ? null : 40 + (seed % 300),
        errors: seed % 5,
        retries: seed % 3,
        skipped: 0,
        dead_letters: seed % 29 === 0 ? 3 : 0,
      },
    };
  }

  #lose(name: string, atMs: number): void {
    const worker = this.view.workers[name];
    if (worker)
      this.view.workers[name] = { ...worker, state: 'lost', load: null, beat_at_ms: atMs };
    this.#note('worker.silent', `${name} sends no beat`, { worker: name });
  }

  #move(name: string, atMs: number): void {
    const others = Object.keys(this.view.workers).filter((each) => each !== name);
    let moved = 0;
    for (const [id, unit] of Object.entries(this.view.units)) {
      if (unit.worker !== name) continue;
      const to = others[moved % others.length] ?? name;
      moved += 1;
      const reason = `lease of ${name} expired 3.9 s after its last beat: dealt to ${to}`;
      this.view.units[id] = { ...unit, worker: to, reason, since_ms: atMs, fence: atMs * 1000 };
      if (unit.state !== 'RUNNING') continue;
      this.#step(id, 'orphaned', atMs - 300, { worker: name, reason });
      this.#step(id, 'granted', atMs - 200, { worker: to, reason });
      this.#step(id, 'running', atMs, { worker: to });
    }
    delete this.view.workers[name];
    const left = others.length;
    this.#note('worker.dead', `${name} declared dead, 4.0 s after its last beat`, { worker: name });
    this.#note(
      'assignment.rerun',
      `modulo rerun: lease of ${name} expired, N ${left + 1}→${left}, ${moved} orphaned, ${moved} moved`,
      { worker: name },
    );
  }

  #return(name: string, atMs: number): void {
    this.view.workers[name] = this.#beating(this.#worker(1, atMs), atMs);
    const units = Object.entries(this.view.units);
    const share = Math.floor(units.length / Object.keys(this.view.workers).length);
    for (const [id, unit] of units.slice(0, share)) {
      this.view.units[id] = { ...unit, worker: name, reason: `${name} joined: its share of tasks` };
    }
    this.#note('worker.joined', `${name} joined, slot 1`, { worker: name });
  }

  #note(type: string, message: string, facts: LiveEvent['facts']): void {
    this.#events += 1;
    const atMs = Date.now();
    const event = { id: `${atMs}-${this.#events}`, at_ms: atMs, type, message, facts };
    this.view.events = [event, ...this.view.events].slice(0, 100);
  }
}

/** Some tasks are always in trouble, so that each state can be seen. */
function trouble(task: number, nowMs: number): Partial<LiveUnit> {
  const error = errors[task % errors.length] ?? null;
  if (task % 97 === 5) return { state: 'FAILED', error, attempts: 8, attempts_max: 8 };
  if (task % 83 === 1) {
    const next = nowMs + 9_000 + (task % 40) * 1_000;
    return { state: 'RESTARTING', error, attempts: 3, attempts_max: 8, next_retry_at_ms: next };
  }
  if (task % 331 === 100) {
    return { state: 'UNASSIGNED', worker: null, reason: 'no worker has its plugin: HttpSink' };
  }
  if (task % 401 === 60) return { stalled: true, reason: 'its executor does not answer for 12 s' };
  return {};
}
