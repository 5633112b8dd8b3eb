/**
 * Kafka Connect's SimpleHeaderConverter, the default for headers: a value is written as readable text, and
 * what the text looks like decides what is read: null, a boolean, a number, an array or object, else a string.
 */
import {
  type BytesBatch,
  type ConvertedBytes,
  type ConvertedData,
  type Converter,
  type DataBatch,
  type Schema,
  type SchemaType,
} from '@sluice/connector-api';
import { asBuffer, convertFromBytes, convertToBytes, type SchemaAndValue } from './batch.ts';
import { parseJson, writeJson } from './json-text.ts';
import { writerOf } from './json-writer.ts';

const nothing: SchemaAndValue = { schema: undefined, value: null };

export class SimpleHeaderConverter implements Converter {
  toBytes({ values, schemas }: DataBatch): ConvertedBytes {
    return convertToBytes(values, schemas, (schema, value) =>
      value === null || value === undefined ? null : Buffer.from(textOf(schema, value), 'utf8'),
    );
  }

  fromBytes({ bytes }: BytesBatch): ConvertedData {
    return convertFromBytes(bytes, (one) =>
      one === null ? nothing : infer(asBuffer(one).toString()),
    );
  }
}

function textOf(schema: Schema | undefined, value: unknown): string {
  if (typeof value === 'string') return value;
  const json = schema ? writerOf(schema)(value) : writeJson(value);
  // Bytes and what is not a number are JSON strings; the text has no quotes.
  return json.startsWith('"') ? (JSON.parse(json) as string) : json;
}

const integers: readonly (readonly [SchemaType, bits: number])[] = [
  ['int8', 8],
  ['int16', 16],
  ['int32', 32],
  ['int64', 64],
];

function infer(text: string): SchemaAndValue {
  const trimmed = text.trim();
  if (trimmed === 'null') return nothing;
  if (/^(true|false)$/i.test(trimmed))
    return { schema: { type: 'boolean' }, value: trimmed.toLowerCase() === 'true' };
  if (/^-?\d+$/.test(trimmed)) {
    const exact = BigInt(trimmed);
    const smallest = integers.find(([, bits]) => BigInt.asIntN(bits, exact) === exact);
    if (smallest) return { schema: { type: smallest[0] }, value: numberOf(exact) };
  }
  if (/^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) && Number.isFinite(Number(trimmed)))
    return { schema: { type: 'float64' }, value: Number(trimmed) };
  if (/^[[{"]/.test(trimmed)) {
    const value = jsonOrNothing(trimmed);
    if (typeof value === 'string') return { schema: { type: 'string' }, value };
    if (value !== undefined) return { schema: undefined, value };
  }
  return { schema: { type: 'string' }, value: text };
}

function numberOf(exact: bigint): number | bigint {
  const number = Number(exact);
  return Number.isSafeInteger(number) ? number : exact;
}

function jsonOrNothing(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
