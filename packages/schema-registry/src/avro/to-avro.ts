/** Connect schema → Avro schema, as Confluent's AvroData has it: names, attributes and their order. */
import {
  DataError,
  decimalScaleOf,
  logicalTypeOf,
  type Schema,
  schemaFingerprint,
} from '@sluice/connector-api';
import { scrubFullName } from '../scrub-name.ts';
import { anythingType } from './anything.ts';
import { defaultJson, isValidFieldDefault } from './avro-defaults.ts';
import {
  checkedName,
  fieldNameOf,
  fixedSizeOf,
  isAvroMap,
  isEnumSchema,
  isFixedSchema,
  isUnionStruct,
} from './avro-kinds.ts';
import type { AvroOptions } from './avro-options.ts';
import { avroText } from './avro-text.ts';
import {
  type AvroField,
  type AvroProps,
  type AvroRecord,
  type AvroType,
  avroNames,
  avroNamespace,
  noProps,
  precisionDefault,
} from './avro-type.ts';
import { checkName } from './parse-avro.ts';

interface Context extends AvroOptions {
  /** Equal schemas are one type: a name is defined once. */
  readonly known: Map<string, AvroType>;
  /** Entries of maps, by their text: the names of which are ours to choose. */
  readonly mapEntries: Map<string, AvroRecord>;
  unnamedStructs: number;
}

/** @throws DataError when Avro cannot have it, for a name that is not allowed there, or two different ones of a name */
export function toAvro(schema: Schema | undefined, options: AvroOptions): AvroType {
  if (!schema) return anythingType;
  return convert(schema, {
    ...options,
    known: new Map(),
    mapEntries: new Map(),
    unnamedStructs: 0,
  });
}

const nullType: AvroType = { kind: 'null', props: noProps };

function convert(schema: Schema, context: Context): AvroType {
  if (isUnionStruct(schema)) return unionOf(schema, context);
  if (schema.type === 'struct' && schema.optional)
    return { kind: 'union', types: [nullType, convert(required(schema), context)] };
  const type = convertRequired(required(schema), context);
  if (!schema.optional) return type;
  // The default of a field must be of the first type.
  const hasDefault = schema.default !== undefined && schema.default !== null;
  return { kind: 'union', types: hasDefault ? [type, nullType] : [nullType, type] };
}

function convertRequired(schema: Schema, context: Context): AvroType {
  const fingerprint = schemaFingerprint(schema);
  let type = context.known.get(fingerprint);
  if (!type) {
    type = bareType(schema, context);
    context.known.set(fingerprint, type);
  }
  return type;
}

const requiredOnes = new WeakMap<Schema, Schema>();

function required(schema: Schema): Schema {
  if (!schema.optional) return schema;
  let found = requiredOnes.get(schema);
  if (!found) {
    found = Object.freeze({ ...schema, optional: false });
    requiredOnes.set(schema, found);
  }
  return found;
}

function bareType(schema: Schema, context: Context): AvroType {
  const props = propsOf(schema, context);
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
      return { kind: 'int', props };
    case 'int64':
      return { kind: 'long', props };
    case 'float32':
      return { kind: 'float', props };
    case 'float64':
      return { kind: 'double', props };
    case 'boolean':
      return { kind: 'boolean', props };
    case 'string':
      return isEnumSchema(schema) && context.isEnhanced
        ? enumOf(schema, props)
        : { kind: 'string', props };
    case 'bytes':
      return isFixedSchema(schema)
        ? {
            kind: 'fixed',
            name: nameOf(schema.name ?? '', context),
            size: fixedSizeOf(schema),
            props,
          }
        : { kind: 'bytes', props };
    case 'array':
      return { kind: 'array', items: convert(partOf(schema.items, 'array'), context), props };
    case 'map':
      return mapOf(schema, props, context);
    case 'struct':
      return recordOf(schema, props, context);
    default:
      return schema.type satisfies never;
  }
}

function enumOf(schema: Schema, props: AvroProps): AvroType {
  const parameters = schema.parameters ?? {};
  const name = parameters[avroNames.enum] ?? '';
  const prefix = `${avroNames.enum}.`;
  const symbols = Object.keys(parameters).flatMap((key) =>
    key.startsWith(prefix) ? [key.slice(prefix.length)] : [],
  );
  for (const symbol of symbols) checkName(symbol);
  const short = lastPart(schema.name ?? '');
  const doc = parameters[avroNames.enumDocPrefix + short];
  const fallback = parameters[avroNames.enumDefaultPrefix + short];
  return {
    kind: 'enum',
    name: checkedName(name),
    symbols,
    ...(doc === undefined ? {} : { doc }),
    ...(fallback === undefined ? {} : { default: fallback }),
    props,
  };
}

function mapOf(schema: Schema, props: AvroProps, context: Context): AvroType {
  const keys = partOf(schema.keys, 'map');
  const values = partOf(schema.values, 'map');
  if (isAvroMap(schema, context)) return { kind: 'map', values: convert(values, context), props };
  const fields = [
    fieldOf('key', keys, undefined, context),
    fieldOf('value', values, undefined, context),
  ];
  if (schema.name !== undefined) {
    const internal = { [avroNames.internalType]: avroNames.mapEntry };
    const name = nameOf(schema.name, context);
    return { kind: 'array', items: { kind: 'record', name, fields, props: internal }, props };
  }
  return { kind: 'array', items: mapEntryOf(fields, context), props };
}

/**
 * All maps without a name have entries of one name. Confluent's converter fails when they are different ones; here
 * the second kind is `MapEntry2`, with the attribute by which any reader knows it.
 */
function mapEntryOf(fields: readonly AvroField[], context: Context): AvroRecord {
  const name = `${avroNamespace}.${avroNames.mapEntry}`;
  const first: AvroRecord = { kind: 'record', name, fields, props: noProps };
  // Without the name: the entries of maps within have one like it.
  const text = avroText({ ...first, name: 'Entry' });
  let entry = context.mapEntries.get(text);
  if (!entry) {
    const count = context.mapEntries.size + 1;
    const props = { [avroNames.internalType]: avroNames.mapEntry };
    entry = count === 1 ? first : { ...first, name: name + String(count), props };
    context.mapEntries.set(text, entry);
  }
  return entry;
}

function recordOf(schema: Schema, props: AvroProps, context: Context): AvroType {
  const parameters = schema.parameters ?? {};
  let name: string;
  if (schema.name === undefined) {
    context.unnamedStructs += 1;
    const count = context.unnamedStructs;
    name = avroNames.defaultRecord + (count > 1 ? String(count) : '');
  } else name = nameOf(schema.name, context);
  const names = new Set<string>();
  const fields = (schema.fields ?? []).map(({ field, schema: of }) => {
    const own = fieldNameOf(field, context);
    if (names.has(own)) throw new DataError(`Duplicate field ${own} in record ${name}`);
    names.add(own);
    return fieldOf(own, of, parameters[avroNames.fieldDocPrefix + field], context);
  });
  const doc = parameters[avroNames.recordDoc];
  return { kind: 'record', name, ...(doc === undefined ? {} : { doc }), fields, props };
}

function fieldOf(
  name: string,
  schema: Schema,
  doc: string | undefined,
  context: Context,
): AvroField {
  const type = convert(schema, context);
  const own = schema.default ?? undefined;
  const fallback =
    own === undefined
      ? schema.optional
        ? { default: null }
        : {}
      : isValidFieldDefault(schema, own, context)
        ? { default: defaultJson(schema, own, context) }
        : {};
  return { name, type, ...(doc === undefined ? {} : { doc }), ...fallback, props: noProps };
}

function unionOf(schema: Schema, context: Context): AvroType {
  const members = (schema.fields ?? []).map((each) => convert(required(each.schema), context));
  return { kind: 'union', types: schema.optional ? [nullType, ...members] : members };
}

function nameOf(fullName: string, { scrubsNames }: AvroOptions): string {
  return scrubsNames ? checkedName(scrubFullName(fullName)) : checkedName(fullName);
}

function lastPart(fullName: string): string {
  return fullName.slice(fullName.lastIndexOf('.') + 1);
}

function partOf(part: Schema | undefined, of: string): Schema {
  if (part) return part;
  throw new DataError(`An ${of} of which the elements have no schema cannot be converted to Avro`);
}

/** In the order in which Confluent's converter adds them. */
function propsOf(schema: Schema, context: Context): AvroProps {
  const entries: [string, unknown][] = [];
  const logical = logicalTypeOf(schema);
  const parameters = Object.entries(schema.parameters ?? {});
  if (logical === 'Decimal') {
    const precision = schema.parameters?.[avroNames.precision];
    if (precision !== undefined && !/^\d{1,9}$/.test(precision))
      throw new DataError(`Invalid parameter ${avroNames.precision}: not a number of digits`);
    entries.push(
      ['scale', decimalScaleOf(schema)],
      ['precision', precision === undefined ? precisionDefault : Number(precision)],
    );
  }
  if (context.hasMetaData) entries.push(...metaDataOf(schema, parameters, context));
  if (logical !== undefined) entries.push(['logicalType', avroLogicalTypes[logical]]);
  for (const [name, value] of parameters) if (name.startsWith('avro')) entries.push([name, value]);
  return entries.length === 0 ? noProps : Object.fromEntries(entries);
}

const avroLogicalTypes = {
  Decimal: 'decimal',
  Date: 'date',
  Time: 'time-millis',
  Timestamp: 'timestamp-millis',
} as const;

function metaDataOf(
  schema: Schema,
  parameters: readonly [string, string][],
  context: Context,
): [string, unknown][] {
  const entries: [string, unknown][] = [];
  if (schema.doc !== undefined) entries.push([avroNames.doc, schema.doc]);
  if (schema.version !== undefined) entries.push([avroNames.version, schema.version]);
  const kept = parameters.filter(([name]) => name !== avroNames.fieldDefault);
  if (kept.length > 0) entries.push([avroNames.parameters, Object.fromEntries(kept)]);
  const isFieldDefault = parameters.length > kept.length;
  if (schema.default !== undefined && schema.default !== null && !isFieldDefault)
    entries.push([avroNames.default, defaultJson(schema, schema.default, context)]);
  if (schema.name !== undefined) entries.push([avroNames.name, schema.name]);
  if (schema.type === 'int8' || schema.type === 'int16')
    entries.push([avroNames.type, schema.type]);
  return entries;
}
