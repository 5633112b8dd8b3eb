/** Reading and rebuilding structs and schemaless maps, as Kafka Connect's transforms do. */
import { DataError, type Schema, type SchemaField } from '@sluice/connector-api';
import { isPlainObject } from '@sluice/connector-api/data-values';

/** Fields by name: of a struct, or of a schemaless map. */
export type Fields = Readonly<Record<string, unknown>>;
export type MutableFields = Record<string, unknown>;

/** @throws DataError unless it is an object of fields, as schemaless data has it. */
export function requireMap(value: unknown, purpose: string): Fields {
  if (isFields(value)) return value;
  if (value instanceof Map) return fromMap(value, purpose);
  throw new DataError(
    `Only Map objects supported in absence of schema for [${purpose}], found: ${describe(value)}`,
  );
}

/** @throws DataError unless it is the value of a struct. */
export function requireStruct(schema: Schema, value: unknown, purpose: string): Fields {
  if (schema.type === 'struct' && isFields(value)) return value;
  const found =
    schema.type === 'struct' || value === null ? describe(value) : schema.type.toUpperCase();
  throw new DataError(`Only Struct objects supported for [${purpose}], found: ${found}`);
}

/** A struct, or a map with string keys; objects of an author's own class, too. */
export function isFields(value: unknown): value is Fields {
  return isPlainObject(value);
}

function fromMap(map: ReadonlyMap<unknown, unknown>, purpose: string): Fields {
  const fields: MutableFields = {};
  for (const [key, value] of map) {
    if (typeof key !== 'string')
      throw new DataError(
        `Only maps with string keys are supported for [${purpose}], found a key that is ${describe(key)}`,
      );
    setField(fields, key, value);
  }
  return fields;
}

/** What Kafka Connect would call the class; never the value, which may be private. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value !== 'object') return typeof value;
  if (value instanceof Uint8Array) return 'bytes';
  return Array.isArray(value) ? 'array' : (value.constructor?.name ?? 'object');
}

/** Assigns also to a field with the name `__proto__`, which data from outside may have. */
export function setField(fields: MutableFields, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(fields, name, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  else fields[name] = value;
}

/** A field of schemaless data; null where it is missing. */
export function fieldOfMap(map: Fields, name: string): unknown {
  return Object.hasOwn(map, name) ? (map[name] ?? null) : null;
}

/**
 * A field of a struct: null is replaced by the field's default, if it has one and `useDefault` says so
 * (`replace.null.with.default`).
 */
export function fieldOfStruct(
  struct: Fields,
  { field, schema }: SchemaField,
  useDefault: boolean,
): unknown {
  const value = Object.hasOwn(struct, field) ? struct[field] : undefined;
  if (value !== undefined && value !== null) return value;
  return useDefault ? (schema.default ?? null) : null;
}

/** Of a struct schema; undefined when it has no such field, or is no struct. */
export function findField(schema: Schema, name: string): SchemaField | undefined {
  return schema.fields?.find((each) => each.field === name);
}

/** Name, version, documentation and parameters; not whether it is optional, nor its default. */
export function schemaBasics(
  schema: Schema,
): Pick<Schema, 'name' | 'version' | 'doc' | 'parameters'> {
  const { doc, name, parameters, version } = schema;
  return {
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(doc === undefined ? {} : { doc }),
    ...(parameters === undefined ? {} : { parameters }),
  };
}

/** A struct schema like `source` with these fields. @throws DataError for a name that is there twice. */
export function structLike(source: Schema, fields: readonly SchemaField[]): Schema {
  const names = new Set<string>();
  for (const { field } of fields) {
    if (names.has(field))
      throw new DataError(`Cannot create field because of field name duplication ${field}`);
    names.add(field);
  }
  return { type: 'struct', ...schemaBasics(source), fields };
}

/** A copy of a struct's value. With `useDefault`, null fields that have a default get it. */
export function copyStruct(schema: Schema, struct: Fields, useDefault: boolean): MutableFields {
  const copy: MutableFields = { ...struct };
  if (useDefault)
    for (const { field, schema: of } of fieldsWithDefault(schema))
      if (!Object.hasOwn(copy, field) || copy[field] === undefined || copy[field] === null)
        setField(copy, field, of.default);
  return copy;
}

const fieldsWithDefault = cachedBySchema((schema) =>
  (schema.fields ?? []).filter(({ schema: of }) => of.default !== undefined && of.default !== null),
);

export function isOptional(schema: Schema): boolean {
  return schema.optional ?? false;
}

/** What `make` makes of each schema, made once. Records of a batch, and of a topic, share schema objects. */
export function cachedBySchema<Made>(make: (schema: Schema) => Made): (schema: Schema) => Made {
  const cache = new WeakMap<Schema, Made>();
  return (schema) => {
    let made = cache.get(schema);
    if (made === undefined) {
      made = make(schema);
      cache.set(schema, made);
    }
    return made;
  };
}

/**
 * What `make` makes of the names of an object's fields; remembered for those of the object before, since most records
 * of a batch have the same.
 */
export function cachedByNames<Made>(
  make: (names: readonly string[]) => Made,
): (fields: Fields) => Made {
  let last: { readonly names: readonly string[]; readonly made: Made } | undefined;
  return (fields) => {
    const names = Object.keys(fields);
    if (!last || !areSame(last.names, names)) last = { names, made: make(names) };
    return last.made;
  };
}

function areSame(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index += 1) if (one[index] !== other[index]) return false;
  return true;
}
