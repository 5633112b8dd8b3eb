/**
 * The contract between the runtime and a connector, after Kafka Connect's. The runtime never overlaps two
 * calls into one task (`commitRecord` included), so an author never thinks about concurrency.
 */
import type { Schema } from './schema.ts';

export type ConnectorConfig = Readonly<Record<string, string>>;

export interface RecordHeader {
  readonly name: string;
  readonly value: unknown;
  readonly schema?: Schema;
}

interface ConnectRecord {
  readonly topic: string;
  readonly key?: unknown;
  readonly keySchema?: Schema;
  readonly value?: unknown;
  readonly valueSchema?: Schema;
  readonly headers?: readonly RecordHeader[];
  /** ms since 1970. */
  readonly timestampMs?: number;
}

/** Flat primitives only, as in Kafka Connect. */
export type SourcePartition = Readonly<Record<string, string | number | boolean | bigint | null>>;
export type SourceOffsetValue = Readonly<Record<string, string | number | boolean | bigint | null>>;

export interface SourceRecord extends ConnectRecord {
  /** Kafka partition; chosen by the partitioner when absent. */
  readonly partition?: number;
  /** What the offset belongs to, e.g. `{ filename }`. Without both, no offset is stored. */
  readonly sourcePartition?: SourcePartition;
  /** Where to go on after this record. */
  readonly sourceOffset?: SourceOffsetValue;
  /**
   * It is written nowhere, and no transform sees it: its offset alone is stored, behind those of the records before it.
   * Its topic means nothing, and may be empty.
   */
  readonly isOffsetOnly?: boolean;
}

export interface SinkRecord extends ConnectRecord {
  readonly partition: number;
  readonly offset: number;
  /**
   * Where it was read, if a transform gave it another topic, partition or offset. What a task seeks, pauses and
   * commits is always this: `record.original ?? record`.
   */
  readonly original?: TopicPartition & { readonly offset: number };
}

export interface RecordMetadata {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface TaskLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

interface TaskContext {
  readonly connector: string;
  readonly task: number;
  readonly logger: TaskLogger;
  /** The configuration of this task; a change of it starts the task anew. */
  configs(): ConnectorConfig;
  /** Aborted when the task must give up what it waits for: stop requested, lease lost. */
  readonly signal: AbortSignal;
}

/**
 * Where a task's transactions end, with `transaction.boundary=connector`. What is in none that has ended is not written,
 * and polled again after a restart. Of one that is aborted no record is written, but its offsets are stored.
 */
export interface TransactionContext {
  /** After the batch that is polled next, or is being polled. */
  commitTransaction(): void;
  /** After this record, which is of the batch that is polled next, or is being polled. */
  commitTransaction(record: SourceRecord): void;
  abortTransaction(): void;
  abortTransaction(record: SourceRecord): void;
}

export interface SourceTaskContext extends TaskContext {
  /** Undefined unless the workers write exactly once, and the definition leaves the boundaries to the connector. */
  readonly transactions?: TransactionContext | undefined;
  /** Offsets that were stored for these source partitions, in order; undefined where there is none. */
  offsets(partitions: readonly SourcePartition[]): Promise<(SourceOffsetValue | undefined)[]>;
}

export interface SourceTask {
  start(config: ConnectorConfig, context: SourceTaskContext): Promise<void> | void;
  /**
   * Next batch; may wait (honour `context.signal`); empty or null when there is nothing now. A task with
   * `commitRecord` or `commit` is told nothing while it polls, so it should return at least every second.
   */
  poll(): Promise<readonly SourceRecord[] | null>;
  /** After the offsets of everything acknowledged so far were stored. */
  commit?(): Promise<void> | void;
  /** After a record was acknowledged by the log; `metadata` is undefined if it was dropped. */
  commitRecord?(record: SourceRecord, metadata: RecordMetadata | undefined): Promise<void> | void;
  stop(): Promise<void> | void;
}

export interface SinkTaskContext extends TaskContext {
  assignment(): readonly TopicPartition[];
  /** Next poll of the partition starts here. */
  seek(partition: TopicPartition, offset: number): void;
  pause(...partitions: readonly TopicPartition[]): void;
  resume(...partitions: readonly TopicPartition[]): void;
  /** Back-off before the batch is delivered again after a RetriableError. */
  timeout(ms: number): void;
  requestCommit(): void;
  /**
   * To report records that the task cannot deliver, and go on. Undefined unless the definition has a dead letter queue
   * or `errors.log.enable`, as in Kafka Connect.
   */
  errantRecordReporter(): ErrantRecordReporter | undefined;
}

export interface ErrantRecordReporter {
  /**
   * The record is logged and goes to the dead letter queue as it was read. Resolves when that is durable. Offsets
   * are not committed before, so there is no need to wait for it.
   * Rejects where `errors.tolerance` is `none`; the task fails then, also if nobody waits.
   */
  report(record: SinkRecord, error: unknown): Promise<void>;
}

export type SinkOffsets = ReadonlyMap<string, TopicPartition & { readonly offset: number }>;

export interface SinkTask {
  start(config: ConnectorConfig, context: SinkTaskContext): Promise<void> | void;
  open?(partitions: readonly TopicPartition[]): Promise<void> | void;
  /** May be empty. Throwing RetriableError makes the same batch come again. */
  put(records: readonly SinkRecord[]): Promise<void> | void;
  /** Makes durable what was put; `offsets` is the next offset of each partition (`topic-partition` keys). */
  flush?(offsets: SinkOffsets): Promise<void> | void;
  /** Which offsets are safe to commit; default: flush, then all of them. */
  preCommit?(offsets: SinkOffsets): Promise<SinkOffsets> | SinkOffsets;
  close?(partitions: readonly TopicPartition[]): Promise<void> | void;
  stop(): Promise<void> | void;
}

export interface ConnectorContext {
  readonly connector: string;
  readonly logger: TaskLogger;
  readonly signal: AbortSignal;
  /** The task configurations should be asked for again. */
  requestTaskReconfiguration(): void;
  raiseError(error: unknown): void;
}

export interface Connector {
  start?(config: ConnectorConfig, context: ConnectorContext): Promise<void> | void;
  /** At most `maxTasks` configurations. */
  taskConfigs(maxTasks: number): Promise<readonly ConnectorConfig[]> | readonly ConnectorConfig[];
  stop?(): Promise<void> | void;
}
