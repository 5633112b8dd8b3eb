/**
 * Kafka's SchemaSourceConnector: records with schemas, all of one or of two versions in turn. With `all.types` the
 * value has a field of every type that a schema can have, logical ones and nulls included, so that a converter, a
 * transform or a sink can be tried on all of them at once.
 */
import {
  arraySchema,
  boolean,
  Decimal,
  dateSchema,
  decimalSchema,
  defineSource,
  int,
  long,
  mapSchema,
  optionalSchema,
  SchemaBuilder,
  type SourcePlugin,
  schemas,
  structSchema,
  timeSchema,
  timestampSchema,
  type YieldedRecord,
} from '@sluice/connector-api';
import { pacedRanges } from './pace.ts';
import { nextSeqno, numbered, throughputKey, topicKey } from './sequence.ts';

const head = {
  boolean: schemas.boolean,
  int: schemas.int32,
  long: schemas.int64,
  float: schemas.float32,
  double: schemas.float64,
  partitioning: schemas.int32,
};
const tail = { id: schemas.int32, seqno: schemas.int64 };

const first = structSchema({ ...head, ...tail }, { name: 'record', version: 1 });
const second = structSchema(
  { ...head, string: SchemaBuilder.string().defaultValue('abc').build(), ...tail },
  { name: 'record', version: 2 },
);

const allTypes = {
  int8: schemas.int8,
  int16: schemas.int16,
  text: schemas.string,
  bytes: schemas.bytes,
  decimal: decimalSchema(2),
  date: dateSchema,
  time: timeSchema,
  timestamp: timestampSchema,
  array: arraySchema(schemas.int64),
  map: mapSchema(schemas.string, schemas.float64),
  map_by_int: mapSchema(schemas.int32, schemas.string),
  struct: structSchema({ inner: schemas.string }, { name: 'inner' }),
  null_int: schemas.optionalInt32,
  null_text: schemas.optionalString,
  null_bytes: schemas.optionalBytes,
  null_array: optionalSchema(arraySchema(schemas.string)),
  null_struct: structSchema({ inner: schemas.string }, { name: 'inner', optional: true }),
};
const every = structSchema({ ...head, ...allTypes, ...tail }, { name: 'record', version: 3 });

const constants = { boolean: true, int: 12, long: 12, float: Math.fround(12.2), double: 12.2 };

/** The same each time, apart from what tells the number: a reader can compute what it must find. */
function allValuesOf(seqno: number): Readonly<Record<string, unknown>> {
  const dayMs = 86_400_000;
  return {
    int8: (seqno % 256) - 128,
    int16: (seqno % 65_536) - 32_768,
    text: `täxt ${String(seqno)} 😀`,
    bytes: Uint8Array.of(0, 255, seqno % 256),
    decimal: new Decimal(BigInt(seqno) - 50n, 2),
    date: new Date((seqno % 20_000) * dayMs),
    time: new Date(seqno % dayMs),
    timestamp: new Date(1_700_000_000_000 + seqno),
    // More than a double holds.
    array: [seqno, 9_007_199_254_740_993n],
    map: { half: seqno / 2 },
    map_by_int: new Map([[seqno, String(seqno)]]),
    struct: { inner: String(seqno) },
    null_int: null,
    null_text: null,
    null_bytes: null,
    null_array: null,
    null_struct: null,
  };
}

export const schemaSource: SourcePlugin = defineSource({
  name: 'SchemaSource',
  class: 'org.apache.kafka.connect.tools.SchemaSourceConnector',
  version: '1.0.0',
  config: {
    topic: topicKey,
    throughput: throughputKey,
    'num.messages': long()
      .default(-1)
      .min(-1)
      .doc('So many records a task writes, restarts included. -1: no end.'),
    'multiple.schema': boolean()
      .default(false)
      .doc('Every other record has a second version of the schema, with a field more.'),
    'partition.count': int()
      .default(1)
      .min(1)
      .doc('The field `partitioning` counts from 0 to one less than this.'),
    'all.types': boolean()
      .default(false)
      .doc('Values have a field of each type, logical and null ones included.'),
  },
  tasks: ({ max }) => numbered(max),
  sourcePartition: ({ work }) => ({ id: work.id }),
  async *run({ config, work, offset, signal }) {
    const end = config['num.messages'];
    const ranges = pacedRanges({
      throughput: config.throughput,
      from: nextSeqno(offset),
      ...(end >= 0 ? { end } : {}),
      signal,
    });
    for await (const { from, count } of ranges)
      yield Array.from({ length: count }, (_, index) => recordOf(from + index));

    function recordOf(seqno: number): YieldedRecord {
      const isSecond = config['multiple.schema'] && seqno % 2 === 1;
      const partitioning = seqno % config['partition.count'];
      const value = { ...constants, partitioning, id: work.id, seqno };
      return {
        topic: config.topic,
        // As Kafka's: each task has a partition of its own.
        partition: work.id,
        keySchema: schemas.string,
        key: 'key',
        ...(config['all.types']
          ? { valueSchema: every, value: { ...value, ...allValuesOf(seqno) } }
          : isSecond
            ? { valueSchema: second, value: { ...value, string: 'def' } }
            : { valueSchema: first, value }),
        offset: { seqno },
      };
    }
  },
});
