/** Loops that all converters share: one result a record, failures kept aside. */
import type {
  ConversionFailure,
  ConvertedBytes,
  ConvertedData,
  Schema,
} from '@sluice/connector-api';
import { toError } from '@sluice/kernel';

export function convertToBytes(
  values: readonly unknown[],
  schemas: readonly (Schema | undefined)[] | undefined,
  convert: (schema: Schema | undefined, value: unknown) => Uint8Array | null,
): ConvertedBytes {
  const failures: ConversionFailure[] = [];
  const bytes = values.map((value, index) => {
    try {
      return convert(schemas?.[index], value);
    } catch (error) {
      failures.push({ index, error: toError(error) });
      return null;
    }
  });
  return { bytes, failures };
}

export interface SchemaAndValue {
  readonly schema: Schema | undefined;
  readonly value: unknown;
}

export function convertFromBytes(
  bytes: readonly (Uint8Array | null)[],
  convert: (bytes: Uint8Array | null) => SchemaAndValue,
): ConvertedData {
  const failures: ConversionFailure[] = [];
  const schemas: (Schema | undefined)[] = [];
  let hasSchema = false;
  const values = bytes.map((one, index) => {
    try {
      const { schema, value } = convert(one);
      schemas.push(schema);
      hasSchema ||= schema !== undefined;
      return value;
    } catch (error) {
      failures.push({ index, error: toError(error) });
      schemas.push(undefined);
      return null;
    }
  });
  return hasSchema ? { values, schemas, failures } : { values, failures };
}

/** A view of the same bytes with Buffer's methods. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
