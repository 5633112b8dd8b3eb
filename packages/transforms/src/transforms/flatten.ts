/** Kafka Connect's Flatten: nested fields become fields of the top, their names joined by a delimiter. */
import {
  DataError,
  defineConfig,
  type Schema,
  type SchemaField,
  string,
  type TransformPlugin,
} from '@sluice/connector-api';
import { partPlugins } from '../part-plugin.ts';
import { perRecord, schemaOf, valueOf, withPart } from '../records.ts';
import {
  cachedBySchema,
  describe,
  type Fields,
  fieldOfStruct,
  isFields,
  isOptional,
  type MutableFields,
  requireMap,
  requireStruct,
  schemaBasics,
  setField,
  structLike,
} from '../structs.ts';

const purpose = 'flattening';

export const flatten: readonly TransformPlugin[] = partPlugins(
  'org.apache.kafka.connect.transforms.Flatten',
  defineConfig({
    delimiter: string()
      .default('.')
      .doc('Stands between the names of the levels in the name of a flattened field.'),
  }),
  ({ delimiter }, part) => {
    const nameOf = (prefix: string, name: string): string =>
      prefix === '' ? name : `${prefix}${delimiter}${name}`;
    const planOf = cachedBySchema((schema) => planFlattening(schema, nameOf));
    return perRecord((record) => {
      const value = valueOf(record, part);
      if (value === null) return record;
      const schema = schemaOf(record, part);
      const flat: MutableFields = {};
      if (!schema) {
        flattenMap(requireMap(value, purpose), '', nameOf, flat);
        return withPart(record, part, undefined, flat);
      }
      const struct = requireStruct(schema, value, purpose);
      const plan = planOf(schema);
      for (const { name, path } of plan.leaves) {
        const leaf = valueAt(struct, path);
        if (leaf !== undefined) setField(flat, name, leaf);
      }
      return withPart(record, part, plan.schema, flat);
    });
  },
);

type NameOf = (prefix: string, name: string) => string;

function flattenMap(map: Fields, prefix: string, nameOf: NameOf, flat: MutableFields): void {
  for (const [key, value] of Object.entries(map)) {
    const name = nameOf(prefix, key);
    if (value instanceof Map || isFields(value))
      flattenMap(requireMap(value, purpose), name, nameOf, flat);
    else if (value instanceof Date)
      throw new DataError(
        `Flatten transformation was passed a value of type ${describe(value)} which is not supported by Connect's data API`,
      );
    else setField(flat, name, value ?? null);
  }
}

interface Leaf {
  readonly name: string;
  /** From the top to the field. */
  readonly path: readonly SchemaField[];
}

interface Plan {
  readonly schema: Schema;
  readonly leaves: readonly Leaf[];
}

/**
 * A field is optional if it or anything above it is. Its default is its own, or else what the default of the
 * struct above it says.
 */
function planFlattening(schema: Schema, nameOf: NameOf): Plan {
  const fields: SchemaField[] = [];
  const leaves: Leaf[] = [];
  const visit = (
    struct: Schema,
    above: { prefix: string; path: readonly SchemaField[]; optional: boolean; defaults: unknown },
  ): void => {
    for (const each of struct.fields ?? []) {
      const name = nameOf(above.prefix, each.field);
      const optional = above.optional || isOptional(each.schema);
      const ownDefault = each.schema.default ?? null;
      const fallback =
        ownDefault ?? (isFields(above.defaults) ? fieldOfStruct(above.defaults, each, true) : null);
      const path = [...above.path, each];
      if (each.schema.type === 'struct') {
        visit(each.schema, { prefix: name, path, optional, defaults: fallback });
      } else if (each.schema.type === 'map') {
        throw new DataError(
          `Flatten transformation does not support MAP for record with schemas (for field ${name}).`,
        );
      } else {
        fields.push({ field: name, schema: leafSchema(each.schema, optional, fallback) });
        leaves.push({ name, path });
      }
    }
  };
  visit(schema, { prefix: '', path: [], optional: isOptional(schema), defaults: schema.default });
  return { schema: structLike(schema, fields), leaves };
}

function leafSchema(schema: Schema, optional: boolean, fallback: unknown): Schema {
  return {
    type: schema.type,
    ...(schema.items ? { items: schema.items } : {}),
    ...schemaBasics(schema),
    ...(optional ? { optional } : {}),
    ...(fallback === null ? {} : { default: fallback }),
  };
}

/** Undefined below a struct that is null. */
function valueAt(struct: Fields, path: readonly SchemaField[]): unknown {
  let current: unknown = struct;
  for (const field of path) {
    if (!isFields(current)) return undefined;
    current = fieldOfStruct(current, field, true);
  }
  return current;
}
