/**
 * Data without a schema in Avro: a record with one optional field for each kind of value, of which one is set, or
 * none for null. Lists and maps have such records as elements.
 */
import { DataError } from '@sluice/connector-api';
import { entriesOf, isNullish, isPlainObject, kindOf } from '@sluice/connector-api/data-values';
import type { ByteSink } from '../wire/byte-sink.ts';
import type { ByteSource } from '../wire/byte-source.ts';
import { readBlocks, readBytes, readText, writeBytes, writeText } from './avro-bytes.ts';
import {
  type AvroField,
  type AvroRecord,
  type AvroType,
  avroNames,
  avroNamespace,
  noProps,
} from './avro-type.ts';

const fields: AvroField[] = [];
const anything: AvroRecord = { kind: 'record', name: avroNames.anything, fields, props: noProps };
const mapEntry: AvroRecord = {
  kind: 'record',
  name: `${avroNamespace}.${avroNames.mapEntry}`,
  fields: [
    { name: 'key', type: anything, props: noProps },
    { name: 'value', type: anything, props: noProps },
  ],
  props: noProps,
};

for (const kind of ['boolean', 'bytes', 'double', 'float', 'int', 'long', 'string'] as const)
  addField(kind, { kind, props: noProps });
addField('array', { kind: 'array', items: anything, props: noProps });
addField('map', { kind: 'array', items: mapEntry, props: noProps });

function addField(name: string, type: AvroType): void {
  const union: AvroType = { kind: 'union', types: [{ kind: 'null', props: noProps }, type] };
  fields.push({ name, type: union, default: null, props: noProps });
}

export const anythingType: AvroType = anything;

export function isAnything(type: AvroType): boolean {
  return (
    type.kind === 'record' &&
    type.name === avroNames.anything &&
    type.fields.length === fields.length
  );
}

const position = { boolean: 0, bytes: 1, double: 2, long: 5, string: 6, array: 7, map: 8 } as const;

/** @throws DataError for what no kind of field holds */
export function writeAnything(value: unknown, sink: ByteSink): void {
  if (isNullish(value)) {
    skip(sink, fields.length);
    return;
  }
  const kind = kindOfAnything(value);
  skip(sink, position[kind]);
  sink.byte(2); // The second type of the union, zigzag.
  writeKind(kind, value, sink);
  skip(sink, fields.length - position[kind] - 1);
}

function skip(sink: ByteSink, count: number): void {
  for (let index = 0; index < count; index += 1) sink.byte(0);
}

function kindOfAnything(value: unknown): keyof typeof position {
  switch (typeof value) {
    case 'boolean':
      return 'boolean';
    case 'string':
      return 'string';
    case 'bigint':
      if (BigInt.asIntN(64, value) === value) return 'long';
      throw new DataError('Invalid value without schema: a bigint of more than 64 bits');
    case 'number':
      // As all readers of schemaless data have it: what is whole is a long.
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? 'long' : 'double';
    default:
  }
  if (Array.isArray(value)) return 'array';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Map || isPlainObject(value)) return 'map';
  throw new DataError(`Unknown JavaScript type for schemaless data: ${kindOf(value)}`);
}

function writeKind(kind: keyof typeof position, value: unknown, sink: ByteSink): void {
  switch (kind) {
    case 'boolean':
      sink.byte(value === true ? 1 : 0);
      break;
    case 'bytes':
      writeBytes(value as Uint8Array, sink);
      break;
    case 'double':
      sink.double(value as number);
      break;
    case 'long':
      sink.zigzag64(value as number | bigint);
      break;
    case 'string':
      writeText(value as string, sink);
      break;
    case 'array': {
      const items = value as unknown[];
      if (items.length > 0) sink.zigzag32(items.length);
      for (const item of items) writeAnything(item, sink);
      sink.byte(0);
      break;
    }
    case 'map': {
      const entries = [...entriesOf(value as object)];
      if (entries.length > 0) sink.zigzag32(entries.length);
      for (const [key, one] of entries) {
        writeAnything(key, sink);
        writeAnything(one, sink);
      }
      sink.byte(0);
      break;
    }
    default:
      kind satisfies never;
  }
}

/** @throws DataError when the bytes are none */
export function readAnything(source: ByteSource): unknown {
  let found: unknown = null;
  for (const { name } of fields) {
    const branch = source.zigzag32();
    if (branch === 0) continue;
    if (branch !== 1)
      throw new DataError(`Invalid Avro data: no type ${String(branch)} in a union`);
    const value = readKind(name, source);
    found ??= value;
  }
  return found;
}

function readKind(name: string, source: ByteSource): unknown {
  switch (name) {
    case 'boolean':
      return source.byte() !== 0;
    case 'bytes':
      return readBytes(source);
    case 'double':
      return source.double();
    case 'float':
      return source.float();
    case 'int':
      return source.zigzag32();
    case 'long':
      return source.zigzag64();
    case 'string':
      return readText(source);
    case 'array':
      return readBlocks(source, fields.length, readAnything);
    default: {
      const entries = readBlocks(source, 2 * fields.length, (each) => [
        readAnything(each),
        readAnything(each),
      ]);
      return entries.every(([key]) => typeof key === 'string')
        ? Object.fromEntries(entries as [string, unknown][])
        : new Map(entries as [unknown, unknown][]);
    }
  }
}
