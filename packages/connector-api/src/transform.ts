/**
 * What happens to records between a connector and the converters. Transforms and predicates work on a whole
 * batch in one call. A record that one cannot handle does not fail the others: it is listed in `failures`,
 * and the runtime decides by `errors.tolerance`, at the stage TRANSFORMATION.
 */
import type { ConfigDef } from './config-def.ts';
import type { ConversionFailure } from './converter.ts';
import type { ConnectorConfig, SinkRecord, SourceRecord } from './task.ts';

/** What sources and sinks have in common; offsets are of sinks only. */
export type TransformableRecord = SourceRecord | SinkRecord;

export interface TransformedBatch<RecordType> {
  /** Index by index with what came in: the same record, a changed copy, or null if it is dropped or failed. */
  readonly records: readonly (RecordType | null)[];
  /** Its result is null. */
  readonly failures: readonly ConversionFailure[];
}

/**
 * Kafka Connect's Transformation. Records are never changed in place: a source is told of the ones that it
 * polled, and other stages may hold the same object.
 */
export interface Transform {
  apply<RecordType extends TransformableRecord>(
    records: readonly RecordType[],
  ): TransformedBatch<RecordType> | Promise<TransformedBatch<RecordType>>;
  close?(): Promise<void> | void;
}

export interface TestedBatch {
  /** Index by index with the records. */
  readonly matches: readonly boolean[];
  readonly failures: readonly ConversionFailure[];
}

/** Kafka Connect's Predicate: which records a transform applies to. */
export interface Predicate {
  test(records: readonly TransformableRecord[]): TestedBatch | Promise<TestedBatch>;
  close?(): Promise<void> | void;
}

interface TransformPluginBase {
  /** Full class name, e.g. `org.apache.kafka.connect.transforms.InsertField$Value`. */
  readonly class: string;
  /** Other names that a definition may use as its `type`. */
  readonly aliases: readonly string[];
  readonly version: string;
  readonly configDef: ConfigDef;
}

export interface TransformPlugin extends TransformPluginBase {
  readonly type: 'transformation';
  /**
   * `config` has the transform's own keys, without a prefix. Called also to check a definition: what holds
   * resources gets them with the first batch.
   * @throws ConfigError
   */
  readonly create: (config: ConnectorConfig) => Transform;
}

export interface PredicatePlugin extends TransformPluginBase {
  readonly type: 'predicate';
  /** As for transforms. @throws ConfigError */
  readonly create: (config: ConnectorConfig) => Predicate;
}
