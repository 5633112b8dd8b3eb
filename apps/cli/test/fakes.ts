/** Stand-ins for the process and the cluster, and snapshots to look at. */
import {
  type AuditTrail,
  type ClusterClient,
  type ClusterEvent,
  type ClusterSnapshot,
  type ConnectorRecord,
  type ConnectorView,
  type LoadReport,
  type LoggerLevel,
  type MemberRecord,
  type PluginInfo,
  protocolSpoken,
  type RequestBody,
  type SubmitOutcome,
  type UnitId,
  type UnitRecord,
  type UnitView,
  type WorkerView,
} from '@sluice/coordination';

import type { Io } from '../src/io.ts';
import { runCli } from '../src/run-cli.ts';
import type { OpenSession } from '../src/session.ts';

export const nowMs = Date.UTC(2026, 0, 2);

export interface FakeCluster {
  /** One after the other, the last again and again. */
  readonly snapshots?: readonly ClusterSnapshot[];
  readonly events?: readonly ClusterEvent[];
  readonly outcome?: SubmitOutcome;
  /** Of the first requests; `outcome` is that of the others. */
  readonly outcomes?: readonly SubmitOutcome[];
  readonly loggerLevels?: ReadonlyMap<string, LoggerLevel>;
  readonly loads?: ReadonlyMap<string, LoadReport>;
  readonly openError?: Error;
  readonly stdin?: string;
  readonly env?: Record<string, string>;
}

const noAudit: AuditTrail = {
  append: async () => {},
  read: async () => ({ entries: [], next: null }),
};

export interface RunResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly requests: readonly RequestBody[];
  readonly isClosed: boolean;
}

/** Runs a command line against a made-up cluster. */
export async function run(argv: readonly string[], cluster: FakeCluster = {}): Promise<RunResult> {
  const out: string[] = [];
  const err: string[] = [];
  const requests: RequestBody[] = [];
  const snapshots = [...(cluster.snapshots ?? [aSnapshot()])];
  let isClosed = false;
  const io: Io = {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    stdin: async () => cluster.stdin ?? '',
    stdinLine: async () => cluster.stdin?.split('\n')[0] ?? '',
    env: cluster.env ?? {},
    columns: undefined,
    isColored: false,
    closed: new AbortController().signal,
  };
  const client: ClusterClient = {
    snapshot: async () => {
      const [next] = snapshots;
      if (snapshots.length > 1) snapshots.shift();
      return next ?? aSnapshot();
    },
    connector: async (name) => {
      const { connectors, plugins } = snapshots[0] ?? aSnapshot();
      const view = connectors.get(name);
      return view && { ...view, plugins };
    },
    submit: async (body) => {
      requests.push(body);
      const own = cluster.outcomes?.[requests.length - 1];
      return own ?? cluster.outcome ?? { kind: 'done', connectors: [] };
    },
    taskConfigs: async () => [{ file: '/tmp/a', 'ssl.key.password': 'hunter2' }],
    events: async (max) => (cluster.events ?? []).slice(0, max),
    topics: async () => [],
    forgetTopics: async () => {},
    setLoggerLevel: async () => {},
    fenceOffsets: async () => ({ kind: 'unknown' }),
    ping: async () => {},
  };
  const open: OpenSession = async () => {
    if (cluster.openError) throw cluster.openError;
    return {
      client,
      audit: noAudit,
      loads: { readAll: async () => cluster.loads ?? new Map() },
      note: async () => {},
      loggerLevels: async () => cluster.loggerLevels ?? new Map(),
      nowMs: async () => nowMs,
      close: async () => {
        isClosed = true;
      },
    };
  };
  const code = await runCli(argv, { io, open });
  return { code, out: out.join('\n'), err: err.join('\n'), requests, isClosed };
}

export function aRecord(overrides: Partial<ConnectorRecord> = {}): ConnectorRecord {
  return {
    name: 'orders',
    uid: 'uid-1',
    version: 1,
    config: { name: 'orders', 'connector.class': 'FileStreamSource', 'tasks.max': '2' },
    type: 'source',
    targetState: 'STARTED',
    lifecycle: 'live',
    taskEpoch: 1,
    taskCount: 2,
    taskVersion: 1,
    createdAtMs: nowMs - 3_600_000,
    ...overrides,
  };
}

export function aUnit(unit: UnitId, overrides: Partial<UnitView> = {}): UnitView {
  const [kind, connector, task] = unit.split('/');
  return {
    unit,
    connector: connector ?? '',
    ...(kind === 'task' && { task: Number(task) }),
    state: 'RUNNING',
    worker: 'worker-1',
    workerId: '127.0.0.1:8084',
    fence: 7,
    sinceMs: nowMs - 60_000,
    attempts: 1,
    stalled: false,
    ...overrides,
  };
}

export interface ViewOverrides {
  readonly record?: Partial<ConnectorRecord>;
  readonly connector?: Partial<UnitView>;
  /** One for each task. */
  readonly tasks?: readonly Partial<UnitView>[];
}

export function aView(overrides: ViewOverrides = {}): ConnectorView {
  const record = aRecord(overrides.record);
  return {
    record,
    connector: aUnit(`connector/${record.name}`, overrides.connector),
    tasks: (overrides.tasks ?? [{}, {}]).map((task, index) =>
      aUnit(`task/${record.name}/${index}`, task),
    ),
  };
}

export function aWorker(name: string, overrides: Partial<WorkerView> = {}): WorkerView {
  return { member: aMember(name), state: 'up', beatAgeMs: 120, units: [], ...overrides };
}

export function aMember(name: string, plugins: readonly PluginInfo[] = []): MemberRecord {
  return {
    worker: name,
    incarnation: `${name}-incarnation`,
    state: 'up',
    slot: Number(name.split('-')[1] ?? 0),
    pid: 4711,
    host: 'host-a',
    address: '127.0.0.1:8084',
    protocol: protocolSpoken,
    log: 'redis',
    leaseMs: 4_000,
    plugins,
    joinedAtMs: nowMs - 7_200_000,
  };
}

/** Units are derived: owned, and of the newest epoch. */
export function aSnapshot(
  views: readonly ConnectorView[] = [],
  overrides: Partial<ClusterSnapshot> = {},
): ClusterSnapshot {
  const units = views.flatMap((view) =>
    [view.connector, ...view.tasks].map((unit) => aUnitRecord(view.record, unit)),
  );
  return {
    connectors: new Map(views.map((view) => [view.record.name, view])),
    workers: [aWorker('worker-1')],
    leader: { coordinator: 'coordinator-1', epoch: 3, leaseLeftMs: 3_400 },
    protocol: protocolSpoken.max,
    plugins: [aPlugin('org.apache.kafka.connect.file.FileStreamSourceConnector')],
    units: new Map(units.map((unit) => [unit.unit, unit])),
    ...overrides,
  };
}

export function aUnitRecord(record: ConnectorRecord, view: UnitView): UnitRecord {
  return {
    unit: view.unit,
    kind: view.task === undefined ? 'connector' : 'task',
    connector: record.name,
    ...(view.task !== undefined && { task: view.task }),
    uid: record.uid,
    epoch: record.taskEpoch,
    heldEpoch: record.taskEpoch,
    ordinal: 1,
    retired: false,
    state: 'claimed',
    fence: view.fence,
    restarts: 0,
  };
}

export function aPlugin(className: string): PluginInfo {
  const simple = className.slice(className.lastIndexOf('.') + 1);
  return {
    class: className,
    aliases: [simple, simple.replace(/Connector$/, '')],
    type: 'source',
    version: '1.0.0',
    configKeys: [],
  };
}

export function done(
  name: string,
  outcome: 'created' | 'updated' | 'unchanged' | 'deleted',
  overrides: Partial<ConnectorRecord> = {},
): SubmitOutcome {
  return {
    kind: 'done',
    connectors: [{ name, outcome, record: aRecord({ name, ...overrides }) }],
  };
}
