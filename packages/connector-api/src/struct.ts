/** Values of struct schemas: plain objects, checked and completed here. */
import {
  entriesOf,
  isNullish,
  objectMaker,
  type PlainObject,
  propertyReader,
} from './data-values.ts';
import { DataError } from './errors.ts';
import type { InputOf, Schema, SchemaField, ValueOf } from './schema.ts';
import { validateValue } from './validate-value.ts';

/**
 * The value as an object of the schema's fields in their order, defaults filled in, also in what is nested.
 * What is optional and absent stays absent.
 * @throws DataError as `validateValue`
 * @example
 * const order = struct(orderSchema, { id: 5, note: 'soon' });
 */
export function struct<S extends Schema>(schema: S, value: InputOf<S>): ValueOf<S> {
  if (schema.type !== 'struct')
    throw new DataError(`Not a struct schema: ${schema.type.toUpperCase()}`);
  validateValue(schema, value);
  return completerOf(schema)(value) as ValueOf<S>;
}

/** As Kafka Connect's authors know it. */
export const Struct: { readonly of: typeof struct } = Object.freeze({ of: struct });

const fieldsByName = new WeakMap<Schema, ReadonlyMap<string, SchemaField>>();

/** The field of a struct schema that has this name. @throws DataError when it is no struct schema. */
export function schemaField(schema: Schema, name: string): SchemaField | undefined {
  if (schema.type !== 'struct') throw new DataError('Cannot look up fields on non-struct type');
  let fields = fieldsByName.get(schema);
  if (!fields) {
    fields = new Map((schema.fields ?? []).map((each) => [each.field, each]));
    fieldsByName.set(schema, fields);
  }
  return fields.get(name);
}

type Completer = (value: unknown) => unknown;

const compiled = new WeakMap<Schema, Completer>();
const asItIs: Completer = (value) => value;

function completerOf(schema: Schema): Completer {
  let complete = compiled.get(schema);
  if (!complete) {
    complete = compile(schema);
    compiled.set(schema, complete);
  }
  return complete;
}

function compile(schema: Schema): Completer {
  switch (schema.type) {
    case 'struct':
      return compileStruct(schema);
    case 'array': {
      const complete = schema.items ? completerOf(schema.items) : asItIs;
      if (complete === asItIs) return asItIs;
      return (value) => (Array.isArray(value) ? value.map(complete) : value);
    }
    case 'map': {
      const completeKey = schema.keys ? completerOf(schema.keys) : asItIs;
      const complete = schema.values ? completerOf(schema.values) : asItIs;
      if (completeKey === asItIs && complete === asItIs) return asItIs;
      return (value) => {
        if (isNullish(value)) return value;
        const entries = Array.from(entriesOf(value), ([key, one]): [unknown, unknown] => [
          completeKey(key),
          complete(one),
        ]);
        return value instanceof Map
          ? new Map(entries)
          : Object.fromEntries(entries as [string, unknown][]);
      };
    }
    default:
      return asItIs;
  }
}

function compileStruct(schema: Schema): Completer {
  const fields = (schema.fields ?? []).map(({ field, schema: of }) => ({
    read: propertyReader(field),
    complete: completerOf(of),
    fallback: of.default,
  }));
  const make = objectMaker((schema.fields ?? []).map(({ field }) => field));
  return (value) => {
    if (isNullish(value)) return value;
    return make(
      fields.map(({ read, complete, fallback }) => {
        const given = read(value as PlainObject);
        return isNullish(given) && !isNullish(fallback) ? fallback : complete(given);
      }),
    );
  };
}
