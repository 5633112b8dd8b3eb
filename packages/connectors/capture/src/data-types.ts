/** Debezium's names for texts and bytes that mean something. */
import { type Schema, schemas } from '@sluice/connector-api';

function text(name: string): Schema {
  return Object.freeze({ type: 'string', name: `io.debezium.data.${name}`, version: 1 });
}

export const jsonSchema = text('Json');
export const xmlSchema = text('Xml');
export const uuidSchema = text('Uuid');
export const ltreeSchema = text('Ltree');
export const tsvectorSchema = text('Tsvector');

export function enumSchema(allowed: readonly string[]): Schema {
  return Object.freeze({ ...text('Enum'), parameters: { allowed: allowed.join(',') } });
}

/** Bits, the lowest first; `length`: most that there may be. */
export function bitsSchema(length: number): Schema {
  return Object.freeze({
    type: 'bytes',
    name: 'io.debezium.data.Bits',
    version: 1,
    parameters: { length: String(length) },
  });
}

/** `0101` as bytes, the lowest bit of the first byte first. */
export function bytesOfBits(bits: string): Buffer {
  const bytes = Buffer.alloc(Math.ceil(bits.length / 8));
  for (let index = 0; index < bits.length; index += 1)
    if (bits[bits.length - 1 - index] === '1') {
      const at = index >> 3;
      bytes[at] = (bytes[at] ?? 0) | (1 << (index & 7));
    }
  return bytes;
}

export const pointSchema: Schema = Object.freeze({
  type: 'struct',
  name: 'io.debezium.data.geometry.Point',
  version: 1,
  doc: 'Geometry (POINT)',
  fields: [
    { field: 'x', schema: schemas.float64 },
    { field: 'y', schema: schemas.float64 },
    { field: 'wkb', schema: schemas.optionalBytes },
    { field: 'srid', schema: schemas.optionalInt32 },
  ],
});

/** With its well-known binary, as little-endian. */
export function pointValue(
  x: number,
  y: number,
): { x: number; y: number; wkb: Buffer; srid: null } {
  const wkb = Buffer.alloc(21);
  wkb.writeUInt8(1, 0);
  wkb.writeUInt32LE(1, 1);
  wkb.writeDoubleLE(x, 5);
  wkb.writeDoubleLE(y, 13);
  return { x, y, wkb, srid: null };
}

/** What each `source` begins with, before what its connector adds. */
export const sourceFields: readonly { readonly field: string; readonly schema: Schema }[] = [
  { field: 'version', schema: schemas.string },
  { field: 'connector', schema: schemas.string },
  { field: 'name', schema: schemas.string },
  { field: 'ts_ms', schema: schemas.int64 },
  {
    field: 'snapshot',
    schema: Object.freeze({
      ...enumSchema([
        'true',
        'first',
        'first_in_data_collection',
        'last_in_data_collection',
        'last',
        'false',
        'incremental',
      ]),
      optional: true,
      default: 'false',
    }),
  },
  { field: 'db', schema: schemas.string },
  { field: 'sequence', schema: schemas.optionalString },
  { field: 'ts_us', schema: schemas.optionalInt64 },
  { field: 'ts_ns', schema: schemas.optionalInt64 },
];
