/**
 * What the cluster is made of, as it is stored. Everything here is plain data: the adapters store it,
 * the planner decides on it, the API derives a status from it.
 *
 * A *unit* is what is owned: one connector actor or one task. A unit has at most one owner, a worker
 * incarnation that holds it under a fencing token:
 *
 *     free ──grant──▶ granted ──claim──▶ claimed ──revoke──▶ revoking ──release──▶ free
 *                        └────revoke (not claimed yet)────▶ free
 *     any owned state ──the owner is declared dead, orphan──▶ free
 */

import type { ProtocolRange } from './agreement.ts';

/** `connector/<name>` or `task/<name>/<n>`; the name may itself contain slashes. */
export type UnitId = string;

export type TargetState = 'STARTED' | 'PAUSED' | 'STOPPED';

/** Kafka Connect's states; clients of its API know no others. */
export type RunState = 'UNASSIGNED' | 'RUNNING' | 'PAUSED' | 'FAILED' | 'RESTARTING' | 'STOPPED';

export type ConnectorType = 'source' | 'sink' | 'unknown';

/** A connector definition and what its tasks look like. */
export interface ConnectorRecord {
  readonly name: string;
  /** New for each creation: a connector deleted and created anew under its name is another one. */
  readonly uid: string;
  /** Grows with every change of the configuration. */
  readonly version: number;
  readonly config: Readonly<Record<string, string>>;
  readonly type: ConnectorType;
  readonly targetState: TargetState;
  /** `deleting`: stays until all its units are free. */
  readonly lifecycle: 'live' | 'deleting';
  /** Grows with every published set of task configurations; 0 before the first. */
  readonly taskEpoch: number;
  /** Tasks in the published set. */
  readonly taskCount: number;
  /** Definition version that the published set was made from; 0 before the first. */
  readonly taskVersion: number;
  /** The newest task epoch that the journal is known to hold, 0 for none; absent without a journal. */
  readonly journaledEpoch?: number;
  /** Redis server time, ms. */
  readonly createdAtMs: number;
}

/** What the owner last said of a unit. Trusted only while the owner's beat is young (see status.ts). */
export interface StatusReport {
  readonly state: 'RUNNING' | 'PAUSED' | 'FAILED' | 'RESTARTING';
  /** Redis server time of the change into `state`, ms. */
  readonly sinceMs: number;
  /** Starts since the last time that it ran well; 1 = first start. */
  readonly attempts: number;
  /** Wall clock, ms: when the supervisor starts it again (RESTARTING only). */
  readonly nextRetryAtMs?: number;
  /** Stack trace of the failure. Never contains configuration values. */
  readonly trace?: string;
  /** Where it runs: `shared-0`, `dedicated-…`. */
  readonly executor?: string;
  /** Its executor does not answer: it makes no progress though it is not dead. */
  readonly stalled?: boolean;
  /** Of the connector's plugin. */
  readonly version?: string;
}

export type OwnershipState = 'free' | 'granted' | 'claimed' | 'revoking';

export interface UnitRecord {
  readonly unit: UnitId;
  readonly kind: 'connector' | 'task';
  readonly connector: string;
  /** Task number; absent for a connector. */
  readonly task?: number;
  readonly uid: string;
  /**
   * Epoch in which this unit is wanted. Tasks: the task epoch. Connectors: 0, and one more each time that
   * a connector is created anew while the unit of its deleted namesake still exists. Held in an older
   * epoch than this, a unit has to be revoked first.
   */
  readonly epoch: number;
  /** Creation order within the cluster; persistent; never reused. `j` of the modulo rule ranks it. */
  readonly ordinal: number;
  /** Not wanted any more (removed by a newer epoch, stopped or deleted): it is deleted once free. */
  readonly retired: boolean;
  readonly state: OwnershipState;
  /** Present unless free. */
  readonly worker?: string;
  readonly incarnation?: string;
  /** The epoch that the owner holds it in; may be older than `epoch` until it is released. */
  readonly heldEpoch?: number;
  /** The highest fencing token ever given for this unit. */
  readonly fence: number;
  /** Grows with each restart that a user asked for. */
  readonly restarts: number;
  /** Worker that held it last; for damping and for events. */
  readonly lastWorker?: string;
  readonly status?: StatusReport;
}

export type MemberState = 'up' | 'draining' | 'dead';

export interface MemberRecord {
  /** Stable name. */
  readonly worker: string;
  /** New for each process. */
  readonly incarnation: string;
  readonly state: MemberState;
  /** Smallest number that was free at the first join. `i` of the modulo rule ranks it. */
  readonly slot: number;
  readonly pid: number;
  readonly host: string;
  /** `host:port` of its health and metrics endpoint: Kafka Connect's worker_id. */
  readonly address: string;
  readonly protocol: ProtocolRange;
  /** The record log that it is set to: `redis`, `kafka`. */
  readonly log: string;
  /** By its own profile: it may act for this long after its last beat. A leader never waits less. */
  readonly leaseMs: number;
  readonly plugins: readonly PluginInfo[];
  /** Redis server time, ms. */
  readonly joinedAtMs: number;
  /** Draining because it will come back under its name (SIGTERM), so that `literal` holds its slot. */
  readonly returns?: boolean;
  /** It keeps what it runs, and is given nothing new; so is the next process under its name. */
  readonly cordoned?: boolean;
}

/** One plugin as a worker announces it; no code, only data. */
export interface PluginInfo {
  /** Full class name. */
  readonly class: string;
  /** Other names that a definition may use. */
  readonly aliases: readonly string[];
  readonly type:
    | 'source'
    | 'sink'
    | 'converter'
    | 'header_converter'
    | 'transformation'
    | 'predicate';
  readonly version: string;
  readonly configKeys: readonly ConfigKeyInfo[];
  /** It releases what it has read at the source, and runs only where the record log acknowledges durably. */
  readonly movesExternalCursor?: boolean;
  /** Of a sink: what it does late, or twice, changes nothing. */
  readonly effectsAreFenced?: boolean;
  /** Part of what may be wrong with a definition is only known by running its code. */
  readonly validates?: boolean;
  /** Its code is asked before its offsets are changed. */
  readonly altersOffsets?: boolean;
  /** Set when it could not be loaded: why. It then has no config keys and runs nowhere. */
  readonly error?: string;
}

/** Kafka Connect's ConfigKeyInfo, field for field, plus what a coordinator can check without code. */
export interface ConfigKeyInfo {
  readonly name: string;
  readonly type:
    | 'BOOLEAN'
    | 'STRING'
    | 'INT'
    | 'SHORT'
    | 'LONG'
    | 'DOUBLE'
    | 'LIST'
    | 'CLASS'
    | 'PASSWORD';
  readonly required: boolean;
  readonly default_value: string | null;
  readonly importance: 'HIGH' | 'MEDIUM' | 'LOW';
  readonly documentation: string;
  readonly group: string | null;
  readonly order: number;
  readonly width: 'NONE' | 'SHORT' | 'MEDIUM' | 'LONG';
  readonly display_name: string;
  readonly dependents: readonly string[];
  /** Not part of Kafka Connect's answer: rules that hold without running the plugin. */
  readonly rules?: {
    readonly min?: number;
    readonly max?: number;
    readonly oneOf?: readonly string[];
    readonly pattern?: string;
    readonly nonEmpty?: boolean;
    readonly elementsMax?: number;
  };
}

/** What is kept as an event: reruns, deaths, failures, requests. */
export interface ClusterEvent {
  /** Assigned by the store; grows. */
  readonly id: string;
  /** Redis server time, ms. */
  readonly atMs: number;
  /** Dotted: `assignment.rerun`, `worker.joined`, `worker.dead`, `leader.elected`, `task.failed`, … */
  readonly type: string;
  /** One readable line. Never contains configuration values. */
  readonly message: string;
  readonly facts: Readonly<Record<string, string | number>>;
}

export type NewEvent = Omit<ClusterEvent, 'id' | 'atMs'>;

export function connectorUnit(name: string): UnitId {
  return `connector/${name}`;
}

export function taskUnit(name: string, task: number): UnitId {
  return `task/${name}/${task}`;
}

export function parseUnit(unit: UnitId): {
  kind: 'connector' | 'task';
  connector: string;
  task?: number;
} {
  if (unit.startsWith('connector/')) return { kind: 'connector', connector: unit.slice(10) };
  const slash = unit.lastIndexOf('/');
  return { kind: 'task', connector: unit.slice(5, slash), task: Number(unit.slice(slash + 1)) };
}
