/**
 * What crosses the border between a worker's control thread and the actors in its executors. Everything
 * here is structured-clonable. Configurations are in payloads and messages only, never in events.
 */

import type { Histogram } from './histogram.ts';

export type TargetState = 'STARTED' | 'PAUSED' | 'STOPPED';

/** `ActorSpec.payload` of a `connector`. */
export interface ConnectorPayload {
  readonly connector: string;
  readonly config: Readonly<Record<string, string>>;
  readonly targetState: TargetState;
  readonly definitionVersion: number;
}

/** `ActorSpec.payload` of a `source-task` or a `sink-task`. */
export interface TaskPayload {
  readonly connector: string;
  readonly task: number;
  /** The published task configuration: the connector's runtime keys are in it (see task-configs.ts). */
  readonly config: Readonly<Record<string, string>>;
  readonly targetState: TargetState;
  readonly definitionVersion: number;
  /** Tasks in the published set: N of a sink's partition shares. */
  readonly taskCount: number;
}

/**
 * `ActorHost.tell`. Both are idempotent: telling again what an actor already knows does nothing. A message
 * to an actor that is being restarted may be dropped by its host, so tell the target again when an actor
 * reports another state than the target wants.
 */
export type RuntimeMessage =
  | { readonly type: 'target'; readonly state: TargetState }
  /** Connectors only: a new definition under the same fence. */
  | {
      readonly type: 'reconfigure';
      readonly config: Readonly<Record<string, string>>;
      readonly definitionVersion: number;
    };

/** What actors emit to the control thread. */
export type RuntimeEvent =
  /** To be published by compare-and-set. Contains configuration values: never to be logged. */
  | {
      readonly type: 'task-configs';
      readonly definitionVersion: number;
      readonly configs: readonly Readonly<Record<string, string>>[];
    }
  /** Before each start: the connector's plugin that was chosen. */
  | ({ readonly type: 'plugin' } & PartName)
  /** When a task starts: what else it is made of. */
  | { readonly type: 'parts'; readonly parts: TaskParts }
  | { readonly type: 'metrics'; readonly counters: TaskCounters }
  /** Topics that the task wrote to or read from lately. */
  | { readonly type: 'topics'; readonly topics: readonly string[] }
  /** Once when the log starts to refuse or not to answer; the task retries for as long as it takes. */
  | { readonly type: 'stalled'; readonly code: string; readonly reason: string }
  | { readonly type: 'recovered'; readonly stalledForMs: number };

/** Totals since the actor was started; a restart begins at 0 again. */
export interface TaskCounters {
  readonly kind: 'source' | 'sink';
  /** Source: polled from the plugin. Sink: read from the log. */
  readonly recordsIn: number;
  /** Source: acknowledged by the log. Sink: put into the plugin. */
  readonly recordsOut: number;
  /** Of keys and values. Source: sent. Sink: read. */
  readonly bytes: number;
  /** Batches polled (source), put and not empty (sink). */
  readonly batches: number;
  readonly commits: number;
  readonly commitFailures: number;
  /** Wall clock, ms; 0 before the first. */
  readonly lastCommitAtMs: number;
  /** What is tried again: calls of the log, `poll`, `put`, and transforms and conversions of a record. */
  readonly retries: number;
  /** Errors that were logged and passed over (commitRecord, commit, flush), or failed the task. */
  readonly errors: number;
  /** Kafka Connect's task-error-metrics: failed attempts at a record, those that were tried again included. */
  readonly recordFailures: number;
  /** Records that were not to be saved; all but the one that fails a task are skipped. */
  readonly recordErrors: number;
  readonly recordsSkipped: number;
  /** Records of which `errors.log.enable` told. */
  readonly errorsLogged: number;
  /** Letters for the dead letter queue, and those that it did not take. */
  readonly deadLetterRequests: number;
  readonly deadLetterFailures: number;
  /** Wall clock, ms; 0 before the first failed record. */
  readonly lastErrorAtMs: number;
  /** Source: polled and not acknowledged. Sink: read and not put. */
  readonly recordsActive: number;
  /** Sink: partitions assigned. */
  readonly partitions: number;
  /** Sink: records in the assigned partitions that were not read yet, as last seen. */
  readonly lag: number;
  /** Source: how old the newest record was when it was polled, ms; null where records have no time. */
  readonly sourceDelayMs: number | null;
  /** Records of the largest batch. */
  readonly batchRecordsMax: number;
  readonly batchRecords: Histogram;
  /** Of `poll` that returned records, or of `put`. */
  readonly callSeconds: Histogram;
  readonly commitSeconds: Histogram;
  /** Sink: records not read yet of each partition (`topic-0`); as much of them as is told. */
  readonly lags: ReadonlyMap<string, number>;
  /** In the order of the chain; the first 20. */
  readonly transforms: readonly TransformCounters[];
}

/** A transform, since the actor was started. */
export interface TransformCounters {
  /** As the definition names it. */
  readonly name: string;
  /** Records that came to it, those that its predicate leaves out among them. */
  readonly recordsIn: number;
  /** Records that went on: the others were dropped, or given up. */
  readonly recordsOut: number;
  readonly seconds: number;
}

/** A class and its version. */
export interface PartName {
  readonly class: string;
  readonly version: string;
}

/** One that a definition gives a name. */
export interface NamedPart extends PartName {
  readonly name: string;
}

export interface TaskParts {
  readonly converters: Readonly<Record<'key' | 'value' | 'header', PartName>>;
  /** In the order of the chain. */
  readonly transforms: readonly NamedPart[];
  /** Those that a transform uses. */
  readonly predicates: readonly NamedPart[];
}

export function isRuntimeMessage(message: unknown): message is RuntimeMessage {
  return (
    typeof message === 'object' &&
    message !== null &&
    'type' in message &&
    (message.type === 'target' || message.type === 'reconfigure')
  );
}
