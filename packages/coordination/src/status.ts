/** Derives what readers see (snapshot.ts) from records and beats. Pure. */
import type { Look } from './cluster-looks.ts';
import type { ClusterView } from './cluster-view.ts';
import type { ConnectorRecord, MemberRecord, RunState, UnitRecord } from './model.ts';
import type { TimingProfile } from './profile.ts';
import type {
  ClusterSnapshot,
  ConnectorView,
  FoundConnector,
  UnitView,
  WorkerView,
} from './snapshot.ts';

/** In one line. */
const namesMax = 3;

/** What a worker's units are judged by. */
type Owner = Omit<WorkerView, 'units'>;

export function deriveSnapshot(look: Look, profile: TimingProfile): ClusterSnapshot {
  const { view, leader } = look;
  const owners = ownersIn(look, profile);
  const owned = Map.groupBy(view.units.values(), ({ incarnation }) => incarnation);
  const workers = [...owners.values()]
    .toSorted((a, b) => a.member.slot - b.member.slot)
    .map((owner): WorkerView => {
      const units = owned.get(owner.member.incarnation) ?? [];
      return { ...owner, units: units.map(({ unit }) => unit) };
    });

  const connectors = new Map<string, ConnectorView>();
  for (const name of [...view.connectors.keys()].toSorted()) {
    const record = liveRecord(view, name);
    if (record) connectors.set(name, connectorView(record, owners, view));
  }
  const { protocol, units } = view;
  return { connectors, workers, leader, protocol, plugins: view.catalog.list(), units };
}

/** What `deriveSnapshot` says of one connector. */
export function deriveConnector(
  name: string,
  look: Look,
  profile: TimingProfile,
): FoundConnector | undefined {
  const { view } = look;
  const record = liveRecord(view, name);
  if (!record) return undefined;
  const found = connectorView(record, ownersIn(look, profile), view);
  return { ...found, plugins: view.catalog.list() };
}

function liveRecord(view: ClusterView, name: string): ConnectorRecord | undefined {
  const record = view.connectors.get(name);
  return record?.lifecycle === 'live' ? record : undefined;
}

function ownersIn({ view, beatAgesMs }: Look, profile: TimingProfile): ReadonlyMap<string, Owner> {
  return new Map(
    Array.from(view.members.values(), (member) => {
      const beatAgeMs = beatAgesMs.get(member.worker) ?? Number.POSITIVE_INFINITY;
      return [member.worker, ownerView(member, beatAgeMs, profile)];
    }),
  );
}

function ownerView(member: MemberRecord, beatAgeMs: number, profile: TimingProfile): Owner {
  // A worker without Redis has stopped or killed itself some time before its lease is over: what it said
  // is history, whether or not a leader is there to declare it dead. It may run by another profile.
  const killAfterMs = (member.leaseMs * profile.killAfterMs) / profile.deadAfterMs;
  const lost = member.state !== 'dead' && beatAgeMs > killAfterMs;
  return { member, state: lost ? 'lost' : member.state, beatAgeMs };
}

function connectorView(
  record: ConnectorRecord,
  workers: ReadonlyMap<string, Owner>,
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
  workers: ReadonlyMap<string, Owner>,
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
  owner: Owner | undefined,
  workers: ReadonlyMap<string, Owner>,
): { state: RunState; reason?: string } {
  if (unit.kind === 'connector' && record.targetState === 'STOPPED') return { state: 'STOPPED' };
  const worker = unit.worker ?? '';
  switch (unit.state) {
    case 'free': {
      const journal = waitsForJournal(unit, record) ? ', or for the journal of definitions' : '';
      const missing = missingWorker(workers.values());
      return { state: 'UNASSIGNED', reason: `waits for a worker${missing}${journal}` };
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
function missingWorker(workers: Iterable<Owner>): string {
  const all = [...workers];
  const up = all.filter(({ state }) => state === 'up');
  const cordoned = up.filter(({ member }) => member.cordoned).map(({ member }) => member.worker);
  const isDraining = all.some(({ state }) => state === 'draining');
  if (cordoned.length > 0) {
    const names = namesOf(cordoned);
    if (cordoned.length < up.length) return ` that has its plugin (cordoned: ${names})`;
    const which = isDraining ? 'cordoned or being drained' : 'cordoned';
    return `: every worker that is up is ${which}: sluice uncordon ${names}`;
  }
  if (up.length > 0) return ' that has its plugin';
  return isDraining ? ': all that are up are being drained' : ': none is up';
}

/** As they are given to a command. */
function namesOf(workers: readonly string[]): string {
  const shown = workers.toSorted().slice(0, namesMax).join(' ');
  return workers.length > namesMax ? `${shown} …` : shown;
}

function since({ beatAgeMs }: Owner): string {
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
