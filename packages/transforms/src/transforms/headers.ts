/** Kafka Connect's DropHeaders and InsertHeader. */
import { defineConfig, list, string, type TransformPlugin } from '@sluice/connector-api';
import { parseValue } from '@sluice/connector-api/values';
import { transformPlugin } from '../part-plugin.ts';
import { perRecord, withHeaders } from '../records.ts';

export const dropHeaders: TransformPlugin = transformPlugin(
  'org.apache.kafka.connect.transforms.DropHeaders',
  defineConfig({
    headers: list().nonEmpty().importance('high').doc('Names of the headers to remove.'),
  }),
  ({ headers }) => {
    const dropped = new Set(headers);
    return perRecord((record) => {
      const kept = record.headers?.filter(({ name }) => !dropped.has(name));
      return !kept || kept.length === record.headers?.length ? record : withHeaders(record, kept);
    });
  },
);

export const insertHeader: TransformPlugin = transformPlugin(
  'org.apache.kafka.connect.transforms.InsertHeader',
  defineConfig({
    header: string().importance('high').doc('Name of the header.'),
    'value.literal': string()
      .importance('high')
      .doc(
        'Value of the header. What the text looks like decides its type: a boolean, a number, a date, an array, a map, else a string.',
      ),
  }),
  (config) => {
    const { schema, value } = parseValue(config['value.literal']);
    const inserted = { name: config.header, value, ...(schema ? { schema } : {}) };
    return perRecord((record) => withHeaders(record, [...(record.headers ?? []), inserted]));
  },
);
