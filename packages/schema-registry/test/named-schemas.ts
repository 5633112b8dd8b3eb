/** Any schema, with names that formats allow, and none of them twice for different things. */
import type { Schema } from '@sluice/connector-api';
import { logicalTypeOf } from '@sluice/connector-api';
import { anySchema, anyValueOf, type SchemaAndValue } from '@sluice/connector-api/arbitraries';
import * as fc from 'fast-check';

/** Valid in Avro and Protobuf, and some that trip code which takes field names for safe. */
const fieldNames = ['id', 'constructor', 'toString', '__proto__', 'value', 'a_1', 'B', 'length'];

/** The same schema with other names; defaults of what contains structs are left out, since they have the old ones. */
export function withValidNames(schema: Schema): Schema {
  let structs = 0;
  const rename = (each: Schema): Schema => {
    const { name, default: fallback, ...rest } = each;
    const isLogical = logicalTypeOf(each) !== undefined;
    structs += 1;
    const own = isLogical
      ? name
      : name === undefined
        ? undefined
        : `com.acme.Type${String(structs)}`;
    return {
      ...rest,
      ...(own === undefined ? {} : { name: own }),
      ...(fallback === undefined || hasStructs(each) ? {} : { default: fallback }),
      ...(each.items ? { items: rename(each.items) } : {}),
      ...(each.keys ? { keys: rename(each.keys) } : {}),
      ...(each.values ? { values: rename(each.values) } : {}),
      ...(each.fields
        ? {
            fields: each.fields.map(({ schema: of }, index) => ({
              field: fieldNames[index] ?? `field${String(index)}`,
              schema: rename(of),
            })),
          }
        : {}),
    };
  };
  return rename(schema);
}

function hasStructs({ type, fields, items, keys, values }: Schema): boolean {
  const parts = [items, keys, values, ...(fields ?? []).map((each) => each.schema)];
  return type === 'struct' || parts.some((part) => part !== undefined && hasStructs(part));
}

export function namedSchemaAndValue(
  change: (schema: Schema) => Schema = (schema) => schema,
): fc.Arbitrary<SchemaAndValue> {
  return anySchema
    .map((schema) => change(withValidNames(schema)))
    .chain((schema) => anyValueOf(schema).map((value) => ({ schema, value })));
}
