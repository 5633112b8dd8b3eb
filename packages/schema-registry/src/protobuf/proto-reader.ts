/** Reads Protobuf messages into values of the Connect schema that `fromProto` makes of them. */
import { DataError, logicalTypeOf, type Schema } from '@sluice/connector-api';
import { objectMaker } from '@sluice/connector-api/data-values';
import type { ByteSource } from '../wire/byte-source.ts';
import { partsOf } from './from-proto.ts';
import { readLogical } from './known-messages.ts';
import {
  isMapField,
  type ProtoEnum,
  type ProtoField,
  type ProtoMessage,
  wrappedKinds,
} from './proto-model.ts';
import type { ProtobufOptions } from './proto-options.ts';
import { readTag, scalarReader, skipField, wireTypeOf, wireTypes, zeroOf } from './proto-wire.ts';

/** Reads to the end of the source. @throws DataError */
export type ProtoRead = (source: ByteSource) => unknown;

/** `schema` is what `fromProto` has made of the message with the same options. */
export function messageReader(
  message: ProtoMessage,
  schema: Schema,
  options: ProtobufOptions,
): ProtoRead {
  const wrapped = wrappedKinds.get(message.fullName);
  if (wrapped && schema.type !== 'struct') {
    const read = scalarReader(wrapped);
    const wireType = wireTypeOf(wrapped);
    return (source) => {
      let value = zeroOf(wrapped);
      forEachField(source, (number, found) => {
        if (number !== 1 || found !== wireType) return false;
        value = read(source);
        return true;
      });
      return value;
    };
  }
  return structReader(message, schema, options);
}

/** Puts what it reads into the slots of the struct; false: not its wire type, nothing is read. */
type FieldRead = (source: ByteSource, wireType: number, slots: unknown[]) => boolean;

function structReader(message: ProtoMessage, schema: Schema, options: ProtobufOptions): ProtoRead {
  const reads = new Map<number, FieldRead>();
  const zeros: (() => unknown)[] = [];
  const parts = partsOf(message, options);
  for (const [slot, part] of parts.entries()) {
    const of = schemaAt(schema, slot);
    if (part.kind === 'field') {
      reads.set(part.field.number, fieldReader(part.field, of, slot, options));
      zeros.push(zeroReader(part.field));
      continue;
    }
    const make = objectMaker(part.fields.map(({ name }) => name));
    for (const [at, field] of part.fields.entries()) {
      const read = singleReader(field, schemaAt(of, at), options);
      reads.set(field.number, (source, wireType, slots) => {
        if (wireType !== read.wireType) return false;
        const one = read.read(source);
        slots[slot] = make(part.fields.map((_field, index) => (index === at ? one : null)));
        return true;
      });
    }
    zeros.push(() => null);
  }
  const make = objectMaker(parts.map(({ name }) => name));
  return (source) => {
    const slots: unknown[] = zeros.map(() => undefined);
    forEachField(
      source,
      (number, wireType) => reads.get(number)?.(source, wireType, slots) ?? false,
    );
    for (let slot = 0; slot < zeros.length; slot += 1)
      if (slots[slot] === undefined) slots[slot] = zeros[slot]?.();
    return make(slots);
  };
}

/** What `take` does not read is skipped: fields of newer versions of the schema. */
function forEachField(
  source: ByteSource,
  take: (number: number, wireType: number) => boolean,
): void {
  while (source.remaining > 0) {
    const { number, wireType } = readTag(source);
    if (!take(number, wireType)) skipField(source, wireType);
  }
}

/** What is read where nothing is written. */
function zeroReader(field: ProtoField): () => unknown {
  const { type } = field;
  if (isMapField(field)) {
    const isObject =
      field.type.kind === 'message' && field.type.of.fields[0]?.type.kind === 'string';
    return () => (isObject ? {} : new Map());
  }
  if (field.isRepeated) return () => [];
  if (type.kind === 'message' || field.isOptional) return () => null;
  if (type.kind === 'enum') return () => symbolOf(type.of, 0);
  return () => zeroOf(type.kind);
}

interface SingleRead {
  readonly wireType: number;
  readonly read: (source: ByteSource) => unknown;
}

function singleReader(field: ProtoField, schema: Schema, options: ProtobufOptions): SingleRead {
  const { type } = field;
  if (type.kind === 'enum')
    return {
      wireType: wireTypes.varint,
      read: (source) => symbolOf(type.of, source.varint32() | 0),
    };
  if (type.kind !== 'message') {
    const read = scalarReader(type.kind);
    return { wireType: wireTypeOf(type.kind), read: inRange(schema, read) };
  }
  const logical = logicalTypeOf(schema);
  const read: ProtoRead =
    logical === undefined
      ? messageReader(type.of, schema, options)
      : (part) => readLogical(logical, part);
  return { wireType: wireTypes.length, read: (source) => read(source.part(source.varint32())) };
}

function inRange(schema: Schema, read: (source: ByteSource) => unknown): ProtoRead {
  if (schema.type !== 'int8' && schema.type !== 'int16') return read;
  const limit = schema.type === 'int8' ? 128 : 32_768;
  return (source) => {
    const value = read(source) as number;
    if (value >= -limit && value < limit) return value;
    throw new DataError(
      `Invalid Protobuf data: a number out of the range of ${schema.type.toUpperCase()}`,
    );
  };
}

/** As Java calls what a newer version of the enum has. */
function symbolOf({ name, values }: ProtoEnum, number: number): string {
  const found = values.find((value) => value.number === number);
  return found?.name ?? `UNKNOWN_ENUM_VALUE_${name}_${String(number)}`;
}

function fieldReader(
  field: ProtoField,
  schema: Schema,
  slot: number,
  options: ProtobufOptions,
): FieldRead {
  if (isMapField(field)) return mapReader(field, schema, slot, options);
  if (!field.isRepeated) {
    const single = singleReader(field, schema, options);
    return (source, wireType, slots) => {
      if (wireType !== single.wireType) return false;
      slots[slot] = single.read(source);
      return true;
    };
  }
  if (!schema.items) throw new DataError(`The field ${field.name} has no schema of its elements`);
  const single = singleReader(field, schema.items, options);
  const canBePacked = single.wireType !== wireTypes.length;
  return (source, wireType, slots) => {
    if (wireType !== single.wireType && !(canBePacked && wireType === wireTypes.length))
      return false;
    slots[slot] ??= [];
    const elements = slots[slot] as unknown[];
    if (wireType === single.wireType) {
      elements.push(single.read(source));
      return true;
    }
    const packed = source.part(source.varint32());
    while (packed.remaining > 0) elements.push(single.read(packed));
    return true;
  };
}

function mapReader(
  field: ProtoField,
  schema: Schema,
  slot: number,
  options: ProtobufOptions,
): FieldRead {
  if (field.type.kind !== 'message' || !schema.keys || !schema.values)
    throw new DataError(`The field ${field.name} is no map`);
  const [keyField, valueField] = field.type.of.fields;
  if (!keyField || !valueField) throw new DataError(`The entries of ${field.name} have no fields`);
  const readKey = singleReader(keyField, schema.keys, options);
  const readOne = singleReader(valueField, schema.values, options);
  const zeroKey = zeroReader(keyField);
  const zeroOne = zeroReader(valueField);
  const isObject = schema.keys.type === 'string' && keyField.type.kind === 'string';
  return (source, wireType, slots) => {
    if (wireType !== wireTypes.length) return false;
    const part = source.part(source.varint32());
    let key: unknown;
    let one: unknown;
    forEachField(part, (number, found) => {
      if (number === keyField.number && found === readKey.wireType) key = readKey.read(part);
      else if (number === valueField.number && found === readOne.wireType) one = readOne.read(part);
      else return false;
      return true;
    });
    put(
      slots,
      slot,
      isObject,
      key === undefined ? zeroKey() : key,
      one === undefined ? zeroOne() : one,
    );
    return true;
  };
}

function put(slots: unknown[], slot: number, isObject: boolean, key: unknown, one: unknown): void {
  if (!isObject) {
    slots[slot] ??= new Map();
    (slots[slot] as Map<unknown, unknown>).set(key, one);
    return;
  }
  slots[slot] ??= {};
  // Not by assignment: a key may be called __proto__.
  Object.defineProperty(slots[slot], String(key), {
    value: one,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

function schemaAt({ fields }: Schema, index: number): Schema {
  const found = fields?.[index];
  if (!found) throw new DataError('The schema has fewer fields than the message');
  return found.schema;
}
