/** Kafka Connect's HoistField: the key or value becomes the only field of a struct or map. */
import { defineConfig, string, structSchema, type TransformPlugin } from '@sluice/connector-api';
import { partPlugins } from '../part-plugin.ts';
import { perRecord, schemaOf, valueOf, withPart } from '../records.ts';
import { cachedBySchema, setField } from '../structs.ts';

export const hoistField: readonly TransformPlugin[] = partPlugins(
  'org.apache.kafka.connect.transforms.HoistField',
  defineConfig({ field: string().doc('Name of the field.') }),
  ({ field }, part) => {
    const hoisted = cachedBySchema((schema) => structSchema({ [field]: schema }));
    return perRecord((record) => {
      const schema = schemaOf(record, part);
      const value = {};
      setField(value, field, valueOf(record, part));
      return withPart(record, part, schema && hoisted(schema), value);
    });
  },
);
