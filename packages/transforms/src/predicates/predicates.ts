/** Kafka Connect's predicates. */
import {
  defineConfig,
  type Predicate,
  type PredicatePlugin,
  string,
  type TransformableRecord,
} from '@sluice/connector-api';
import { predicatePlugin } from '../part-plugin.ts';
import { javaRegex } from '../transforms/routers.ts';

export const hasHeaderKey: PredicatePlugin = predicatePlugin(
  'org.apache.kafka.connect.transforms.predicates.HasHeaderKey',
  defineConfig({ name: string().nonEmpty().doc('Name of the header.') }),
  ({ name }) =>
    infallible((record) => record.headers?.some((header) => header.name === name) ?? false),
);

export const recordIsTombstone: PredicatePlugin = predicatePlugin(
  'org.apache.kafka.connect.transforms.predicates.RecordIsTombstone',
  defineConfig({}),
  () => infallible(({ value }) => value === undefined || value === null),
);

export const topicNameMatches: PredicatePlugin = predicatePlugin(
  'org.apache.kafka.connect.transforms.predicates.TopicNameMatches',
  defineConfig({
    pattern: string()
      .nonEmpty()
      .doc('A Java regular expression that the whole name of the topic must match.'),
  }),
  ({ pattern }) => {
    const regex = javaRegex('pattern', pattern);
    return infallible(({ topic }) => regex.matches(topic));
  },
);

function infallible(test: (record: TransformableRecord) => boolean): Predicate {
  return { test: (records) => ({ matches: records.map(test), failures: [] }) };
}
