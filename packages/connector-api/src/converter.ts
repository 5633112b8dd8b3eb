/**
 * Between data and bytes. A converter works on the keys, or on the values, of a whole batch at once: one
 * call and at most one promise a batch. A record that cannot be converted does not fail the others: it
 * is listed in `failures`, and the runtime decides by `errors.tolerance`.
 */
import type { Schema } from './schema.ts';

export interface DataBatch {
  readonly topic: string;
  readonly values: readonly unknown[];
  /** Index by index with `values`; absent when no record has a schema. */
  readonly schemas?: readonly (Schema | undefined)[];
}

export interface BytesBatch {
  readonly topic: string;
  readonly bytes: readonly (Uint8Array | null)[];
}

export interface ConversionFailure {
  /** Of the record within the batch; its result is null. */
  readonly index: number;
  readonly error: Error;
}

export interface ConvertedBytes {
  readonly bytes: readonly (Uint8Array | null)[];
  readonly failures: readonly ConversionFailure[];
}

export interface ConvertedData {
  readonly values: readonly unknown[];
  /** Absent when no record has a schema. */
  readonly schemas?: readonly (Schema | undefined)[];
  readonly failures: readonly ConversionFailure[];
}

export interface Converter {
  toBytes(batch: DataBatch): ConvertedBytes | Promise<ConvertedBytes>;
  fromBytes(batch: BytesBatch): ConvertedData | Promise<ConvertedData>;
}
