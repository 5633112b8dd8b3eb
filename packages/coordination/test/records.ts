/** Records as tests need them, and a view that holds them. */

import { protocolSpoken } from '../src/agreement.ts';
import { ClusterView } from '../src/cluster-view.ts';
import {
  type ConnectorRecord,
  connectorUnit,
  type MemberRecord,
  type PluginInfo,
  taskUnit,
  type UnitRecord,
} from '../src/model.ts';
import { PluginCatalog } from '../src/plugin-catalog.ts';
import type { Changes } from '../src/store.ts';

export function plugin(name: string, changes: Partial<PluginInfo> = {}): PluginInfo {
  return { class: name, aliases: [], type: 'source', version: '1.0.0', configKeys: [], ...changes };
}

export const clockPlugin = plugin('example.Clock', { aliases: ['Clock'] });
export const clockCatalog = new PluginCatalog([clockPlugin]);

export function member(worker: string, changes: Partial<MemberRecord> = {}): MemberRecord {
  return {
    worker,
    incarnation: `${worker}#1`,
    state: 'up',
    slot: Number(/\d+$/.exec(worker)?.[0] ?? 1) - 1,
    pid: 4711,
    host: 'host.example',
    address: `${worker}.example:8084`,
    protocol: protocolSpoken,
    log: 'redis',
    leaseMs: 4_000,
    plugins: [clockPlugin],
    joinedAtMs: 1_000,
    ...changes,
  };
}

export function connector(name: string, changes: Partial<ConnectorRecord> = {}): ConnectorRecord {
  return {
    name,
    uid: `uid of ${name}`,
    version: 1,
    config: { name, 'connector.class': 'Clock' },
    type: 'source',
    targetState: 'STARTED',
    lifecycle: 'live',
    taskEpoch: 1,
    taskCount: 1,
    taskVersion: 1,
    createdAtMs: 1_000,
    ...changes,
  };
}

let ordinals = 0;

export function task(name: string, number: number, changes: Partial<UnitRecord> = {}): UnitRecord {
  return {
    unit: taskUnit(name, number),
    kind: 'task',
    connector: name,
    task: number,
    uid: `uid of ${name}`,
    epoch: 1,
    ordinal: ordinals++,
    retired: false,
    state: 'free',
    fence: 0,
    restarts: 0,
    ...changes,
  };
}

export function actor(name: string, changes: Partial<UnitRecord> = {}): UnitRecord {
  return {
    unit: connectorUnit(name),
    kind: 'connector',
    connector: name,
    uid: `uid of ${name}`,
    epoch: 0,
    ordinal: ordinals++,
    retired: false,
    state: 'free',
    fence: 0,
    restarts: 0,
    ...changes,
  };
}

/** Fields of a unit that this member owns. */
export function ownedBy(
  { worker, incarnation }: MemberRecord,
  changes: Partial<UnitRecord> = {},
): Partial<UnitRecord> {
  return { state: 'claimed', worker, incarnation, heldEpoch: 1, fence: 100, ...changes };
}

export interface Records {
  readonly members?: readonly MemberRecord[];
  readonly connectors?: readonly ConnectorRecord[];
  readonly units?: readonly UnitRecord[];
}

export function changesOf(
  { members = [], connectors = [], units = [] }: Records,
  rest: Partial<Changes> = {},
): Changes {
  return {
    kind: 'delta',
    dataset: 'data-1',
    revision: 1,
    protocol: 1,
    members: new Map(members.map((each) => [each.worker, each])),
    connectors: new Map(connectors.map((each) => [each.name, each])),
    units: new Map(units.map((each) => [each.unit, each])),
    ...rest,
  };
}

export function viewOf(records: Records): ClusterView {
  const view = new ClusterView();
  view.apply(changesOf(records, { kind: 'full' }));
  return view;
}
