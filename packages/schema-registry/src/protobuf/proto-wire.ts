/** How Protobuf writes single values: the wire type of each kind, and its bytes. */
import { DataError } from '@sluice/connector-api';
import { exactInteger, kindOf } from '@sluice/connector-api/data-values';
import type { ByteSink } from '../wire/byte-sink.ts';
import type { ByteSource } from '../wire/byte-source.ts';
import type { ScalarKind } from './proto-model.ts';

export const wireTypes = {
  varint: 0,
  fixed64: 1,
  length: 2,
  groupStart: 3,
  groupEnd: 4,
  fixed32: 5,
} as const;

export function wireTypeOf(kind: ScalarKind): number {
  switch (kind) {
    case 'double':
    case 'fixed64':
    case 'sfixed64':
      return wireTypes.fixed64;
    case 'float':
    case 'fixed32':
    case 'sfixed32':
      return wireTypes.fixed32;
    case 'string':
    case 'bytes':
      return wireTypes.length;
    default:
      return wireTypes.varint;
  }
}

export function writeTag(number: number, wireType: number, sink: ByteSink): void {
  sink.varint32(((number << 3) | wireType) >>> 0);
}

/** Field number and wire type. @throws DataError */
export function readTag(source: ByteSource): {
  readonly number: number;
  readonly wireType: number;
} {
  const tag = source.varint32();
  const number = tag >>> 3;
  if (number === 0) throw new DataError('Invalid Protobuf data: a field of number 0');
  return { number, wireType: tag & 7 };
}

/** Groups within groups; data has no more. */
const groupDepthMax = 100;

/** Past a field that the schema does not have. @throws DataError */
export function skipField(source: ByteSource, wireType: number, depth = 0): void {
  switch (wireType) {
    case wireTypes.varint:
      source.unsigned64();
      return;
    case wireTypes.fixed64:
      source.raw(8);
      return;
    case wireTypes.length:
      source.raw(source.varint32());
      return;
    case wireTypes.fixed32:
      source.raw(4);
      return;
    case wireTypes.groupStart:
      if (depth >= groupDepthMax) throw new DataError('Invalid Protobuf data: nested too deeply');
      for (;;) {
        const inner = readTag(source).wireType;
        if (inner === wireTypes.groupEnd) return;
        skipField(source, inner, depth + 1);
      }
    default:
      throw new DataError(`Invalid Protobuf data: no wire type ${String(wireType)}`);
  }
}

/** @throws DataError when the value does not fit */
export type ScalarWrite = (value: unknown, sink: ByteSink) => void;

export function scalarWriter(kind: ScalarKind): ScalarWrite {
  switch (kind) {
    case 'double':
      return (value, sink) => sink.double(numberOf(value));
    case 'float':
      return (value, sink) => sink.float(numberOf(value));
    case 'int32':
    case 'int64':
    case 'uint32':
    case 'uint64':
      return (value, sink) => {
        if (typeof value === 'number' && value >= 0 && value < 2 ** 32) sink.varint32(value);
        else sink.varint64(BigInt(value as number | bigint));
      };
    case 'sint32':
    case 'sint64':
      return (value, sink) => sink.zigzag64(value as number | bigint);
    case 'fixed32':
    case 'sfixed32':
      return (value, sink) =>
        sink.fixed32(Number(BigInt.asIntN(32, BigInt(value as number | bigint))));
    case 'fixed64':
    case 'sfixed64':
      return (value, sink) => sink.fixed64(BigInt(value as number | bigint));
    case 'bool':
      return (value, sink) => {
        if (typeof value !== 'boolean') throw mismatch('BOOLEAN', value);
        sink.byte(value ? 1 : 0);
      };
    case 'string':
      return (value, sink) => {
        if (typeof value !== 'string') throw mismatch('STRING', value);
        const bytes = Buffer.byteLength(value);
        sink.varint32(bytes);
        sink.utf8(value, bytes);
      };
    case 'bytes':
      return (value, sink) => {
        if (!(value instanceof Uint8Array)) throw mismatch('BYTES', value);
        sink.varint32(value.length);
        sink.raw(value);
      };
    default:
      return kind satisfies never;
  }
}

/** Whether the value is what is read where nothing is written. */
export function isZero(kind: ScalarKind, value: unknown): boolean {
  switch (kind) {
    case 'string':
      return value === '';
    case 'bool':
      return value === false;
    case 'bytes':
      return value instanceof Uint8Array && value.length === 0;
    default:
      // Not -0, which is another number.
      return Object.is(value, 0) || value === 0n;
  }
}

export function zeroOf(kind: ScalarKind): unknown {
  switch (kind) {
    case 'string':
      return '';
    case 'bool':
      return false;
    case 'bytes':
      return Buffer.alloc(0);
    default:
      return 0;
  }
}

export function scalarReader(kind: ScalarKind): (source: ByteSource) => unknown {
  switch (kind) {
    case 'double':
      return (source) => source.double();
    case 'float':
      return (source) => source.float();
    case 'int32':
      return (source) => source.varint32() | 0;
    case 'uint32':
      return (source) => source.varint32();
    case 'int64':
    case 'uint64':
      return (source) => source.varint64();
    case 'sint32':
      return (source) => {
        const raw = source.varint32();
        return (raw >>> 1) ^ -(raw & 1);
      };
    case 'sint64':
      return (source) => source.zigzag64();
    case 'fixed32':
      return (source) => source.fixed32() >>> 0;
    case 'sfixed32':
      return (source) => source.fixed32();
    case 'fixed64':
    case 'sfixed64':
      return (source) => exactInteger(source.fixed64());
    case 'bool':
      return (source) => source.unsigned64() !== 0n;
    case 'string':
      return (source) => source.utf8(source.varint32());
    case 'bytes':
      return (source) => Buffer.from(source.raw(source.varint32()));
    default:
      return kind satisfies never;
  }
}

function numberOf(value: unknown): number {
  if (typeof value !== 'number') throw mismatch('FLOAT', value);
  return value;
}

function mismatch(type: string, value: unknown): DataError {
  return new DataError(`Invalid type for ${type}: ${kindOf(value)}`);
}
