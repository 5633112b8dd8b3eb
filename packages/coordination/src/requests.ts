/**
 * What a user asks of the cluster. A request is stored before anything happens, applied exactly once by
 * the leader in one epoch-checked step that also stores the result, and can be repeated at will under
 * its id: a wake-up that is lost, doubled or a week old changes nothing.
 */
import type { ConnectorRecord, TargetState, UnitId } from './model.ts';

export interface Definition {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
  /** Kafka Connect's initial_state; only honoured at creation. */
  readonly initialState?: TargetState;
}

export type RequestBody = RequestTerms & RequestOperation;

export interface RequestTerms {
  /**
   * Version of the protocol that the cluster has to use for this request to be understood as it is meant; absent: 1.
   * A leader of another release would ignore what it does not know of it.
   */
  readonly protocol?: number;
}

export type RequestOperation =
  | {
      readonly op: 'apply';
      readonly definitions: readonly Definition[];
      /** `create` refuses an existing name, `update` a missing one. */
      readonly mode: 'create' | 'update' | 'upsert';
      readonly dryRun?: boolean;
      /** Refused with `conflict` if the connector is at another version. One definition only. */
      readonly expectedVersion?: number;
      /** With it: also if it was deleted and created anew meanwhile. */
      readonly expectedUid?: string;
    }
  | { readonly op: 'delete'; readonly connector: string }
  | { readonly op: 'target'; readonly connector: string; readonly state: TargetState }
  | {
      readonly op: 'restart';
      readonly connector: string;
      /** One task; else the connector, and with `includeTasks` its tasks too. */
      readonly task?: number;
      readonly includeTasks?: boolean;
      readonly onlyFailed?: boolean;
    }
  | {
      /** `cordon`: it keeps what it runs and gets nothing new; `uncordon`: it takes part again. */
      readonly op: 'drain' | 'cordon' | 'uncordon';
      readonly worker: string;
    };

/** A request with the version of the protocol that it takes. */
export function workerRequest(op: 'drain' | 'cordon' | 'uncordon', worker: string): RequestBody {
  return op === 'cordon' ? { op, worker, protocol: cordonProtocol } : { op, worker };
}

/** The first that knows cordoned workers. */
export const cordonProtocol = 2;

export interface StoredRequest {
  /** Chosen by the client; the same id is applied once. */
  readonly id: string;
  /** Position in the stream of requests; grows. */
  readonly position: string;
  readonly body: RequestBody;
}

export type RequestResult =
  | {
      readonly kind: 'done';
      readonly connectors: readonly AppliedConnector[];
      readonly units?: readonly UnitId[];
    }
  | {
      readonly kind: 'refused';
      /** HTTP status of Kafka Connect for this refusal. */
      readonly status: number;
      readonly code: string;
      readonly message: string;
      /** One line for each thing that is wrong. */
      readonly errors?: readonly string[];
    };

export interface AppliedConnector {
  readonly name: string;
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'deleted';
  /** Without its configuration: results are kept for days, also after the connector is deleted. */
  readonly record: Omit<ConnectorRecord, 'config'>;
}

/**
 * The changes that applying a request makes, decided purely and written by one script. A connector
 * created anew over a `deleting` one comes with a new uid and with the old `taskEpoch`, so that its first
 * published set is a newer epoch than whatever is still held; its connector unit's epoch grows by one.
 */
export interface Mutation {
  /** Whole new records; a script bumps nothing: version, uid and target are decided here. */
  readonly connectors: readonly ConnectorMutation[];
  /** Units whose `restarts` counter grows by one. */
  readonly restart: readonly UnitId[];
  readonly worker?: WorkerMutation;
}

export interface WorkerMutation {
  readonly worker: string;
  readonly incarnation: string;
  readonly change: 'drain' | 'cordon' | 'uncordon';
}

export interface ConnectorMutation {
  readonly record: ConnectorRecord;
  /** Version, uid, target and lifecycle that the decision was made on; undefined: must not exist. */
  readonly expected?: Pick<ConnectorRecord, 'version' | 'uid' | 'targetState' | 'lifecycle'>;
  /** Retire all task units (stop, delete). */
  readonly retireTasks?: boolean;
  /** Retire the connector unit too (delete). */
  readonly retireConnector?: boolean;
}
