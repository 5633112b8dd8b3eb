/**
 * What a reader sees: statuses derived from what owners reported and from the age of their beats, at the
 * moment of reading. A worker whose beats stopped does not have RUNNING tasks one lease later, whether
 * or not a leader lives to declare it dead.
 */
import type {
  ConnectorRecord,
  MemberRecord,
  PluginInfo,
  RunState,
  UnitId,
  UnitRecord,
} from './model.ts';
import type { LeaderSeen } from './store.ts';

export interface UnitView {
  readonly unit: UnitId;
  readonly connector: string;
  /** Absent for a connector. */
  readonly task?: number;
  readonly state: RunState;
  /** Name of the owner, if any. */
  readonly worker?: string;
  /** Kafka Connect's worker_id: `host:port` of the owner; of the last one, or '' if it never had one. */
  readonly workerId: string;
  readonly fence: number;
  /** Redis server time, ms: since when in this state. */
  readonly sinceMs?: number;
  readonly attempts: number;
  readonly nextRetryAtMs?: number;
  readonly trace?: string;
  readonly executor?: string;
  /** Of the plugin that the owner runs. */
  readonly version?: string;
  /** RUNNING but its executor does not answer. */
  readonly stalled: boolean;
  /** One readable line: why it is in this state, and what has to happen. */
  readonly reason?: string;
}

export interface ConnectorView {
  readonly record: ConnectorRecord;
  readonly connector: UnitView;
  /** Sorted by task number; only those that are wanted. */
  readonly tasks: readonly UnitView[];
}

/** With the plugins that there were when it was looked at. */
export type FoundConnector = ConnectorView & Pick<ClusterSnapshot, 'plugins'>;

export interface WorkerView {
  readonly member: MemberRecord;
  /** `lost`: its beats stopped for longer than a worker without Redis may act. */
  readonly state: 'up' | 'draining' | 'lost' | 'dead';
  /** ms since its last beat. */
  readonly beatAgeMs: number;
  readonly units: readonly UnitId[];
}

export interface ClusterSnapshot {
  /** Sorted by name; without those being deleted. */
  readonly connectors: ReadonlyMap<string, ConnectorView>;
  /** Sorted by slot. */
  readonly workers: readonly WorkerView[];
  readonly leader: LeaderSeen | undefined;
  /** Version of the protocol in use; undefined before anybody joined or led. */
  readonly protocol: number | undefined;
  /** Union of what workers announce; sorted by class and version. */
  readonly plugins: readonly PluginInfo[];
  /** Raw ownership, for those who want it (`/sluice/tasks`). */
  readonly units: ReadonlyMap<UnitId, UnitRecord>;
}
