/**
 * PostgreSQL's values as Kafka Connect's. What Kafka Connect has no type for (json, uuid, enum, interval, ranges, bit,
 * addresses, …) is the text that the server writes, which a sink can give back to a column of that type.
 */
import {
  arraySchema,
  DataError,
  Decimal,
  dateSchema,
  decimalSchema,
  optionalSchema,
  type Schema,
  schemas,
  structSchema,
  timeOfMs,
  timeSchema,
} from '@sluice/connector-api';
import type { FieldDef } from 'pg';
import type { ReadColumn, ReadOptions } from '../dialect.ts';
import { numericReader, readInteger } from '../source/numeric-mapping.ts';
import { timestampReader } from '../source/timestamp-granularity.ts';
import { parseInstant } from '../time-zone.ts';
import { parseArray } from './postgres-arrays.ts';
import type { PostgresSession } from './postgres-session.ts';

interface TypeReader {
  readonly schema: Schema;
  readonly read: (text: string) => unknown;
}

/** Debezium's name for decimals of which each has a scale of its own; its sinks and Sluice's know it. */
export const variableScaleDecimal = 'io.debezium.data.VariableScaleDecimal';

const variableScaleSchema = structSchema(
  { scale: schemas.int32, value: schemas.bytes },
  { name: variableScaleDecimal, version: 1 },
);

const oids = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  oid: 26,
  float4: 700,
  float8: 701,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  numeric: 1700,
} as const;

/** Arrays by the type of their elements; those of other types are arrays of texts if the catalog says array. */
const arrayElements: Readonly<Record<number, number>> = {
  1000: oids.bool,
  1001: oids.bytea,
  1005: oids.int2,
  1007: oids.int4,
  1016: oids.int8,
  1021: oids.float4,
  1022: oids.float8,
  1115: oids.timestamp,
  1182: oids.date,
  1183: oids.time,
  1185: oids.timestamptz,
  1231: oids.numeric,
};

/** Describes the columns of a result: null is allowed unless they are columns of a table that do not allow it. */
export async function describeColumns(
  session: PostgresSession,
  fields: readonly FieldDef[],
  options: ReadOptions,
): Promise<ReadColumn[]> {
  const [notNull, arrays] = await Promise.all([
    columnsNotNull(session, fields),
    arrayTypes(session, fields),
  ]);
  return fields.map((field) => {
    const { read, schema } = typeReader(field.dataTypeID, field.dataTypeModifier, arrays, options);
    return {
      name: field.name,
      schema: notNull.has(`${String(field.tableID)}.${String(field.columnID)}`)
        ? schema
        : optionalSchema(schema),
      value: (cell) => named(field.name, () => read(String(cell))),
      instant: (cell) => named(field.name, () => parseInstant(String(cell), options.zone)),
    };
  });
}

async function columnsNotNull(
  session: PostgresSession,
  fields: readonly FieldDef[],
): Promise<ReadonlySet<string>> {
  const tables = [...new Set(fields.map(({ tableID }) => tableID))].filter((id) => id > 0);
  if (tables.length === 0) return new Set();
  const rows = await session.query(
    'SELECT attrelid::text, attnum::text FROM pg_catalog.pg_attribute WHERE attnotnull AND attnum > 0 AND attrelid = ANY ($1::oid[])',
    [`{${tables.join(',')}}`],
  );
  return new Set(rows.map(([table, column]) => `${String(table)}.${String(column)}`));
}

/** Elements of types that are arrays, of enums and the like. */
async function arrayTypes(
  session: PostgresSession,
  fields: readonly FieldDef[],
): Promise<ReadonlyMap<number, number>> {
  const unknown = [...new Set(fields.map(({ dataTypeID }) => dataTypeID))];
  const rows = await session.query(
    "SELECT oid::text, typelem::text FROM pg_catalog.pg_type WHERE typcategory = 'A' AND typelem <> 0 AND oid = ANY ($1::oid[])",
    [`{${unknown.join(',')}}`],
  );
  return new Map(rows.map(([type, element]) => [Number(type), Number(element)]));
}

function typeReader(
  oid: number,
  modifier: number,
  arrays: ReadonlyMap<number, number>,
  options: ReadOptions,
): TypeReader {
  const element = arrayElements[oid] ?? arrays.get(oid);
  if (element === undefined) return scalarReader(oid, modifier, options);
  const { read, schema } = scalarReader(element, modifier, options);
  return {
    schema: arraySchema(optionalSchema(schema)),
    read: (text) => parseArray(text).map((each) => (each === null ? null : read(each))),
  };
}

function scalarReader(oid: number, modifier: number, options: ReadOptions): TypeReader {
  switch (oid) {
    case oids.bool:
      return { schema: schemas.boolean, read: (text) => text === 't' };
    case oids.int2:
      return { schema: schemas.int16, read: Number };
    case oids.int4:
      return { schema: schemas.int32, read: Number };
    case oids.int8:
    case oids.oid:
      return { schema: schemas.int64, read: readInteger };
    case oids.float4:
      return { schema: schemas.float32, read: (text) => Math.fround(Number(text)) };
    case oids.float8:
      return { schema: schemas.float64, read: Number };
    case oids.numeric:
      return readNumeric(modifier, options);
    case oids.bytea:
      return { schema: schemas.bytes, read: (text) => Buffer.from(text.slice(2), 'hex') };
    case oids.date:
      return { schema: dateSchema, read: (text) => new Date(parseInstant(text, 'UTC').ms) };
    case oids.time:
      return { schema: timeSchema, read: readTime };
    case oids.timestamp:
    case oids.timestamptz:
      return timestampReader(options);
    default:
      return { schema: schemas.string, read: (text) => text };
  }
}

function readNumeric(modifier: number, options: ReadOptions): TypeReader {
  if (modifier < 0) {
    if (options.numericMapping.startsWith('best_fit'))
      return { schema: schemas.float64, read: Number };
    return {
      schema: variableScaleSchema,
      read: (text) => {
        const { scale, value } = asScaled(text);
        return { scale, value };
      },
    };
  }
  const precision = ((modifier - 4) >> 16) & 0xffff;
  // Eleven bits with a sign, since PostgreSQL 15.
  const scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
  return numericReader({ precision, scale }, options.numericMapping, decimalSchema);
}

function asScaled(text: string): { scale: number; value: Buffer } {
  const decimal = Decimal.fromString(text);
  return { scale: decimal.scale, value: decimal.toBytes() };
}

/** 24:00 is a time that PostgreSQL knows. */
function readTime(text: string): Date {
  const [, hours, minutes, seconds, fraction = ''] =
    /^(\d\d):(\d\d):(\d\d)(?:\.(\d+))?$/.exec(text) ?? [];
  if (hours === undefined) throw new DataError(`a time that Kafka Connect's Time does not hold`);
  return timeOfMs(
    (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000 +
      Number(fraction.padEnd(3, '0').slice(0, 3)),
  );
}

function named<Value>(column: string, read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(
      `Column ${column} has ${reason}. Read it as text: "query" with CAST(${column} AS text), or leave the row out`,
      { cause },
    );
  }
}
