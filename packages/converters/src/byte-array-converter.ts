/** Kafka Connect's ByteArrayConverter: bytes pass through; anything else is refused. */
import {
  type BytesBatch,
  type ConvertedBytes,
  type ConvertedData,
  type Converter,
  type DataBatch,
  DataError,
  schemas,
} from '@sluice/connector-api';
import { convertToBytes } from './batch.ts';

export class ByteArrayConverter implements Converter {
  toBytes({ values, schemas: given }: DataBatch): ConvertedBytes {
    return convertToBytes(values, given, (schema, value) => {
      if (schema !== undefined && schema.type !== 'bytes')
        throw new DataError(
          `Invalid schema type for ByteArrayConverter: ${schema.type.toUpperCase()}`,
        );
      if (value === null || value === undefined) return null;
      if (value instanceof Uint8Array) return value;
      throw new DataError(
        `ByteArrayConverter is not compatible with objects of type ${typeof value}`,
      );
    });
  }

  fromBytes({ bytes }: BytesBatch): ConvertedData {
    return { values: bytes, schemas: bytes.map(() => schemas.optionalBytes), failures: [] };
  }
}
