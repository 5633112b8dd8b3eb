/** Kafka Connect's ExtractField: the key or value becomes one of its fields. */
import { DataError, defineConfig, string, type TransformPlugin } from '@sluice/connector-api';
import { replaceNullWithDefault } from '../config-keys.ts';
import { FieldPath, fieldSyntaxVersion } from '../field-path.ts';
import { partPlugins } from '../part-plugin.ts';
import { perRecord, schemaOf, valueOf, withPart } from '../records.ts';
import { cachedBySchema, requireMap, requireStruct } from '../structs.ts';

const purpose = 'field extraction';

export const extractField: readonly TransformPlugin[] = partPlugins(
  'org.apache.kafka.connect.transforms.ExtractField',
  defineConfig({
    field: string().doc('The field to extract.'),
    'replace.null.with.default': replaceNullWithDefault,
    'field.syntax.version': fieldSyntaxVersion,
  }),
  (config, part) => {
    const path = new FieldPath(config.field, config['field.syntax.version']);
    const useDefault = config['replace.null.with.default'];
    const fieldOf = cachedBySchema((schema) => {
      const field = path.fieldFrom(schema);
      if (!field) throw new DataError(`Unknown field: ${config.field}`);
      return field;
    });
    return perRecord((record) => {
      const schema = schemaOf(record, part);
      const value = valueOf(record, part);
      if (!schema) {
        const map = value === null ? null : requireMap(value, purpose);
        return withPart(record, part, undefined, map && path.valueFromMap(map));
      }
      const struct = value === null ? null : requireStruct(schema, value, purpose);
      const field = fieldOf(schema);
      const extracted = struct && path.valueFromStruct(schema, struct, useDefault);
      return withPart(record, part, field.schema, extracted);
    });
  },
);
