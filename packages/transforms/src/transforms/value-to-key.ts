/** Kafka Connect's ValueToKey: fields of the value become the key. */
import { DataError, defineConfig, list, type TransformPlugin } from '@sluice/connector-api';
import { replaceNullWithDefault } from '../config-keys.ts';
import { transformPlugin } from '../part-plugin.ts';
import { perRecord, valueOf, withPart } from '../records.ts';
import {
  cachedBySchema,
  fieldOfMap,
  fieldOfStruct,
  findField,
  requireMap,
  requireStruct,
  setField,
  structLike,
} from '../structs.ts';

const purpose = 'copying fields from value to key';

export const valueToKey: TransformPlugin = transformPlugin(
  'org.apache.kafka.connect.transforms.ValueToKey',
  defineConfig({
    fields: list()
      .nonEmpty()
      .importance('high')
      .doc('Fields of the value that the key consists of.'),
    'replace.null.with.default': replaceNullWithDefault,
  }),
  (config) => {
    const { fields } = config;
    const useDefault = config['replace.null.with.default'];
    const keySchemaOf = cachedBySchema((schema) =>
      structLike(
        { type: 'struct' },
        fields.map((name) => {
          const field = findField(schema, name);
          if (!field) throw new DataError(`Field does not exist: ${name}`);
          return field;
        }),
      ),
    );
    return perRecord((record) => {
      const schema = record.valueSchema;
      const value = valueOf(record, 'value');
      const key = {};
      if (!schema) {
        const map = requireMap(value, purpose);
        for (const field of fields) setField(key, field, fieldOfMap(map, field));
        return withPart(record, 'key', undefined, key);
      }
      const struct = requireStruct(schema, value, purpose);
      const keySchema = keySchemaOf(schema);
      for (const field of keySchema.fields ?? [])
        setField(key, field.field, fieldOfStruct(struct, field, useDefault));
      return withPart(record, 'key', keySchema, key);
    });
  },
);
