/** Kafka Connect's TimestampConverter: points in time between text, Unix time and Date, Time, Timestamp. */
import { defineConfig, type Schema, string, type TransformPlugin } from '@sluice/connector-api';
import { toError } from '@sluice/kernel';
import { invalidConfig, replaceNullWithDefault } from '../config-keys.ts';
import { JavaDateFormat } from '../java-dates/java-date-format.ts';
import { partPlugins } from '../part-plugin.ts';
import { perRecord, schemaOf, valueOf, withPart } from '../records.ts';
import {
  cachedBySchema,
  copyStruct,
  type Fields,
  fieldOfMap,
  requireMap,
  requireStruct,
  setField,
  structLike,
} from '../structs.ts';
import {
  schemaOfTimeType,
  type TimeConversion,
  timeConversion,
  timeTypeOfSchema,
  timeTypeOfValue,
  timeTypes,
  unixPrecisions,
} from '../time-types.ts';

const purpose = 'converting timestamp formats';

export const timestampConverter: readonly TransformPlugin[] = partPlugins(
  'org.apache.kafka.connect.transforms.TimestampConverter',
  defineConfig({
    field: string()
      .default('')
      .importance('high')
      .doc('The field with the timestamp. Empty: the whole key or value is one.'),
    'target.type': string()
      .oneOf(...timeTypes)
      .importance('high')
      .doc(`What it becomes: ${timeTypes.join(', ')}.`),
    format: string()
      .default('')
      .doc('A pattern of java.text.SimpleDateFormat, in UTC, by which text is written or read.'),
    'unix.precision': string()
      .oneOf(...unixPrecisions)
      .default('milliseconds')
      .importance('low')
      .doc('What Unix time counts. Parts of a millisecond are lost.'),
    'replace.null.with.default': replaceNullWithDefault,
  }),
  (config, part) => {
    const target = config['target.type'];
    const useDefault = config['replace.null.with.default'];
    const conversion = timeConversion({
      target,
      format: formatOf(config.format, target),
      precision: config['unix.precision'],
    });
    const planOf = cachedBySchema((schema) =>
      config.field === ''
        ? wholePlan(schema, conversion)
        : fieldPlan(schema, config.field, conversion, useDefault),
    );
    return perRecord((record) => {
      const schema = schemaOf(record, part);
      const value = valueOf(record, part);
      if (schema) {
        const plan = planOf(schema);
        return withPart(record, part, plan.schema, plan.convert(value));
      }
      if (value === null || config.field === '')
        return withPart(record, part, undefined, convertLoose(value, conversion));
      const map = requireMap(value, purpose);
      const updated = { ...map };
      setField(updated, config.field, convertLoose(fieldOfMap(map, config.field), conversion));
      return withPart(record, part, undefined, updated);
    });
  },
);

function formatOf(pattern: string, target: string): JavaDateFormat | undefined {
  if (pattern === '') {
    if (target !== 'string') return undefined;
    throw invalidConfig(
      'format',
      'TimestampConverter requires format option to be specified when using string timestamps',
    );
  }
  try {
    const format = new JavaDateFormat(pattern);
    if (target !== 'string') format.assertReadable();
    return format;
  } catch (error) {
    throw invalidConfig(
      'format',
      `TimestampConverter requires a SimpleDateFormat-compatible pattern for string timestamps: ${pattern}: ${toError(error).message}`,
    );
  }
}

interface Plan {
  readonly schema: Schema;
  readonly convert: (value: unknown) => unknown;
}

function wholePlan(schema: Schema, conversion: TimeConversion): Plan {
  const source = timeTypeOfSchema(schema);
  return {
    schema: schemaOfTimeType(conversion.target, schema.optional),
    convert: (value) => (value === null ? null : conversion.convert(source, value)),
  };
}

function fieldPlan(
  schema: Schema,
  name: string,
  conversion: TimeConversion,
  useDefault: boolean,
): Plan {
  const field = schema.fields?.find((each) => each.field === name);
  const source = field && timeTypeOfSchema(field.schema);
  const convertStruct = (struct: Fields): Fields => {
    const updated = copyStruct(schema, struct, useDefault);
    const original = updated[name];
    if (source !== undefined && original !== null && original !== undefined)
      setField(updated, name, conversion.convert(source, original));
    return updated;
  };
  const fields = (schema.fields ?? []).map((each) =>
    each === field
      ? { field: name, schema: schemaOfTimeType(conversion.target, each.schema.optional) }
      : each,
  );
  const updatedSchema: Schema = {
    ...structLike(schema, fields),
    ...(schema.optional ? { optional: true } : {}),
    ...(schema.default === undefined || schema.default === null
      ? {}
      : { default: convertStruct(requireStruct(schema, schema.default, purpose)) }),
  };
  return {
    schema: updatedSchema,
    convert: (value) =>
      value === null ? null : convertStruct(requireStruct(schema, value, purpose)),
  };
}

function convertLoose(value: unknown, conversion: TimeConversion): unknown {
  return value === null ? null : conversion.convert(timeTypeOfValue(value), value);
}
