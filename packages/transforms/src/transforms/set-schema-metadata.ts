/** Kafka Connect's SetSchemaMetadata: another name or version for the schema. */
import {
  DataError,
  defineConfig,
  int,
  logicalTypeOf,
  type Schema,
  string,
  type TransformPlugin,
} from '@sluice/connector-api';
import { invalidConfig, replaceNullWithDefault } from '../config-keys.ts';
import { partPlugins } from '../part-plugin.ts';
import { perRecord, schemaOf, valueOf, withPart } from '../records.ts';
import { cachedBySchema, copyStruct, isFields } from '../structs.ts';

export const setSchemaMetadata: readonly TransformPlugin[] = partPlugins(
  'org.apache.kafka.connect.transforms.SetSchemaMetadata',
  defineConfig({
    'schema.name': string().optional().importance('high').doc('Name of the schema.'),
    'schema.version': int().optional().importance('high').doc('Version of the schema.'),
    'replace.null.with.default': replaceNullWithDefault,
  }),
  (config, part) => {
    const name = config['schema.name'];
    const version = config['schema.version'];
    const useDefault = config['replace.null.with.default'];
    if (name === undefined && version === undefined)
      throw invalidConfig('schema.name', 'Neither schema name nor version configured');
    const updatedOf = cachedBySchema((schema): Schema => {
      const logical = logicalTypeOf(schema);
      if (logical !== undefined && name !== undefined && name !== schema.name)
        throw new DataError(
          `a ${logical} is one by the name of its schema, which cannot become ${name}`,
        );
      return {
        ...schema,
        ...(name === undefined ? {} : { name }),
        ...(version === undefined ? {} : { version }),
      };
    });
    return perRecord((record) => {
      const schema = schemaOf(record, part);
      const value = valueOf(record, part);
      if (!schema && value === null) return record;
      if (!schema) throw new DataError('Schema required for [updating schema metadata]');
      const updated =
        schema.type === 'struct' && isFields(value) ? copyStruct(schema, value, useDefault) : value;
      return withPart(record, part, updatedOf(schema), updated);
    });
  },
);
