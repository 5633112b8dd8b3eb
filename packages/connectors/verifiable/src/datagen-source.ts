/** Plausible data after a schema, the same in each run with the same seed. For demonstrations and load. */
import {
  ConnectError,
  defineSource,
  double,
  long,
  type Schema,
  type SourcePlugin,
  schemaField,
  string,
  type YieldedRecord,
} from '@sluice/connector-api';
import { type Generator, parseGenerator } from './datagen/generator.ts';
import { quickstarts } from './datagen/quickstarts.ts';
import { randomOf } from './datagen/random.ts';
import { pacedRanges } from './pace.ts';
import { nextSeqno, numbered, topicKey } from './sequence.ts';

const quickstartNames = [
  'orders',
  'users',
  'pageviews',
] as const satisfies (keyof typeof quickstarts)[];

const shape = {
  topic: topicKey,
  quickstart: string()
    .default('orders')
    .oneOf(...quickstartNames)
    .importance('high')
    .doc('A schema to begin with; `schema` goes before it.'),
  schema: string()
    .optional()
    .importance('high')
    .doc(
      'What a record looks like, as JSON: {"type":"struct","fields":{"id":{"type":"sequence"}}}',
    ),
  'key.field': string().optional().doc('Field whose value becomes the key.'),
  rate: double()
    .default(10)
    .min(-1)
    .importance('high')
    .doc('Records a second for each task. -1: as many as possible.'),
  iterations: long()
    .default(-1)
    .min(-1)
    .importance('high')
    .doc('So many records a task writes, restarts included. -1: no end.'),
  seed: long().default(0).doc('Another seed makes other data.'),
};

export const datagenSource: SourcePlugin = defineSource({
  name: 'DatagenSource',
  version: '1.0.0',
  config: shape,
  tasks({ config, max }) {
    // Refused when the connector starts, not when its tasks do.
    templateOf(config);
    return numbered(max);
  },
  sourcePartition: ({ work }) => ({ id: work.id }),
  async *run({ config, work, offset, signal }) {
    const { generator, key } = templateOf(config);
    const { iterations, rate, seed } = config;
    const ranges = pacedRanges({
      throughput: rate,
      from: nextSeqno(offset),
      ...(iterations >= 0 ? { end: iterations } : {}),
      signal,
    });
    for await (const { from, count } of ranges)
      yield Array.from({ length: count }, (_, index) => recordOf(from + index));

    function recordOf(seqno: number): YieldedRecord {
      const value = generator.make(randomOf(seed, work.id, seqno), seqno);
      return {
        topic: config.topic,
        ...(key ? { keySchema: key.schema, key: fieldOf(value, key.field) } : {}),
        valueSchema: generator.schema,
        value,
        offset: { seqno },
      };
    }
  },
});

interface Template {
  readonly generator: Generator;
  readonly key: { readonly field: string; readonly schema: Schema } | undefined;
}

function templateOf(config: {
  readonly quickstart: (typeof quickstartNames)[number];
  readonly schema: string | undefined;
  readonly 'key.field': string | undefined;
}): Template {
  const quickstart = quickstarts[config.quickstart];
  const generator = parseGenerator(config.schema ?? JSON.stringify(quickstart.schema));
  const field = config['key.field'] ?? (config.schema === undefined ? quickstart.key : undefined);
  if (field === undefined) return { generator, key: undefined };
  const schema = schemaField(generator.schema, field)?.schema;
  if (!schema) throw new ConnectError(`"key.field" is ${field}, but the schema has no such field`);
  return { generator, key: { field, schema } };
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined;
}
