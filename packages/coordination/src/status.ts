/** Derives what readers see (snapshot.ts) from records and beats. Pure. */
import type { ClusterView } from './cluster-view.ts';
import type { ConnectorRecord, MemberRecord, RunState, UnitId, UnitRecord } from './model.ts';
import type { PluginCatalog } from './plugin-catalog.ts';
import type { TimingProfile } from './profile.ts';
import type { ClusterSnapshot, ConnectorView, UnitView, WorkerView } from './snapshot.ts';

export interface SnapshotInputs {
  readonly view: ClusterView;
  /** ms since the last beat of each worker. */
  readonly beatAgesMs: ReadonlyMap<string, number>;
  readonly leader: ClusterSnapshot['leader'];
  readonly catalog: PluginCatalog;
  readonly profile: TimingProfile;
}

export function deriveSnapshot(inputs: SnapshotInputs): ClusterSnapshot {
  const { view, leader, catalog } = inputs;
  const owned = Map.groupBy(view.units.values(), ({ incarnation }) => incarnation);
  const workers = [...view.members.values()]
    .toSorted((a, b) => a.slot - b.slot)
    .map((member) => {
      const units = owned.get(member.incarnation) ?? [];
      return workerView(
        member,
        units.map(({ unit }) => unit),
        inputs,
      );
    });
  const byName = new Map(workers.map((worker) => [worker.member.worker, worker]));

  const connectors = new Map<string, ConnectorView>();
  for (const name of [...view.connectors.keys()].toSorted()) {
    const record = view.connectors.get(name);
    if (!record || record.lifecycle === 'deleting') continue;
    connectors.set(name, connectorView(record, byName, view));
  }
  const { protocol, units } = view;
  return { connectors, workers, leader, protocol, plugins: catalog.list(), units };
}

function workerView(
  member: MemberRecord,
  units: readonly UnitId[],
  { beatAgesMs, profile }: SnapshotInputs,
): WorkerView {
  const beatAgeMs = beatAgesMs.get(member.worker) ?? Number.POSITIVE_INFINITY;
  // A worker without Redis has stopped or killed itself some time before its lease is over: what it said
  // is history, whether or not a leader is there to declare it dead. It may run by another profile.
  const killAfterMs = (member.leaseMs * profile.killAfterMs) / profile.deadAfterMs;
  const lost = member.state !== 'dead' && beatAgeMs > killAfterMs;
  return { member, state: lost ? 'lost' : member.state, beatAgeMs, units };
}

function connectorView(
  record: ConnectorRecord,
  workers: ReadonlyMap<string, WorkerView>,
  view: ClusterView,
): ConnectorView {
  const tasks: UnitView[] = [];
  let connector: UnitView | undefined;
  for (const unit of view.unitsOf(record.name)) {
    if (unit.retired) continue;
    const derived = unitView(unit, record, workers);
    if (unit.kind === 'connector') connector = derived;
    else tasks.push(derived);
  }
  tasks.sort((a, b) => (a.task ?? 0) - (b.task ?? 0));
  return { record, connector: connector ?? missingConnectorUnit(record), tasks };
}

function unitView(
  unit: UnitRecord,
  record: ConnectorRecord,
  workers: ReadonlyMap<string, WorkerView>,
): UnitView {
  const name = unit.worker ?? unit.lastWorker ?? '';
  const owner = workers.get(name);
  const { state, reason } = unitState(unit, record, owner, workers);
  // What was said of another state than this one is history.
  const status = unit.status?.state === state ? unit.status : undefined;
  return {
    unit: unit.unit,
    connector: unit.connector,
    ...(unit.task === undefined ? {} : { task: unit.task }),
    state,
    ...(unit.worker === undefined ? {} : { worker: unit.worker }),
    workerId: owner?.member.address ?? name,
    fence: unit.fence,
    ...(status === undefined ? {} : { sinceMs: status.sinceMs }),
    attempts: status?.attempts ?? 0,
    stalled: status?.stalled === true,
    ...(status?.nextRetryAtMs === undefined ? {} : { nextRetryAtMs: status.nextRetryAtMs }),
    ...(status?.trace === undefined ? {} : { trace: status.trace }),
    ...(status?.executor === undefined ? {} : { executor: status.executor }),
    ...(status?.version === undefined ? {} : { version: status.version }),
    ...(reason === undefined ? {} : { reason }),
  };
}

function unitState(
  unit: UnitRecord,
  record: ConnectorRecord,
  owner: WorkerView | undefined,
  workers: ReadonlyMap<string, WorkerView>,
): { state: RunState; reason?: string } {
  if (unit.kind === 'connector' && record.targetState === 'STOPPED') return { state: 'STOPPED' };
  const worker = unit.worker ?? '';
  switch (unit.state) {
    case 'free': {
      const journal = waitsForJournal(unit, record) ? ', or for the journal of definitions' : '';
      return { state: 'UNASSIGNED', reason: `waits for a worker${missing(workers)}${journal}` };
    }
    case 'granted':
      return { state: 'UNASSIGNED', reason: `waits for ${worker} to take it` };
    case 'claimed':
    case 'revoking': {
      if (!owner || owner.member.incarnation !== unit.incarnation || owner.state === 'dead') {
        return { state: 'UNASSIGNED', reason: `${worker} died; being reassigned` };
      }
      if (owner.state === 'lost') {
        return { state: 'UNASSIGNED', reason: `${worker} has not answered ${since(owner)}` };
      }
      if (!unit.status) return { state: 'UNASSIGNED', reason: `starting on ${worker}` };
      if (unit.status.stalled) {
        return { state: unit.status.state, reason: 'its executor does not answer' };
      }
      return unit.state === 'revoking'
        ? { state: unit.status.state, reason: `moving away from ${worker}` }
        : { state: unit.status.state };
    }
  }
}

function waitsForJournal(
  { kind, epoch }: UnitRecord,
  { journaledEpoch }: ConnectorRecord,
): boolean {
  return kind === 'task' && (journaledEpoch ?? epoch) < epoch;
}

/** What keeps a free unit from being given to a worker. */
function missing(workers: ReadonlyMap<string, WorkerView>): string {
  const states = new Set(Array.from(workers.values(), ({ state }) => state));
  if (states.has('up')) return ' that has its plugin';
  return states.has('draining') ? ': all that are up are being drained' : ': none is up';
}

function since({ beatAgeMs }: WorkerView): string {
  return Number.isFinite(beatAgeMs) ? `for ${(beatAgeMs / 1000).toFixed(1)} s` : 'at all';
}

function missingConnectorUnit(record: ConnectorRecord): UnitView {
  return {
    unit: `connector/${record.name}`,
    connector: record.name,
    state: record.targetState === 'STOPPED' ? 'STOPPED' : 'UNASSIGNED',
    workerId: '',
    fence: 0,
    attempts: 0,
    stalled: false,
    reason: 'waits for the leader',
  };
}
