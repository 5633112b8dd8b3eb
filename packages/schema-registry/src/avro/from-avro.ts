/** Avro schema → Connect schema, as Confluent's AvroData has it. */
import {
  DataError,
  dateSchema,
  decimalSchema,
  type Schema,
  type SchemaType,
  timeSchema,
  timestampSchema,
} from '@sluice/connector-api';
import { isObject } from '@sluice/kernel';
import { isAnything } from './anything.ts';
import { defaultFromJson } from './avro-defaults.ts';
import type { AvroOptions } from './avro-options.ts';
import {
  type AvroArray,
  type AvroEnum,
  type AvroField,
  type AvroFixed,
  type AvroPrimitive,
  type AvroRecord,
  type AvroType,
  type AvroUnion,
  avroNames,
  isMapEntry,
  isNamed,
  precisionDefault,
  splitName,
} from './avro-type.ts';

type Draft = { -readonly [Name in keyof Schema]: Schema[Name] };

/** What a place makes of the type that stands there. */
interface Place {
  readonly isOptional: boolean;
  /** The field's own default, as JSON; undefined: there is none. */
  readonly fieldDefault?: unknown;
  readonly version?: number | undefined;
}

const anywhere: Place = { isOptional: false };

interface Context {
  readonly options: AvroOptions;
  /** Records that contain the one that is converted. */
  readonly within: Set<AvroRecord>;
}

/**
 * Undefined for data without a schema. `version` is for a schema that says none itself.
 * @throws DataError for what Connect has no schema for
 */
export function fromAvro(
  type: AvroType,
  options: AvroOptions,
  version?: number,
): Schema | undefined {
  if (isAnything(type)) return undefined;
  return convert(type, { isOptional: false, version }, { options, within: new Set() });
}

function convert(type: AvroType, place: Place, context: Context): Schema {
  if (type.kind === 'union') return unionSchema(type, place, context);
  const draft = bare(type, context);
  addMetaData(draft, type, place, context);
  if (place.isOptional) draft.optional = true;
  return Object.freeze(draft);
}

function bare(type: Exclude<AvroType, AvroUnion>, context: Context): Draft {
  switch (type.kind) {
    case 'null':
      throw new DataError('Standalone null schemas are not supported by this converter');
    case 'boolean':
    case 'string':
      return { type: type.kind };
    case 'int':
      return intSchema(type);
    case 'long':
      return logicalOf(type) === 'timestamp-millis' ? { ...timestampSchema } : { type: 'int64' };
    case 'float':
      return { type: 'float32' };
    case 'double':
      return { type: 'float64' };
    case 'bytes':
    case 'fixed':
      return bytesSchema(type);
    case 'array':
      return arraySchema(type, context);
    case 'map':
      return {
        type: 'map',
        keys: Object.freeze({ type: 'string' }),
        values: convert(type.values, anywhere, context),
      };
    case 'record':
      return recordSchema(type, context);
    case 'enum':
      return enumSchema(type, context);
    default:
      return type satisfies never;
  }
}

function logicalOf(type: AvroPrimitive | AvroFixed): string | undefined {
  const logical = type.props['logicalType'];
  return typeof logical === 'string' ? logical.toLowerCase() : undefined;
}

function intSchema(type: AvroPrimitive): Draft {
  const logical = logicalOf(type);
  if (logical === 'date') return { ...dateSchema };
  if (logical === 'time-millis') return { ...timeSchema };
  const connectType = type.props[avroNames.type];
  if (logical !== undefined || connectType === undefined) return { type: 'int32' };
  if (connectType === 'int8' || connectType === 'int16')
    return { type: connectType satisfies SchemaType };
  throw new DataError('Connect type annotation for Avro int field is null');
}

function bytesSchema(type: AvroPrimitive | AvroFixed): Draft {
  const draft: Draft = logicalOf(type) === 'decimal' ? decimalDraft(type) : { type: 'bytes' };
  if (type.kind === 'fixed') addParameters(draft, { [avroNames.fixedSize]: String(type.size) });
  return draft;
}

function decimalDraft({ props }: AvroPrimitive | AvroFixed): Draft {
  const { scale, precision } = props;
  const draft: Draft = { ...decimalSchema(typeof scale === 'number' ? Math.trunc(scale) : 0) };
  if (precision === undefined || precision === null) return draft;
  if (typeof precision !== 'number')
    throw new DataError('precision property must be a JSON Integer.');
  if (precision !== precisionDefault)
    addParameters(draft, { [avroNames.precision]: String(precision) });
  return draft;
}

function arraySchema({ items }: AvroArray, context: Context): Draft {
  if (!isMapEntry(items)) return { type: 'array', items: convert(items, anywhere, context) };
  const { key, value } = entryFields(items);
  return {
    type: 'map',
    keys: convert(key.type, anywhere, context),
    values: convert(value.type, anywhere, context),
  };
}

/** @throws DataError */
export function entryFields({ fields }: AvroRecord): {
  readonly key: AvroField;
  readonly value: AvroField;
} {
  const key = fields.find(({ name }) => name === 'key');
  const value = fields.find(({ name }) => name === 'value');
  if (fields.length === 2 && key && value) return { key, value };
  throw new DataError(
    'Found map encoded as array of key-value pairs, but array elements do not match the expected format.',
  );
}

function recordSchema(type: AvroRecord, context: Context): Draft {
  if (context.within.has(type))
    throw new DataError(
      `The Avro record ${type.name} contains itself: such a schema cannot be read here. Read the bytes with the ByteArrayConverter.`,
    );
  context.within.add(type);
  const { hasMetaData } = context.options;
  const draft: Draft = { type: 'struct' };
  if (hasMetaData && type.doc !== undefined)
    addParameters(draft, { [avroNames.recordDoc]: type.doc });
  draft.fields = Object.freeze(
    type.fields.map((field) => {
      if (hasMetaData && field.doc !== undefined)
        addParameters(draft, { [avroNames.fieldDocPrefix + field.name]: field.doc });
      const schema = convert(
        field.type,
        { isOptional: false, fieldDefault: field.default },
        context,
      );
      return Object.freeze({
        field: field.name,
        schema: withFieldParameters(schema, field, context),
      });
    }),
  );
  context.within.delete(type);
  return draft;
}

/** A type that is named a second time has the parameters of its first place: those of this one are the field's. */
function withFieldParameters(schema: Schema, { props }: AvroField, { options }: Context): Schema {
  const own = props[avroNames.parameters];
  if (!options.hasMetaData || !isObject(own)) return schema;
  const draft: Draft = { ...schema };
  addParameters(
    draft,
    Object.fromEntries(Object.entries(own).map(([name, value]) => [name, String(value)])),
  );
  return Object.freeze(draft);
}

function enumSchema(type: AvroEnum, { options }: Context): Draft {
  const draft: Draft = { type: 'string' };
  const short = splitName(type.name).name;
  if (options.hasMetaData) {
    if (type.doc !== undefined)
      addParameters(draft, { [avroNames.enumDocPrefix + short]: type.doc });
    if (type.default !== undefined)
      addParameters(draft, { [avroNames.enumDefaultPrefix + short]: type.default });
  }
  addParameters(draft, { [avroNames.enum]: type.name });
  for (const symbol of type.symbols)
    addParameters(draft, { [`${avroNames.enum}.${symbol}`]: symbol });
  return draft;
}

function unionSchema(union: AvroUnion, place: Place, context: Context): Schema {
  const { types } = union;
  const single = singleTypeOf(union, context.options);
  if (single)
    return convert(single.type, { isOptional: single.isOptional || place.isOptional }, context);
  const names = new Set<string>();
  const fields = types.flatMap((member) => {
    if (member.kind === 'null') return [];
    const field = memberName(member, context.options);
    if (names.has(field))
      throw new DataError(
        `Multiple union schemas map to the Connect union field name ${field}. Set enhanced.avro.schema.support=true.`,
      );
    names.add(field);
    return [Object.freeze({ field, schema: convert(member, { isOptional: true }, context) })];
  });
  const isOptional = fields.length < types.length || place.isOptional;
  return Object.freeze<Schema>({
    type: 'struct',
    name: avroNames.union,
    ...(place.version === undefined ? {} : { version: place.version }),
    ...(isOptional ? { optional: true } : {}),
    fields: Object.freeze(fields),
  });
}

/** The type that a union is nothing but: of null and it, or of it alone. */
export function singleTypeOf(
  { types }: AvroUnion,
  { flattensSingletonUnions }: Pick<AvroOptions, 'flattensSingletonUnions'>,
): { readonly type: AvroType; readonly isOptional: boolean } | undefined {
  const others = types.filter(({ kind }) => kind !== 'null');
  const [type] = others;
  if (type === undefined || others.length !== 1) return undefined;
  if (types.length === 2) return { type, isOptional: true };
  return flattensSingletonUnions ? { type, isOptional: false } : undefined;
}

/** What a type of a union is called in the struct. */
export function memberName(
  type: AvroType,
  { isEnhanced }: Pick<AvroOptions, 'isEnhanced'>,
): string {
  if (!isNamed(type)) return type.kind;
  return isEnhanced ? type.name : splitName(type.name).name;
}

function addMetaData(
  draft: Draft,
  type: Exclude<AvroType, AvroUnion>,
  { fieldDefault, version }: Place,
  { options }: Context,
): void {
  const { props } = type;
  const { hasMetaData } = options;
  const doc = props[avroNames.doc];
  if (hasMetaData && typeof doc === 'string') draft.doc = doc;
  addVersion(draft, props[avroNames.version], version);
  const parameters = props[avroNames.parameters];
  if (hasMetaData && parameters !== undefined && parameters !== null)
    addParameters(draft, texts(parameters));
  for (const [name, value] of Object.entries(props))
    if (name.startsWith('avro')) addParameters(draft, { [name]: String(value) });
  const ownDefault = props[avroNames.default];
  if (
    fieldDefault !== undefined &&
    hasMetaData &&
    ownDefault === undefined &&
    fieldDefault !== null
  )
    addParameters(draft, { [avroNames.fieldDefault]: 'true' });
  addName(draft, type);
  // Of a type that is optional here, or has been read by its name, as any other.
  const value = defaultFromJson(draft, fieldDefault ?? ownDefault, options);
  if (value !== undefined) draft.default = value;
}

function texts(parameters: unknown): Readonly<Record<string, string>> {
  if (!isObject(parameters))
    throw new DataError('Expected JSON object for schema parameters but found something else');
  for (const value of Object.values(parameters))
    if (typeof value !== 'string')
      throw new DataError(
        'Expected schema parameter values to be strings but found something else',
      );
  return parameters as Readonly<Record<string, string>>;
}

function addVersion(draft: Draft, own: unknown, version: number | undefined): void {
  if (own !== undefined && typeof own !== 'number')
    throw new DataError('Invalid Connect version found: not a number');
  const found = own ?? version;
  if (found === undefined || found < 0) return;
  if (draft.version === undefined) draft.version = found;
  else if (draft.version !== found && own !== undefined)
    throw new DataError(
      `Mismatched versions: version already added to SchemaBuilder (${String(draft.version)}) differs from version in source schema (${String(found)})`,
    );
}

function addName(draft: Draft, type: Exclude<AvroType, AvroUnion>): void {
  const own = type.props[avroNames.name];
  if (own !== undefined && typeof own !== 'string')
    throw new DataError('Invalid schema name: not a string');
  const isDecimal = type.kind === 'fixed' && draft.name !== undefined;
  const name = own ?? (isNamed(type) && !isDecimal ? type.name : undefined);
  if (name === undefined || name.startsWith(avroNames.defaultRecord)) return;
  if (draft.name !== undefined && draft.name !== name)
    throw new DataError(
      `Mismatched names: name already added to SchemaBuilder (${draft.name}) differs from name in source schema (${name})`,
    );
  draft.name = name;
}

function addParameters(draft: Draft, parameters: Readonly<Record<string, string>>): void {
  const all = [...Object.entries(draft.parameters ?? {}), ...Object.entries(parameters)];
  if (all.length > 0) draft.parameters = Object.freeze(Object.fromEntries(all));
}
