/** How each type of PostgreSQL is written: Debezium's schemas, and their values of PostgreSQL's texts. Pure. */
import { createHash } from 'node:crypto';
import { optionalSchema, type Schema, schemas } from '@sluice/connector-api';
import {
  type BinaryMode,
  binaryType,
  bitsSchema,
  bytesOfBits,
  type ColumnType,
  type DecimalMode,
  dateType,
  decimalType,
  enumSchema,
  intervalSchema,
  isoMoment,
  isoTime,
  jsonSchema,
  ltreeSchema,
  microDurationSchema,
  pointSchema,
  pointValue,
  type TimePrecisionMode,
  timestampType,
  timeType,
  tsvectorSchema,
  uuidSchema,
  xmlSchema,
  zonedTimeSchema,
  zonedTimestampSchema,
} from '@sluice/connector-capture';
import {
  bytesOfText,
  daysOfText,
  decimalOfMoney,
  elementsOfArray,
  entriesOfHstore,
  intervalOfText,
  isoInterval,
  microsOfInterval,
  microsOfTime,
  momentOfText,
} from './text-values.ts';

/** A type as `pg_type` has it. */
export interface PgType {
  readonly oid: number;
  readonly name: string;
  /** b base, c composite, d domain, e enum, p pseudo, r range, m multirange. */
  readonly kind: string;
  readonly category: string;
  /** Of an array. */
  readonly elementOid: number;
  /** Of a domain. */
  readonly baseOid: number;
  readonly baseModifier: number;
  readonly labels: readonly string[];
}

export type FindType = (oid: number) => PgType | undefined;

export interface ValueSettings {
  readonly decimals: DecimalMode;
  readonly times: TimePrecisionMode;
  readonly binary: BinaryMode;
  readonly hstore: 'json' | 'map';
  readonly intervals: 'numeric' | 'string';
  readonly moneyDigits: number;
  readonly includeUnknown: boolean;
}

export interface TextType extends ColumnType<string> {
  /** Of an enum: whether the text is none of its labels, so that it must have got one since. */
  readonly isNewLabel?: (raw: string) => boolean;
}

/** Types that are written as PostgreSQL writes them. */
const plainTexts = new Set([
  'bpchar',
  'char',
  'cidr',
  'citext',
  'inet',
  'isbn',
  'macaddr',
  'macaddr8',
  'name',
  'text',
  'varchar',
]);

/** The catalog's own types, which it calls arrays, and which are not written as such. */
const vectors = new Set(['int2vector', 'oidvector']);

const text: TextType = { schema: schemas.string, read: (raw) => raw, fallback: '' };

/** Lengths of `varbit` without one. */
const bitsMax = 2_147_483_647;

/**
 * How a column is written; undefined: not at all, for a type that has no schema.
 * `modifier`: as `atttypmod`, such as the length that was declared.
 */
export function columnTypeOf(
  oid: number,
  modifier: number,
  find: FindType,
  settings: ValueSettings,
): TextType | undefined {
  const type = find(oid);
  if (!type) return unknownType(settings);
  if (type.kind === 'd')
    return columnTypeOf(
      type.baseOid,
      type.baseModifier >= 0 ? type.baseModifier : modifier,
      find,
      settings,
    );
  if (type.kind === 'e') return enumType(type.labels);
  if (type.kind === 'r' || type.kind === 'm') return text;
  // A composite may have any name, such as money or point.
  if (type.kind !== 'b') return unknownType(settings);
  if (type.category === 'A' && type.elementOid !== 0 && !vectors.has(type.name))
    return arrayType(columnTypeOf(type.elementOid, modifier, find, settings));
  return plainTexts.has(type.name) ? text : namedType(type.name, modifier, settings);
}

function namedType(name: string, modifier: number, settings: ValueSettings): TextType | undefined {
  switch (name) {
    case 'bool':
      return { schema: schemas.boolean, read: (raw) => raw === 't', fallback: false };
    case 'int2':
      return number(schemas.int16);
    case 'int4':
      return number(schemas.int32);
    case 'int8':
    case 'oid':
      return { schema: schemas.int64, read: safeInteger, fallback: 0 };
    case 'float4':
      return number(schemas.float32);
    case 'float8':
      return number(schemas.float64);
    case 'numeric':
      return decimalType(settings.decimals, numericShape(modifier));
    case 'money':
      return of(decimalType(settings.decimals, { scale: settings.moneyDigits }), decimalOfMoney);
    case 'bytea':
      return of(binaryType(settings.binary), bytesOfText);
    case 'date':
      return of(dateType(settings.times), daysOfText);
    case 'time':
      return of(timeType(settings.times, precisionOf(modifier)), microsOfTime);
    case 'timetz':
      return {
        schema: zonedTimeSchema,
        read: (raw) => `${isoTime(microsOfTime(raw))}Z`,
        fallback: '00:00:00Z',
      };
    case 'timestamp':
      return of(timestampType(settings.times, precisionOf(modifier)), momentOfText);
    case 'timestamptz':
      return zonedTimestamp(precisionOf(modifier));
    case 'interval':
      return settings.intervals === 'string'
        ? {
            schema: intervalSchema,
            read: (raw) => isoInterval(intervalOfText(raw)),
            fallback: 'P0Y0M0DT0H0M0S',
          }
        : {
            schema: microDurationSchema,
            read: (raw) => microsOfInterval(intervalOfText(raw)),
            fallback: 0,
          };
    case 'bit':
    case 'varbit':
      return bits(name === 'bit' && modifier < 0 ? 1 : modifier < 0 ? bitsMax : modifier);
    case 'json':
    case 'jsonb':
      return asText(jsonSchema, '{}');
    case 'xml':
      return asText(xmlSchema, '');
    case 'uuid':
      return asText(uuidSchema, '00000000-0000-0000-0000-000000000000');
    case 'tsvector':
      return asText(tsvectorSchema, '');
    case 'ltree':
      return asText(ltreeSchema, '');
    case 'point':
      return { schema: pointSchema, read: pointOf, fallback: pointValue(0, 0) };
    case 'hstore':
      return hstore(settings.hstore);
    default:
      return unknownType(settings);
  }
}

/** The value that stands for one that PostgreSQL does not tell; undefined: nothing of this schema can. */
export function placeholderOf({ schema }: TextType, placeholder: string): unknown {
  switch (schema.type) {
    case 'string':
      return placeholder;
    case 'bytes':
      // Decimals are bytes by their schema only.
      return schema.name === undefined ? Buffer.from(placeholder) : undefined;
    case 'map':
      return { [placeholder]: placeholder };
    case 'array':
      return placeholderArray(schema.items, placeholder);
    default:
      return undefined;
  }
}

function placeholderArray(items: Schema | undefined, placeholder: string): unknown[] {
  const bytes = Buffer.from(placeholder);
  if (items?.name === uuidSchema.name) {
    const hash = createHash('md5').update(bytes).digest();
    // As Java's UUID.nameUUIDFromBytes.
    hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x30;
    hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
    const hex = hash.toString('hex');
    const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
    return [[...parts, hex.slice(20)].join('-')];
  }
  if (items?.type === 'string') return [placeholder];
  if (items?.type === 'bytes' && items.name === undefined) return [bytes];
  return items?.name === undefined && /^int(?:16|32|64)$/.test(items?.type ?? '')
    ? Array.from(bytes)
    : [];
}

function asText(schema: Schema, fallback: string): TextType {
  return { schema, read: (raw) => raw, fallback };
}

function number(schema: Schema): TextType {
  return { schema, read: Number, fallback: 0 };
}

function of<Parsed>(type: ColumnType<Parsed>, parse: (raw: string) => Parsed): TextType {
  return { ...type, read: (raw) => type.read(parse(raw)) };
}

function safeInteger(raw: string): number | bigint {
  const value = Number(raw);
  return Number.isSafeInteger(value) ? value : BigInt(raw);
}

/** `numeric(10,2)`; without a modifier values have any precision and scale. */
function numericShape(modifier: number): { precision?: number; scale?: number } {
  if (modifier < 0) return {};
  const packed = modifier - 4;
  const scale = packed & 0x7ff;
  return { precision: (packed >> 16) & 0xffff, scale: scale > 1_000 ? scale - 0x800 : scale };
}

/** Digits of a second that a time has. */
function precisionOf(modifier: number): number {
  return modifier < 0 ? 6 : modifier;
}

function zonedTimestamp(precision: number): TextType {
  return {
    schema: zonedTimestampSchema,
    read: (raw) => {
      if (raw.endsWith('infinity')) return raw;
      const [moment = '', fraction = ''] = isoMoment(momentOfText(raw)).split('.');
      return precision === 0 ? `${moment}Z` : `${moment}.${fraction.padEnd(precision, '0')}Z`;
    },
    fallback: '1970-01-01T00:00:00Z',
  };
}

function bits(length: number): TextType {
  return length === 1
    ? { schema: schemas.boolean, read: (raw) => raw === '1', fallback: false }
    : { schema: bitsSchema(length), read: bytesOfBits, fallback: Buffer.alloc(0) };
}

function pointOf(raw: string): unknown {
  const [x = 0, y = 0] = raw.slice(1, -1).split(',').map(Number);
  return pointValue(x, y);
}

function hstore(mode: 'json' | 'map'): TextType {
  return mode === 'json'
    ? {
        schema: jsonSchema,
        read: (raw) => JSON.stringify(Object.fromEntries(entriesOfHstore(raw))),
        fallback: '{}',
      }
    : {
        schema: { type: 'map', keys: schemas.string, values: schemas.optionalString },
        read: (raw) => Object.fromEntries(entriesOfHstore(raw)),
        fallback: {},
      };
}

function enumType(labels: readonly string[]): TextType {
  const known = new Set(labels);
  return {
    ...asText(enumSchema(labels), labels[0] ?? ''),
    isNewLabel: (raw) => !known.has(raw),
  };
}

function arrayType(element: TextType | undefined): TextType | undefined {
  if (!element) return undefined;
  const { isNewLabel, read } = element;
  return {
    ...(isNewLabel
      ? {
          isNewLabel: (raw) =>
            elementsOfArray(raw).some((each) => each !== null && isNewLabel(each)),
        }
      : {}),
    schema: { type: 'array', items: optionalSchema(element.schema) },
    read: (raw) => elementsOfArray(raw).map((each) => (each === null ? null : read(each))),
    fallback: [],
  };
}

/** What Debezium does not know it leaves out, or writes as the bytes of its text. */
function unknownType(settings: ValueSettings): TextType | undefined {
  return settings.includeUnknown
    ? of(binaryType(settings.binary), (raw: string) => Buffer.from(raw))
    : undefined;
}
