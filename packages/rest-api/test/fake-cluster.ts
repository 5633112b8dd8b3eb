/**
 * A cluster of plain records behind the client's port: requests are applied at once, as a leader would,
 * unless it has none. What the real decisions do is tested where they are; here they only have to be
 * plausible.
 */
import {
  type AppliedConnector,
  type ClusterClient,
  type ClusterEvent,
  type ClusterSnapshot,
  type ConnectorRecord,
  type ConnectorView,
  connectorUnit,
  type Definition,
  type FoundConnector,
  type OffsetsFence,
  type PluginInfo,
  type RequestBody,
  type RequestResult,
  type RunState,
  type SubmitOutcome,
  taskUnit,
  type UnitRecord,
  type UnitView,
  type WorkerView,
} from '@sluice/coordination';
import { type LogLevel, SluiceError } from '@sluice/kernel';

export class FakeCluster implements ClusterClient {
  readonly connectors = new Map<string, ConnectorView>();
  readonly configsOfTasks = new Map<string, Readonly<Record<string, string>>[]>();
  readonly loggers = new Map<string, LogLevel>();
  readonly topicsOf = new Map<string, readonly string[]>();
  readonly requests: RequestBody[] = [];
  readonly #asked = Promise.withResolvers<void>();
  workers: WorkerView[] = [];
  plugins: PluginInfo[] = [];
  storedEvents: ClusterEvent[] = [];
  /** Instead of what follows from the connector. */
  nextFence: OffsetsFence | undefined;
  hasLeader = true;
  isReachable = true;
  /** Answers nothing, ever. */
  isHanging = false;
  /** Called after each request is noted, before it is answered. */
  onRequest: (() => void) | undefined;
  /** Taken as the outcome of the next request. */
  nextOutcome: SubmitOutcome | undefined;

  async snapshot(): Promise<ClusterSnapshot> {
    await this.#answer();
    const units = new Map<string, UnitRecord>();
    for (const { connector, tasks } of this.connectors.values()) {
      for (const view of [connector, ...tasks]) units.set(view.unit, unitRecord(view));
    }
    return {
      connectors: new Map(Array.from(this.connectors).sort(([a], [b]) => (a < b ? -1 : 1))),
      workers: this.workers,
      leader: this.hasLeader
        ? { coordinator: 'coordinator-1', epoch: 1, leaseLeftMs: 3_400.2 }
        : undefined,
      protocol: 1,
      plugins: this.plugins,
      units,
    };
  }

  async connector(name: string): Promise<FoundConnector | undefined> {
    await this.#answer();
    const view = this.connectors.get(name);
    return view && { ...view, plugins: this.plugins };
  }

  async submit(body: RequestBody, { requestId = 'request-1' }): Promise<SubmitOutcome> {
    await this.#answer();
    this.requests.push(body);
    const forced = this.nextOutcome;
    this.nextOutcome = undefined;
    this.onRequest?.();
    if (forced) return forced;
    if (!this.hasLeader) return { kind: 'pending', requestId, reason: 'no coordinator is up' };
    return this.#apply(body);
  }

  async taskConfigs(connector: string): Promise<readonly Readonly<Record<string, string>>[]> {
    await this.#answer();
    return this.configsOfTasks.get(connector) ?? [];
  }

  async events(max: number): Promise<ClusterEvent[]> {
    await this.#answer();
    return this.storedEvents.slice(0, max);
  }

  async topics(connector: string): Promise<readonly string[]> {
    await this.#answer();
    return this.topicsOf.get(connector) ?? [];
  }

  async forgetTopics(connector: string): Promise<void> {
    await this.#answer();
    this.topicsOf.delete(connector);
  }

  async setLoggerLevel(logger: string, level: LogLevel): Promise<void> {
    await this.#answer();
    this.loggers.set(logger, level);
  }

  async fenceOffsets(connector: string): Promise<OffsetsFence> {
    await this.#answer();
    const record = this.connectors.get(connector)?.record;
    if (!record) return { kind: 'unknown' };
    if (this.nextFence) return this.nextFence;
    if (record.targetState !== 'STOPPED') return { kind: 'not-stopped' };
    const { uid, taskEpoch } = record;
    return { kind: 'fenced', uid, taskEpoch, fence: 99, tasksMax: 3 };
  }

  async ping(): Promise<void> {
    await this.#answer();
  }

  /** A running connector with running tasks. */
  add(
    name: string,
    options: {
      tasks?: number;
      config?: Record<string, string>;
      type?: ConnectorRecord['type'];
    } = {},
  ): void {
    const { tasks = 1, config = {}, type } = options;
    const changes = { taskCount: tasks, ...(type && { type }) };
    const record = connectorRecord({ name, config }, changes);
    this.connectors.set(name, {
      record,
      connector: unitView(connectorUnit(name), { connector: name }),
      tasks: Array.from({ length: tasks }, (_none, task) =>
        unitView(taskUnit(name, task), { connector: name, task }),
      ),
    });
    this.configsOfTasks.set(
      name,
      Array.from({ length: tasks }, (_none, task) => ({ 'task.id': String(task) })),
    );
  }

  stop(name: string, changes: Partial<ConnectorRecord> = {}): void {
    const view = this.#view(name);
    const record = { ...view.record, targetState: 'STOPPED' as const, taskCount: 0, ...changes };
    this.connectors.set(name, { ...view, record, tasks: [] });
  }

  fail(name: string, task: number | undefined, trace: string): void {
    const view = this.#view(name);
    const failed = { state: 'FAILED' as RunState, trace };
    this.connectors.set(name, {
      record: view.record,
      connector: task === undefined ? { ...view.connector, ...failed } : view.connector,
      tasks: view.tasks.map((unit) => (unit.task === task ? { ...unit, ...failed } : unit)),
    });
  }

  /** Resolves once anything was asked of it. */
  get asked(): Promise<void> {
    return this.#asked.promise;
  }

  async #answer(): Promise<void> {
    this.#asked.resolve();
    if (this.isHanging) await new Promise(() => {});
    if (!this.isReachable) {
      throw new SluiceError('store.unreachable', 'Redis at 127.0.0.1:1 does not answer', {
        retriable: true,
      });
    }
  }

  #view(name: string): ConnectorView {
    const view = this.connectors.get(name);
    if (!view) throw new Error(`the test has no connector ${name}`);
    return view;
  }

  #apply(body: RequestBody): RequestResult {
    switch (body.op) {
      case 'apply':
        return this.#applyDefinitions(body);
      case 'delete':
        if (!this.connectors.delete(body.connector)) return notFound(body.connector);
        return { kind: 'done', connectors: [] };
      case 'target':
      case 'restart':
        if (!this.connectors.has(body.connector)) return notFound(body.connector);
        return { kind: 'done', connectors: [] };
      case 'drain':
      case 'cordon':
      case 'uncordon':
        return { kind: 'done', connectors: [] };
    }
  }

  #applyDefinitions({
    definitions,
    mode,
    dryRun,
  }: Extract<RequestBody, { op: 'apply' }>): RequestResult {
    const taken = definitions.find(({ name }) => mode === 'create' && this.connectors.has(name));
    if (taken) return refused(409, `Connector ${taken.name} already exists`);
    const missing = definitions.find(({ name }) => mode === 'update' && !this.connectors.has(name));
    if (missing) return notFound(missing.name);
    const connectors = definitions.map((definition): AppliedConnector => {
      const existing = this.connectors.get(definition.name);
      const record = connectorRecord(definition, {
        version: (existing?.record.version ?? 0) + 1,
        taskCount: existing?.record.taskCount ?? 0,
      });
      if (!dryRun) {
        const connector = unitView(connectorUnit(record.name), { connector: record.name });
        this.connectors.set(record.name, { record, connector, tasks: existing?.tasks ?? [] });
      }
      return { name: record.name, outcome: existing ? 'updated' : 'created', record };
    });
    return { kind: 'done', connectors };
  }
}

export function connectorRecord(
  { name, config, initialState }: Definition,
  changes: Partial<ConnectorRecord> = {},
): ConnectorRecord {
  return {
    name,
    uid: `uid-${name}`,
    version: 1,
    config: { 'connector.class': 'FileStreamSource', ...config, name },
    type: 'source',
    targetState: initialState ?? 'STARTED',
    lifecycle: 'live',
    taskEpoch: 1,
    taskCount: 0,
    taskVersion: 1,
    createdAtMs: 1_000,
    ...changes,
  };
}

export function unitView(
  unit: string,
  changes: Partial<UnitView> & { connector: string },
): UnitView {
  return {
    unit,
    state: 'RUNNING',
    worker: 'worker-1',
    workerId: '127.0.0.1:9001',
    fence: 17,
    sinceMs: 2_000,
    attempts: 1,
    stalled: false,
    ...changes,
  };
}

export function workerView(worker: string, changes: Partial<WorkerView> = {}): WorkerView {
  return {
    member: {
      worker,
      incarnation: `${worker}-incarnation`,
      state: 'up',
      slot: 0,
      pid: 4_242,
      host: 'machine',
      address: '127.0.0.1:9001',
      protocol: { min: 1, max: 1 },
      log: 'redis',
      leaseMs: 4_000,
      plugins: [],
      joinedAtMs: 500,
    },
    state: 'up',
    beatAgeMs: 120.4,
    units: [],
    ...changes,
  };
}

export function plugin(className: string, changes: Partial<PluginInfo> = {}): PluginInfo {
  return {
    class: className,
    aliases: [],
    type: 'source',
    version: '1.0.0',
    configKeys: [],
    ...changes,
  };
}

function unitRecord({ unit, connector, task, fence, worker }: UnitView): UnitRecord {
  return {
    unit,
    kind: task === undefined ? 'connector' : 'task',
    connector,
    ...(task !== undefined && { task }),
    uid: `uid-${connector}`,
    epoch: 1,
    ordinal: task ?? 0,
    retired: false,
    state: 'claimed',
    ...(worker !== undefined && { worker, incarnation: `${worker}-incarnation` }),
    fence,
    restarts: 0,
  };
}

function notFound(name: string): RequestResult {
  return refused(404, `Connector ${name} not found`);
}

export function refused(
  status: number,
  message: string,
): Extract<RequestResult, { kind: 'refused' }> {
  return { kind: 'refused', status, code: 'test.refused', message };
}
