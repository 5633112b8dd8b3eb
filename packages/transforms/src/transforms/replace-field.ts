/** Kafka Connect's ReplaceField: keeps, drops and renames fields. */
import { defineConfig, list, type SchemaField, type TransformPlugin } from '@sluice/connector-api';
import { objectMaker, propertyReader } from '@sluice/connector-api/data-values';
import { invalidValue, replaceNullWithDefault } from '../config-keys.ts';
import { partPlugins } from '../part-plugin.ts';
import { perRecord, schemaOf, valueOf, withPart } from '../records.ts';
import {
  cachedByNames,
  cachedBySchema,
  type Fields,
  requireMap,
  requireStruct,
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
      return {
        schema: structLike(schema, targets),
        replace: replacer(
          kept.map(({ field, schema: of }, index) => ({
            source: field,
            target: targets[index]?.field ?? '',
            fallback: useDefault ? (of.default ?? null) : null,
          })),
        ),
      };
    });
    const replaceOf = cachedByNames((names) =>
      replacer(
        names.filter(isKept).map((source) => ({ source, target: renames.get(source) ?? source })),
      ),
    );
    return perRecord((record) => {
      const value = valueOf(record, part);
      if (value === null) return record;
      const schema = schemaOf(record, part);
      if (!schema) {
        const map = requireMap(value, purpose);
        return withPart(record, part, undefined, replaceOf(map)(map));
      }
      const struct = requireStruct(schema, value, purpose);
      const plan = planOf(schema);
      return withPart(record, part, plan.schema, plan.replace(struct));
    });
  },
);

interface Replaced {
  readonly source: string;
  readonly target: string;
  /** Stands for null, and for what is absent; without it both stay what they are. */
  readonly fallback?: unknown;
}

/** Makes the object that has the targets, of one that has the sources. */
function replacer(fields: readonly Replaced[]): (given: Fields) => Fields {
  const steps = fields.map(({ fallback, source }) => ({ fallback, read: propertyReader(source) }));
  const make = objectMaker(fields.map(({ target }) => target));
  return (given) =>
    make(
      steps.map(({ fallback, read }) => {
        const value = read(given);
        return fallback === undefined ? value : (value ?? fallback);
      }),
    );
}

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
