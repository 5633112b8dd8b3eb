/** Kafka Connect's ReplaceField: keeps, drops and renames fields. */
import { defineConfig, list, type SchemaField, type TransformPlugin } from '@sluice/connector-api';
import { invalidValue, replaceNullWithDefault } from '../config-keys.ts';
import { partPlugins } from '../part-plugin.ts';
import { perRecord, schemaOf, valueOf, withPart } from '../records.ts';
import {
  cachedBySchema,
  fieldOfStruct,
  requireMap,
  requireStruct,
  setField,
  structLike,
} from '../structs.ts';

const purpose = 'field replacement';

export const replaceField: readonly TransformPlugin[] = partPlugins(
  'org.apache.kafka.connect.transforms.ReplaceField',
  defineConfig({
    exclude: list().default([]).doc('Fields to drop; takes precedence over include.'),
    include: list().default([]).doc('The only fields to keep. Empty: all.'),
    renames: list().default([]).doc('Renames as old:new, separated by commas.'),
    'replace.null.with.default': replaceNullWithDefault,
  }),
  (config, part) => {
    const excluded = new Set(config.exclude);
    const included = new Set(config.include);
    const renames = parseRenames(config.renames);
    const useDefault = config['replace.null.with.default'];
    const isKept = (name: string): boolean =>
      !excluded.has(name) && (included.size === 0 || included.has(name));
    const planOf = cachedBySchema((schema) => {
      const kept = (schema.fields ?? []).filter(({ field }) => isKept(field));
      const targets = kept.map(
        ({ field, schema: of }): SchemaField => ({
          field: renames.get(field) ?? field,
          schema: of,
        }),
      );
      return { kept, targets, schema: structLike(schema, targets) };
    });
    return perRecord((record) => {
      const value = valueOf(record, part);
      if (value === null) return record;
      const schema = schemaOf(record, part);
      const updated = {};
      if (!schema) {
        const map = requireMap(value, purpose);
        for (const name of Object.keys(map))
          if (isKept(name)) setField(updated, renames.get(name) ?? name, map[name]);
        return withPart(record, part, undefined, updated);
      }
      const struct = requireStruct(schema, value, purpose);
      const plan = planOf(schema);
      for (const [index, field] of plan.kept.entries())
        setField(
          updated,
          plan.targets[index]?.field ?? '',
          fieldOfStruct(struct, field, useDefault),
        );
      return withPart(record, part, plan.schema, updated);
    });
  },
);

function parseRenames(renames: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    renames.map((rename): [string, string] => {
      // Java's split drops empty parts at the end.
      const parts = rename.replace(/:+$/, '').split(':');
      const [from, to] = parts;
      if (parts.length !== 2 || from === undefined || to === undefined)
        throw invalidValue(
          'renames',
          `[${renames.join(', ')}]`,
          `Invalid rename mapping: ${rename}`,
        );
      return [from, to];
    }),
  );
}
