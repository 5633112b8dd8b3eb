/** What the parts of one run share. */
import type { TaskLogger } from '@sluice/connector-api';
import type { Flavour } from './captured-table.ts';
import type { ServerFacts } from './catalog.ts';
import type { MysqlConfig } from './config.ts';
import type { SchemaHistory } from './schema-history.ts';
import type { SessionPool } from './session-pool.ts';
import type { SnapshotGate } from './snapshot-gate.ts';

/** What outlives a run: of the whole task. */
export interface TaskState {
  /** `snapshot.mode` always: of this task. */
  isSnapshotTaken: boolean;
  /** The log was lost, and `snapshot.mode` says that the tables are read again. */
  isSnapshotNeeded: boolean;
  /** Told what is stored. */
  readonly gate: SnapshotGate;
}

export interface RunContext {
  readonly config: MysqlConfig;
  readonly flavour: Flavour;
  readonly state: TaskState;
  readonly logger: TaskLogger;
  readonly signal: AbortSignal;
  readonly sessions: SessionPool;
}

/** What was found at the server when the run connected. */
export interface Found {
  readonly server: ServerFacts;
  /** Layouts at the position of the run. */
  readonly history: SchemaHistory;
}
