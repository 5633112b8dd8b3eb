/** Kafka Connect's MaskField: fields are replaced by what is empty for their type, or by a given value. */
import {
  DataError,
  Decimal,
  decimalScaleOf,
  defineConfig,
  list,
  logicalTypeOf,
  type Schema,
  string,
  type TransformPlugin,
} from '@sluice/connector-api';
import { replaceNullWithDefault } from '../config-keys.ts';
import { wholePart, wrapInteger } from '../java-casts.ts';
import { partPlugins } from '../part-plugin.ts';
import { perRecord, schemaOf, valueOf, withPart } from '../records.ts';
import {
  cachedBySchema,
  copyStruct,
  describe,
  fieldOfMap,
  isFields,
  requireMap,
  requireStruct,
  setField,
} from '../structs.ts';

const purpose = 'mask fields';

export const maskField: readonly TransformPlugin[] = partPlugins(
  'org.apache.kafka.connect.transforms.MaskField',
  defineConfig({
    fields: list().nonEmpty().importance('high').doc('Fields to mask.'),
    replacement: string()
      .optional()
      .nonEmpty()
      .importance('low')
      .doc('Replaces all of them, converted to the type of each: numbers and strings only.'),
    'replace.null.with.default': replaceNullWithDefault,
  }),
  (config, part) => {
    const fields = [...new Set(config.fields)];
    const { replacement } = config;
    const useDefault = config['replace.null.with.default'];
    const maskedFieldsOf = cachedBySchema((schema) =>
      (schema.fields ?? []).filter(({ field }) => fields.includes(field)),
    );
    return perRecord((record) => {
      const schema = schemaOf(record, part);
      const value = valueOf(record, part);
      if (!schema) {
        const map = requireMap(value, purpose);
        const masked = { ...map };
        for (const field of fields) {
          const original = fieldOfMap(map, field);
          setField(masked, field, original === null ? null : maskLoose(original, replacement));
        }
        return withPart(record, part, undefined, masked);
      }
      const struct = requireStruct(schema, value, purpose);
      const masked = copyStruct(schema, struct, useDefault);
      for (const { field, schema: of } of maskedFieldsOf(schema))
        if (masked[field] !== undefined && masked[field] !== null)
          setField(masked, field, maskTyped(of, replacement));
      return withPart(record, part, schema, masked);
    });
  },
);

function maskTyped(schema: Schema, replacement: string | undefined): unknown {
  const logical = logicalTypeOf(schema);
  if (logical === 'Decimal')
    return replacement === undefined
      ? new Decimal(0n, decimalScaleOf(schema))
      : decimalOf(replacement);
  if (logical !== undefined) {
    if (replacement !== undefined) throw notReplaceable(logical);
    return new Date(0);
  }
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return replacement === undefined
        ? 0
        : wrapInteger(wholePart(decimalOf(replacement)), schema.type);
    case 'float32':
    case 'float64': {
      const number = replacement === undefined ? 0 : decimalOf(replacement).toNumber();
      return schema.type === 'float32' ? Math.fround(number) : number;
    }
    case 'string':
      return replacement ?? '';
    case 'boolean':
      if (replacement !== undefined) throw notReplaceable('boolean');
      return false;
    case 'array':
    case 'map':
      if (replacement !== undefined) throw notReplaceable(schema.type);
      if (schema.type === 'array') return [];
      return schema.keys?.type === 'string' ? {} : new Map();
    case 'bytes':
    case 'struct':
      throw new DataError(`Cannot mask value of type: ${schema.type}`);
    default:
      return schema.type satisfies never;
  }
}

/** Without a schema the value says its type: whole numbers are int64. */
function maskLoose(value: unknown, replacement: string | undefined): unknown {
  switch (typeof value) {
    case 'string':
      return maskTyped({ type: 'string' }, replacement);
    case 'boolean':
      return maskTyped({ type: 'boolean' }, replacement);
    case 'bigint':
      return maskTyped({ type: 'int64' }, replacement);
    case 'number':
      return maskTyped({ type: Number.isInteger(value) ? 'int64' : 'float64' }, replacement);
    default:
  }
  if (value instanceof Decimal)
    return replacement === undefined ? new Decimal(0n, 0) : decimalOf(replacement);
  if (value instanceof Date) {
    if (replacement !== undefined) throw notReplaceable('Date');
    return new Date(0);
  }
  if (Array.isArray(value)) return maskTyped({ type: 'array' }, replacement);
  if (value instanceof Map || isFields(value))
    return maskTyped({ type: 'map', keys: { type: 'string' } }, replacement);
  throw new DataError(`Cannot mask value of type: ${describe(value)}`);
}

function notReplaceable(type: string): DataError {
  return new DataError(`Cannot mask value of type ${type} with custom replacement.`);
}

function decimalOf(replacement: string): Decimal {
  try {
    return Decimal.fromString(replacement);
  } catch (error) {
    // The text is a setting, which may be a secret: it is not repeated.
    throw new DataError('Unable to convert the replacement to a number', { cause: error });
  }
}
