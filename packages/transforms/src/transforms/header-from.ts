/** Kafka Connect's HeaderFrom: fields of the key or value become headers. */
import {
  DataError,
  defineConfig,
  list,
  type RecordHeader,
  type Schema,
  string,
  type TransformPlugin,
} from '@sluice/connector-api';
import { invalidConfig, replaceNullWithDefault } from '../config-keys.ts';
import { partPlugins } from '../part-plugin.ts';
import { perRecord, schemaOf, valueOf, withHeaders, withPart } from '../records.ts';
import {
  cachedBySchema,
  copyStruct,
  fieldOfMap,
  fieldOfStruct,
  findField,
  requireMap,
  requireStruct,
  structLike,
} from '../structs.ts';

export const headerFrom: readonly TransformPlugin[] = partPlugins(
  'org.apache.kafka.connect.transforms.HeaderFrom',
  defineConfig({
    fields: list().nonEmpty().importance('high').doc('Fields that become headers.'),
    headers: list()
      .nonEmpty()
      .importance('high')
      .doc('Names of the headers, in the order of the fields.'),
    operation: string()
      .oneOf('move', 'copy')
      .importance('high')
      .doc('move: the fields are removed from the key or value. copy: they stay.'),
    'replace.null.with.default': replaceNullWithDefault,
  }),
  (config, part) => {
    const { fields, headers, operation } = config;
    if (fields.length !== headers.length)
      throw invalidConfig(
        'fields',
        "'fields' config must have the same number of elements as 'headers' config.",
      );
    const useDefault = config['replace.null.with.default'];
    const purpose = `header ${operation}`;
    const isMove = operation === 'move';
    const moved = new Set(fields);
    const schemaWithout = cachedBySchema((schema) =>
      structLike(
        schema,
        (schema.fields ?? []).filter(({ field }) => !moved.has(field)),
      ),
    );
    const fieldsFrom = cachedBySchema((schema) =>
      fields.map((name) => {
        const field = findField(schema, name);
        if (!field) throw new DataError(`Field does not exist: ${name}`);
        return field;
      }),
    );

    return perRecord((record) => {
      const schema = schemaOf(record, part);
      const value = valueOf(record, part);
      const added: RecordHeader[] = [];
      if (!schema) {
        const map = requireMap(value, purpose);
        for (const [index, name] of fields.entries())
          added.push(header(headers[index], fieldOfMap(map, name)));
        const changed = isMove ? withPart(record, part, undefined, without(map, fields)) : record;
        return withHeaders(changed, [...(record.headers ?? []), ...added]);
      }
      const struct = requireStruct(schema, value, purpose);
      for (const [index, field] of fieldsFrom(schema).entries())
        added.push(header(headers[index], fieldOfStruct(struct, field, useDefault), field.schema));
      const changed = isMove
        ? withPart(
            record,
            part,
            schemaWithout(schema),
            without(copyStruct(schema, struct, useDefault), fields),
          )
        : record;
      return withHeaders(changed, [...(record.headers ?? []), ...added]);
    });
  },
);

function header(name = '', value: unknown, schema?: Schema): RecordHeader {
  return schema ? { name, value, schema } : { name, value };
}

function without(fields: Readonly<Record<string, unknown>>, names: readonly string[]) {
  const kept = { ...fields };
  for (const name of names) delete kept[name];
  return kept;
}
