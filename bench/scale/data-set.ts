/** A cluster as records in a store, made by the store's own transitions: nobody runs anything of it. */
import type { ConnectorRecord, CoordinationStore, LeaderTerm } from '@sluice/coordination';
import { parseUnit, protocolSpoken } from '@sluice/coordination';

export const tasksPerConnector = 20;
const batchSize = 500;

export interface Size {
  readonly workers: number;
  readonly tasks: number;
  /** Default 20. */
  readonly tasksPerConnector?: number;
}

export interface SomeMember {
  readonly worker: string;
  readonly incarnation: string;
  readonly dataset: string;
  beat: number;
  revision: number;
}

export interface OwnedUnit {
  readonly unit: string;
  readonly fence: number;
  readonly uid: string;
  readonly epoch: number;
}

export interface DataSet extends Size {
  readonly term: LeaderTerm;
  readonly members: readonly SomeMember[];
}

export async function makeDataSet(store: CoordinationStore, size: Size): Promise<DataSet> {
  const lead = await store.lead({
    coordinator: 'bench',
    leaseMs: 3_600_000,
    protocol: protocolSpoken,
    log: 'redis',
  });
  if (lead.kind !== 'leading') throw new Error('somebody else leads in this Redis');
  const { term } = lead;
  const members: SomeMember[] = [];
  for (let number = 0; number < size.workers; number++) {
    members.push(await join(store, `worker-${number}`));
  }
  const names = Array.from(
    { length: Math.ceil(size.tasks / (size.tasksPerConnector ?? tasksPerConnector)) },
    (_, number) => `connector-${number}`,
  );
  await define(store, term, names);
  await own(store, term, members, await unitsOf(store, 'connector'));
  await publish(store, members, size.tasksPerConnector);
  await own(store, term, members, await unitsOf(store, 'task'));
  return { ...size, term, members };
}

async function join(store: CoordinationStore, worker: string): Promise<SomeMember> {
  const incarnation = `${worker}-incarnation-of-21`;
  const joined = await store.join({
    worker,
    incarnation,
    pid: 1,
    host: 'host.example',
    address: `${worker}.example:8084`,
    protocol: protocolSpoken,
    log: 'redis',
    plugins: [],
    holding: [],
    leaseMs: 4_000,
  });
  if (joined.kind !== 'joined') throw new Error(`${worker} did not join: ${joined.kind}`);
  const { dataset, beat, revision } = joined;
  return { worker, incarnation, dataset, beat, revision };
}

async function define(
  store: CoordinationStore,
  term: LeaderTerm,
  names: readonly string[],
): Promise<void> {
  for (let from = 0; from < names.length; from += batchSize) {
    const connectors = names
      .slice(from, from + batchSize)
      .map((name) => ({ record: connectorRecord(name) }));
    const request = { id: `bench-${from}`, position: '0-1' };
    const result = { kind: 'done', connectors: [] } as const;
    await store.applyRequest(term, request, { connectors, restart: [] }, result, []);
  }
}

function connectorRecord(name: string): ConnectorRecord {
  return {
    name,
    uid: `uid-of-${name}`,
    version: 1,
    config: someConfig({ 'tasks.max': String(tasksPerConnector) }),
    type: 'source',
    targetState: 'STARTED',
    lifecycle: 'live',
    taskEpoch: 0,
    taskCount: 0,
    taskVersion: 0,
    createdAtMs: 1,
  };
}

/** About as large as people write them. */
export function someConfig(more: Readonly<Record<string, string>>): Record<string, string> {
  return {
    'connector.class': 'bench.Source',
    'connection.url': 'postgresql://database.example:5432/orders',
    'poll.interval.ms': '1000',
    'table.include.list': 'public.orders,public.customers,public.payments',
    'topic.prefix': 'orders',
    ...more,
  };
}

interface WantedUnit {
  readonly unit: string;
  readonly uid: string;
  readonly epoch: number;
}

async function unitsOf(
  store: CoordinationStore,
  kind: 'connector' | 'task',
): Promise<WantedUnit[]> {
  const { units } = await store.changes(0, undefined);
  return [...units.values()].flatMap((unit) => (unit?.kind === kind ? [unit] : []));
}

/** The report that such a unit runs. */
export function running<Unit extends object>(unit: Unit) {
  return { ...unit, status: { state: 'RUNNING', attempts: 1, executor: 'shared-0' } as const };
}

/** Granted, claimed and reported, dealt in turn. */
async function own(
  store: CoordinationStore,
  term: LeaderTerm,
  members: readonly SomeMember[],
  units: readonly WantedUnit[],
): Promise<void> {
  for (const [index, { worker, incarnation }] of members.entries()) {
    const mine = units
      .filter((_, nth) => nth % members.length === index)
      .map(({ unit, uid, epoch }) => ({ unit, uid, epoch, worker, incarnation }));
    const granted = await store.grant(term, mine);
    const owned = granted.flatMap((grant, nth) =>
      grant.kind === 'granted' ? [{ unit: mine[nth]?.unit ?? '', fence: grant.fence }] : [],
    );
    if (owned.length !== mine.length) throw new Error(`${worker} was refused units`);
    await store.claim(worker, incarnation, owned);
    await store.report(worker, incarnation, owned.map(running));
  }
}

/** Says again what the owner has published, which changes nothing. */
export async function publishAgain(
  store: CoordinationStore,
  { worker, incarnation }: SomeMember,
  { unit, uid, fence }: OwnedUnit,
  count = tasksPerConnector,
): Promise<void> {
  await store.publishTasks({
    connector: parseUnit(unit).connector,
    uid,
    worker,
    incarnation,
    fence,
    definitionVersion: 1,
    configs: taskConfigs(count),
  });
}

async function publish(
  store: CoordinationStore,
  members: readonly SomeMember[],
  count: number | undefined,
): Promise<void> {
  const byIncarnation = new Map(members.map((member) => [member.incarnation, member]));
  const { units } = await store.changes(0, undefined);
  for (const unit of units.values()) {
    const owner = byIncarnation.get(unit?.incarnation ?? '');
    if (unit?.kind !== 'connector' || !owner) continue;
    await publishAgain(store, owner, unit, count);
  }
}

export function taskConfigs(count: number): Record<string, string>[] {
  return Array.from({ length: count }, (_, number) => someConfig({ 'task.id': String(number) }));
}
