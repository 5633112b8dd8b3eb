/**
 * Writes down all that it is given, one record a line, in JSON (`SunkRecord`), and fails where it is told to. The same
 * connector for Kafka Connect stands in `java/RecordsSinkConnector.java`.
 */
import { appendFile } from 'node:fs/promises';
import {
  ConnectError,
  DataError,
  defineSink,
  int,
  oneOf,
  RetriableError,
  type SinkPlugin,
  type SinkRecord,
  string,
  type TopicPartition,
} from '@sluice/connector-api';
import { textOf } from './data-text.ts';

/** Key, value and headers are text as JsonConverter writes it, with a schema; null: null without one. */
export interface SunkRecord extends TopicPartition {
  readonly offset: number;
  readonly timestamp: number | null;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [name: string, value: string | null])[];
  readonly original: TopicPartition & { readonly offset: number };
}

export const recordsSink: SinkPlugin = defineSink({
  name: 'RecordsSink',
  class: 'io.sluice.conformance.RecordsSinkConnector',
  version: '1.0.0',
  config: {
    'records.file': string().nonEmpty().importance('high').doc('Where the records are written.'),
    'fail.on': string().default('').doc('Text of a value to fail on.'),
    'fail.with': oneOf('retriable', 'fatal', 'report').default('fatal').doc('How.'),
    'fail.times': int().default(-1).doc('How often; -1: always.'),
  },
  setup: ({ config }) => ({ failuresLeft: config['fail.times'] }),
  async put(records, context) {
    const { config, state } = context;
    let lines = '';
    for (const record of records) {
      const value = (await textOf(record.value, record.valueSchema)) ?? '';
      const isMeant = config['fail.on'] !== '' && value.includes(config['fail.on']);
      if (!isMeant || state.failuresLeft === 0) {
        lines += `${await lineOf(record)}\n`;
        continue;
      }
      // Nothing of the batch was written yet.
      if (state.failuresLeft > 0) state.failuresLeft -= 1;
      const message = `the sink refuses ${config['fail.on']}`;
      if (config['fail.with'] === 'retriable') {
        context.timeout(100);
        throw new RetriableError('the sink is away');
      }
      if (config['fail.with'] === 'fatal') throw new ConnectError(message);
      const reporter = context.errantRecordReporter();
      if (!reporter) throw new ConnectError('there is no reporter');
      await reporter.report(record, new DataError(message));
    }
    if (lines !== '') await appendFile(config['records.file'], lines);
  },
});

async function lineOf(record: SinkRecord): Promise<string> {
  const { key, keySchema, offset, partition, timestampMs, topic, value, valueSchema } = record;
  const headers: [string, string | null][] = [];
  for (const header of record.headers ?? [])
    headers.push([header.name, await textOf(header.value, header.schema)]);
  const sunk: SunkRecord = {
    topic,
    partition,
    offset,
    timestamp: timestampMs ?? null,
    key: await textOf(key, keySchema),
    value: await textOf(value, valueSchema),
    headers,
    original: record.original ?? { topic, partition, offset },
  };
  return JSON.stringify(sunk);
}
