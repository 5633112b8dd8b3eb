/**
 * Kafka Connect's SimpleHeaderConverter, the default for headers: a value is written as readable text, and
 * what the text looks like decides what is read. What it reads differently, because there it is lost, stands
 * in `parseValue`.
 */
import { isUtf8 } from 'node:buffer';
import {
  type BytesBatch,
  type ConvertedBytes,
  type ConvertedData,
  type Converter,
  type DataBatch,
  schemas,
} from '@sluice/connector-api';
import { parseValue, valueToText } from '@sluice/connector-api/values';
import { convertFromBytes, convertToBytes } from './batch.ts';
import { utf8 } from './charsets.ts';

export class SimpleHeaderConverter implements Converter {
  toBytes({ values, schemas: given }: DataBatch): ConvertedBytes {
    return convertToBytes(values, given, (schema, value) =>
      value === null || value === undefined ? null : utf8.encode(valueToText(schema, value)),
    );
  }

  fromBytes({ bytes }: BytesBatch): ConvertedData {
    return convertFromBytes(bytes, (one) => {
      if (one === null) return { schema: undefined, value: null };
      // Other bytes are no text: Kafka Connect would put question marks in.
      return isUtf8(one) ? parseValue(utf8.decode(one)) : { schema: schemas.bytes, value: one };
    });
  }
}
