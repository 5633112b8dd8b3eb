import { type Schema, type SourceRecord, schemas, type Transform } from '@sluice/connector-api';
import { expect, test } from 'vitest';
import { findPlugin, transformPlugins } from '../src/index.ts';

const row: Schema = {
  type: 'struct',
  name: 'shop.public.item.Value',
  optional: true,
  fields: [
    { field: 'id', schema: schemas.int32 },
    { field: 'region', schema: schemas.optionalString },
    { field: 'n', schema: { type: 'int32', optional: true, default: 7 } },
  ],
};
const envelope: Schema = {
  type: 'struct',
  name: 'shop.public.item.Envelope',
  fields: [
    { field: 'before', schema: row },
    { field: 'after', schema: row },
    {
      field: 'source',
      schema: {
        type: 'struct',
        name: 'Source',
        fields: [
          { field: 'lsn', schema: schemas.optionalInt64 },
          { field: 'ts_ms', schema: schemas.int64 },
        ],
      },
    },
    {
      field: 'transaction',
      schema: { type: 'struct', optional: true, fields: [{ field: 'id', schema: schemas.string }] },
    },
    { field: 'op', schema: schemas.string },
    { field: 'ts_ms', schema: schemas.optionalInt64 },
  ],
};

function change(op: string, before: object | null, after: object | null): SourceRecord {
  const value = { before, after, source: { lsn: 5, ts_ms: 1 }, transaction: null, op, ts_ms: 2 };
  return { topic: 'shop.public.item', key: { id: 1 }, value, valueSchema: envelope };
}

const one = { id: 1, region: 'eu', n: null };
const created = change('c', null, one);
const updated = change('u', null, one);
const deleted = change('d', one, null);
const truncated = change('t', null, null);
const tombstone: SourceRecord = { topic: 'shop.public.item', key: { id: 1 }, value: null };

function transformOf(config: Record<string, string> = {}): Transform {
  const plugin = findPlugin(transformPlugins, 'io.debezium.transforms.ExtractNewRecordState');
  if (!plugin) throw new Error('there is no such transform');
  return plugin.create(config);
}

async function apply(
  config: Record<string, string>,
  ...records: SourceRecord[]
): Promise<(SourceRecord | null)[]> {
  const { failures, records: changed } = await transformOf(config).apply(records);
  expect(failures).toEqual([]);
  return [...changed];
}

test('a change becomes the row after it, a delete one tombstone', async () => {
  const [insert, update, end, second, emptied] = await apply(
    {},
    created,
    updated,
    deleted,
    tombstone,
    truncated,
  );
  expect(insert).toMatchObject({ value: one, valueSchema: row, key: { id: 1 } });
  expect(update?.value).toEqual(one);
  expect(end).toMatchObject({ value: null, valueSchema: row });
  expect([second, emptied]).toEqual([null, null]);
});

test('each mode says what a delete and its tombstone become', async () => {
  const mode = (name: string) =>
    apply({ 'delete.tombstone.handling.mode': name }, deleted, tombstone, created);
  expect((await mode('drop')).map((each) => each?.value)).toEqual([undefined, undefined, one]);
  const [toTombstone, none] = await mode('delete-to-tombstone');
  expect(toTombstone).toEqual({ topic: 'shop.public.item', key: { id: 1 }, value: null });
  expect(none).toBeNull();
  const [rewritten, dropped, kept] = await mode('rewrite');
  expect(rewritten?.value).toEqual({ id: 1, region: 'eu', n: 7, __deleted: 'true' });
  expect(dropped).toBeNull();
  expect(kept?.value).toEqual({ id: 1, region: 'eu', n: 7, __deleted: 'false' });
  expect(kept?.valueSchema).toMatchObject({ name: row.name });
  expect(kept?.valueSchema?.optional).toBeUndefined();
  expect((await mode('rewrite-with-tombstone'))[1]).toEqual(tombstone);
});

test('fields of the envelope are added to rows and headers by their names', async () => {
  const config = {
    'add.fields': 'op,source.ts_ms,lsn:position,transaction.id,nothing',
    'add.headers': 'op,table',
    'add.headers.prefix': '',
    'delete.tombstone.handling.mode': 'rewrite-with-tombstone',
    'replace.null.with.default': 'false',
  };
  const [record, end] = await apply(config, created, tombstone);
  expect(record?.value).toEqual({
    ...one,
    __deleted: 'false',
    __op: 'c',
    __source_ts_ms: 1,
    __position: 5,
    __transaction_id: null,
  });
  expect(record?.headers).toEqual([
    { name: 'op', value: 'c', schema: { type: 'string', optional: true } },
  ]);
  expect(end?.headers).toEqual([{ name: 'op', value: 'd', schema: schemas.string }]);
});

test('a field may say the topic, also for deletes that are rewritten', async () => {
  const config = { 'route.by.field': 'region', 'delete.tombstone.handling.mode': 'rewrite' };
  const records = await apply(config, created, deleted, change('c', null, { id: 2 }));
  expect(records.map((each) => each?.topic)).toEqual(['eu', 'eu', 'shop.public.item']);
});

test('what is no envelope passes as it is', async () => {
  const plain: SourceRecord = { topic: 'a', value: { after: 1 } };
  const heartbeat: SourceRecord = {
    topic: 'b',
    value: { ts_ms: 1 },
    valueSchema: { type: 'struct', name: 'io.debezium.connector.common.Heartbeat', fields: [] },
  };
  expect(await apply({}, plain, heartbeat)).toEqual([plain, heartbeat]);
});

test('keys that are not supported are refused by name', () => {
  for (const key of ['drop.fields.header.name', 'delete.handling.mode', 'drop.tombstones'])
    expect(() => transformOf({ [key]: 'x' })).toThrow(new RegExp(key.replaceAll('.', '\\.')));
  expect(() => transformOf({ 'add.fields': 'a:b:c' })).toThrow(/a:b:c/);
});
