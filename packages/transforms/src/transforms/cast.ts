/** Kafka Connect's Cast: fields, or the whole key or value, as another plain type. */
import {
  DataError,
  defineConfig,
  list,
  type Schema,
  type SchemaField,
  type SchemaType,
  type TransformPlugin,
} from '@sluice/connector-api';
import { type CastTarget, castTargets, castValue } from '../cast-value.ts';
import { invalidConfig, invalidValue, replaceNullWithDefault } from '../config-keys.ts';
import { partPlugins } from '../part-plugin.ts';
import { perRecord, schemaOf, valueOf, withPart } from '../records.ts';
import {
  cachedBySchema,
  copyStruct,
  fieldOfMap,
  requireMap,
  requireStruct,
  schemaBasics,
  setField,
  structLike,
} from '../structs.ts';

const purpose = 'cast types';

export const cast: readonly TransformPlugin[] = partPlugins(
  'org.apache.kafka.connect.transforms.Cast',
  defineConfig({
    spec: list()
      .nonEmpty()
      .importance('high')
      .doc(
        `Fields and the type of each, as field1:type,field2:type; or one type for the whole key or value. Types: ${castTargets.join(', ')}. Bytes can only be cast to string (base64).`,
      ),
    'replace.null.with.default': replaceNullWithDefault,
  }),
  (config, part) => {
    const spec = parseSpec(config.spec);
    const useDefault = config['replace.null.with.default'];
    const schemaFrom = cachedBySchema((schema) =>
      spec.whole === undefined
        ? structSchema(schema, spec.fields)
        : wholeSchema(schema, spec.whole),
    );
    const fieldsOf = cachedBySchema((schema) =>
      (schema.fields ?? []).flatMap(({ field, schema: of }) => {
        const target = spec.fields.get(field);
        return target === undefined ? [] : [{ field, schema: of, target }];
      }),
    );
    return perRecord((record) => {
      const value = valueOf(record, part);
      if (value === null) return record;
      const schema = schemaOf(record, part);
      if (spec.whole !== undefined)
        return withPart(
          record,
          part,
          schema && schemaFrom(schema),
          castValue(schema, value, spec.whole),
        );
      if (!schema) {
        const map = requireMap(value, purpose);
        const updated = { ...map };
        for (const [field, target] of spec.fields)
          setField(updated, field, castValue(undefined, fieldOfMap(map, field), target));
        return withPart(record, part, undefined, updated);
      }
      const updated = copyStruct(schema, requireStruct(schema, value, purpose), useDefault);
      for (const { field, schema: of, target } of fieldsOf(schema))
        setField(updated, field, castValue(of, updated[field], target));
      return withPart(record, part, schemaFrom(schema), updated);
    });
  },
);

interface Spec {
  readonly whole: CastTarget | undefined;
  readonly fields: ReadonlyMap<string, CastTarget>;
}

function parseSpec(mappings: readonly string[]): Spec {
  const fields = new Map<string, CastTarget>();
  let whole: CastTarget | undefined;
  for (const mapping of mappings) {
    const parts = mapping.replace(/:+$/, '').split(':');
    const [first = '', second] = parts;
    if (parts.length > 2)
      throw invalidValue('spec', `[${mappings.join(', ')}]`, `Invalid cast mapping: ${mapping}`);
    if (second === undefined) whole = targetOf(first);
    else fields.set(first.trim(), targetOf(second));
  }
  if (whole !== undefined && mappings.length > 1)
    throw invalidConfig(
      'spec',
      'Cast transformations that specify a type to cast the entire value to may only specify a single cast in their spec',
    );
  return { whole, fields };
}

const otherTypes: readonly SchemaType[] = ['bytes', 'array', 'map', 'struct'];

function targetOf(text: string): CastTarget {
  const name = text.trim().toLowerCase();
  const target = castTargets.find((each) => each === name);
  if (target) return target;
  throw invalidConfig(
    'spec',
    otherTypes.some((each) => each === name)
      ? `Cast transformation does not support casting to ${name.toUpperCase()}; supported types are [${castTargets.join(', ').toUpperCase()}]`
      : `Invalid type found in casting spec: ${text.trim()}`,
  );
}

function castDefault(schema: Schema, target: CastTarget): Pick<Schema, 'default'> {
  if (schema.default === undefined || schema.default === null) return {};
  return { default: castValue(schema, schema.default, target) };
}

function wholeSchema(schema: Schema, target: CastTarget): Schema {
  return {
    type: target,
    ...schemaBasics(schema),
    ...(schema.optional ? { optional: true } : {}),
    ...castDefault(schema, target),
  };
}

function structSchema(schema: Schema, casts: ReadonlyMap<string, CastTarget>): Schema {
  if (schema.type !== 'struct') throw notStruct(schema);
  const fields = (schema.fields ?? []).map(({ field, schema: of }): SchemaField => {
    const target = casts.get(field);
    if (target === undefined) return { field, schema: of };
    const optional = of.optional ? { optional: true } : {};
    return { field, schema: { type: target, ...optional, ...castDefault(of, target) } };
  });
  return {
    ...structLike(schema, fields),
    ...(schema.optional ? { optional: true } : {}),
    ...(schema.default === undefined || schema.default === null
      ? {}
      : { default: castStruct(schema, schema.default, casts) }),
  };
}

/** Kafka Connect cannot cast a schema whose default is a struct; there is no reason why not. */
function castStruct(
  schema: Schema,
  value: unknown,
  casts: ReadonlyMap<string, CastTarget>,
): Readonly<Record<string, unknown>> {
  const updated = { ...requireStruct(schema, value, purpose) } as Record<string, unknown>;
  for (const { field, schema: of } of schema.fields ?? []) {
    const target = casts.get(field);
    if (target !== undefined) setField(updated, field, castValue(of, updated[field], target));
  }
  return updated;
}

function notStruct(schema: Schema): DataError {
  return new DataError(
    `Only Struct objects supported for [${purpose}], found: ${schema.type.toUpperCase()}`,
  );
}
