import type { Schema } from '@sluice/connector-api';
import type { ColumnType } from '@sluice/connector-capture';
import type { RawValue } from './column.ts';

/** A column's schema, and its values from the two places where they come from. Null: nothing that it can say. */
export interface ValueType {
  readonly schema: Schema;
  readonly fallback: unknown;
  /** Of the binary log. */
  readonly ofLog: (value: RawValue) => unknown;
  /** Of an answer. */
  readonly ofText: (bytes: Buffer) => unknown;
}

export function of<Raw>(
  type: ColumnType<Raw>,
  ofLog: (value: RawValue) => RawValue,
  ofText: (bytes: Buffer) => RawValue,
): ValueType {
  return {
    schema: type.schema,
    fallback: type.fallback,
    ofLog: (value) => type.read(ofLog(value) as Raw),
    ofText: (bytes) => type.read(ofText(bytes) as Raw),
  };
}

export function same(value: RawValue): RawValue {
  return value;
}

export function asText(bytes: Buffer): string {
  return bytes.toString('utf8');
}
