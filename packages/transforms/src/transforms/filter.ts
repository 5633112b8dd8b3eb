/** Kafka Connect's Filter: drops every record that it is applied to, so it comes with a predicate. */
import { defineConfig, type TransformPlugin } from '@sluice/connector-api';
import { transformPlugin } from '../part-plugin.ts';

export const filter: TransformPlugin = transformPlugin(
  'org.apache.kafka.connect.transforms.Filter',
  defineConfig({}),
  () => ({
    apply: (records) => ({ records: records.map(() => null), failures: [] }),
  }),
);
