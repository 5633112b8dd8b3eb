import { type BytesBatch, type SourceRecord, schemas } from '@sluice/connector-api';
import { expect, test } from 'vitest';

import { processSinkBatches } from '../src/process-sink-batches.ts';
import { processSourceBatch } from '../src/process-source-batch.ts';
import { createTaskConverters } from '../src/task-converters.ts';
import { stringConverters } from './support/plugins.ts';

const text = createTaskConverters(
  {},
  { ...stringConverters, 'header.converter': 'SimpleHeaderConverter' },
);

function show(bytes: Uint8Array | null | undefined): string | null | undefined {
  return bytes ? Buffer.from(bytes).toString() : bytes;
}

test('records of several topics become one batch a topic, and keep their places', async () => {
  const records: SourceRecord[] = ['a', 'b', 'a', 'c', 'b'].map((topic, index) => ({
    topic,
    key: index % 2 === 0 ? `k${index}` : null,
    value: `v${index}`,
    timestampMs: index,
    partition: index,
  }));
  const processed = await processSourceBatch(records, text);
  expect(
    processed.topics.map(({ topic, records: produced }) => [
      topic,
      produced.map((each) => [show(each.key), show(each.value), each.timestampMs, each.partition]),
    ]),
  ).toEqual([
    [
      'a',
      [
        ['k0', 'v0', 0, 0],
        ['k2', 'v2', 2, 2],
      ],
    ],
    [
      'b',
      [
        [null, 'v1', 1, 1],
        ['k4', 'v4', 4, 4],
      ],
    ],
    ['c', [[null, 'v3', 3, 3]]],
  ]);
  expect(processed.positions).toEqual([[0, 2], [1, 4], [3]]);
  expect(processed.bytes).toBe(16);
});

test('a tombstone stays null, a schema with a null value is converted', async () => {
  const records: SourceRecord[] = [
    { topic: 't', key: 'k', value: null },
    { topic: 't', key: 'k', value: null, valueSchema: { ...schemas.string, optional: true } },
  ];
  const json = createTaskConverters(
    { 'value.converter': 'JsonConverter', 'key.converter': 'StringConverter' },
    {},
  );
  const [batch] = (await processSourceBatch(records, json)).topics;
  expect(batch?.records.map(({ value }) => show(value))).toEqual([
    null,
    '{"schema":{"type":"string","optional":true},"payload":null}',
  ]);
});

test('a tombstone is what its converter makes of it, alone or among others', async () => {
  const fetched = (value: string | null, offset: number) => ({
    offset,
    timestampMs: 1,
    key: null,
    value: value === null ? null : Buffer.from(value),
    headers: [],
  });
  const optional = { type: 'string', optional: true };
  for (const values of [[null], [null, 'v']]) {
    const batch = { topic: 't', partition: 0, records: values.map(fetched) };
    const read = await processSinkBatches(
      [{ ...batch, nextOffset: values.length, highWatermark: values.length }],
      text,
    );
    expect(read.records[0]).toMatchObject({
      key: null,
      keySchema: optional,
      value: null,
      valueSchema: optional,
    });
  }
});

test('records in a row that share their headers have them converted once', async () => {
  const asked: (string | null | undefined)[] = [];
  const counting = {
    ...text,
    header: {
      ...text.header,
      fromBytes: (batch: BytesBatch) => {
        asked.push(...batch.bytes.map(show));
        return text.header.fromBytes(batch);
      },
    },
  };
  const [a, b] = [[['n', Buffer.from('1')]], [['n', Buffer.from('2')]]] as const;
  const records = [a, a, [], b, b, a].map((headers, offset) => ({
    offset,
    timestampMs: 1,
    key: null,
    value: null,
    headers,
  }));
  const batch = { topic: 't', partition: 0, records, nextOffset: 6, highWatermark: 6 };
  const read = await processSinkBatches([batch], counting);
  const values = read.records.map(({ headers }) => headers?.map(({ value }) => value));
  expect(values).toEqual([[1], [1], [], [2], [2], [1]]);
  expect(asked).toEqual(['1', '2', '1']);
  // Nobody changes those of another record.
  expect(Object.isFrozen(read.records[0]?.headers)).toBe(true);
});

test('headers keep their order and their records', async () => {
  const records: SourceRecord[] = [
    {
      topic: 't',
      value: 'a',
      headers: [
        { name: 'x', value: '1' },
        { name: 'x', value: null },
      ],
    },
    { topic: 't', value: 'b' },
    { topic: 't', value: 'c', headers: [{ name: 'y', value: '2' }] },
  ];
  const [batch] = (await processSourceBatch(records, text)).topics;
  const headers = batch?.records.map((each) =>
    each.headers?.map(([name, value]) => [name, show(value)]),
  );
  expect(headers).toEqual([
    [
      ['x', '1'],
      ['x', null],
    ],
    undefined,
    [['y', '2']],
  ]);
});

test.each(['JsonConverter', 'IntegerConverter', 'SimpleHeaderConverter'])(
  'a trace context is text, whatever the other headers are: %s',
  async (name) => {
    const converters = createTaskConverters(
      { 'header.converter': name, 'header.converter.schemas.enable': 'false' },
      stringConverters,
    );
    const context = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const [written] = (
      await processSourceBatch(
        [{ topic: 't', value: 'v', headers: [{ name: 'n', value: 7, schema: schemas.int32 }] }],
        converters,
      )
    ).topics;
    const number = written?.records[0]?.headers?.[0] ?? (['n', null] as const);
    const headersOf = [
      [['traceparent', Buffer.from(context)]],
      [],
      [number, ['traceparent', Buffer.from(context)], number],
    ] as const;
    const fetched = headersOf.map((headers, offset) => ({
      offset,
      timestampMs: 1,
      key: null,
      value: Buffer.from('v'),
      headers,
    }));
    const { records } = await processSinkBatches(
      [{ topic: 't', partition: 0, records: fetched, nextOffset: 3, highWatermark: 3 }],
      converters,
    );
    const read = records.map(({ headers }) => headers?.map((each) => [each.name, each.value]));
    const trace = ['traceparent', context];
    expect(read).toEqual([[trace], [], [['n', 7], trace, ['n', 7]]]);
  },
);

test('what says that it is a trace context and is none goes through the converter', async () => {
  const converters = createTaskConverters(
    { 'header.converter': 'JsonConverter' },
    stringConverters,
  );
  const headers = [['traceparent', Buffer.from('00-mine')]] as const;
  const record = { offset: 0, timestampMs: 1, key: null, value: null, headers };
  const batch = { topic: 't', partition: 0, records: [record], nextOffset: 1, highWatermark: 1 };
  await expect(processSinkBatches([batch], converters)).rejects.toThrow(/the header of a record/);
});

test('what a source writes is what a sink reads', async () => {
  const records: SourceRecord[] = [
    { topic: 't', key: 'k', value: 'v', timestampMs: 7, headers: [{ name: 'h', value: 'x' }] },
    { topic: 't', key: null, value: '' },
  ];
  const [batch] = (await processSourceBatch(records, text)).topics;
  const fetched = {
    topic: 't',
    partition: 3,
    nextOffset: 12,
    highWatermark: 12,
    records: (batch?.records ?? []).map((each, index) => ({
      ...each,
      offset: 10 + index,
      headers: each.headers ?? [],
      timestampMs: each.timestampMs ?? 1,
    })),
  };
  const { records: read } = await processSinkBatches([fetched], text);
  expect(read).toMatchObject([
    { topic: 't', partition: 3, offset: 10, key: 'k', value: 'v', timestampMs: 7 },
    { topic: 't', partition: 3, offset: 11, key: null, value: '', headers: [] },
  ]);
  expect(read[0]?.headers).toMatchObject([{ name: 'h', value: 'x' }]);
  expect(read[0]?.valueSchema).toMatchObject({ type: 'string' });
});

test('a record that cannot be read fails with its topic, partition and offset', async () => {
  const json = createTaskConverters({ 'value.converter': 'JsonConverter' }, stringConverters);
  const fetched = {
    topic: 't',
    partition: 3,
    nextOffset: 12,
    highWatermark: 12,
    records: [{ offset: 11, timestampMs: 1, key: null, value: Buffer.from('{"a":'), headers: [] }],
  };
  await expect(processSinkBatches([fetched], json)).rejects.toThrow(
    'the value of a record of t partition 3 offset 11 cannot be converted',
  );
});
