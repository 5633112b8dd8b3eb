import { Decimal, defineSource, schemas } from '@sluice/connector-api';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bytesOfBits,
  dateType,
  daysOfCivil,
  decimalType,
  isoMoment,
  KeyColumns,
  refusing,
  Selection,
  TableRecords,
  type TableRecordsOptions,
  timestampType,
  unsupportedEverywhere,
  unsupportedProblems,
  withoutEffectEverywhere,
} from '../src/index.ts';

test('days since 1970 are those of JavaScript where it has them', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1_000_000, max: 2_000_000 }), (days) => {
      const date = new Date(days * 86_400_000);
      expect(daysOfCivil(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())).toBe(
        days,
      );
      const text = isoMoment({ days, microsOfDay: 1 });
      const year = date.getUTCFullYear();
      if (year >= 0 && year <= 9999)
        expect(text).toBe(`${date.toISOString().slice(0, 10)}T00:00:00.000001`);
    }),
  );
});

test('a moment is exact in microseconds and nanoseconds, also beyond 2^53', () => {
  const moment = { days: 2_932_896, microsOfDay: 86_399_999_999 };
  expect(timestampType('microseconds', 6).read(moment)).toBe(253402300799999999n);
  expect(timestampType('nanoseconds', 6).read({ days: 20_000, microsOfDay: 1 })).toBe(
    1728000000000001000n,
  );
  expect(() => timestampType('nanoseconds', 6).read(moment)).toThrow(/after 2262/);
  expect(timestampType('adaptive', 3).read(moment)).toBe(253402300799999);
  expect(timestampType('isostring', 6).read(moment)).toBe('9999-12-31T23:59:59.999999Z');
  expect(dateType('connect').read(-1)).toEqual(new Date('1969-12-31'));
});

test('decimals keep every digit', () => {
  expect(
    decimalType('precise', { precision: 40, scale: 5 }).read('-1234567890123456789012345.00001'),
  ).toEqual(new Decimal(-123456789012345678901234500001n, 5));
  expect(decimalType('precise', {}).read('1200')).toEqual({
    scale: 0,
    value: Buffer.from([4, 176]),
  });
  expect(decimalType('string', {}).read('1e3')).toBe('1e3');
});

test('bits are little-endian', () => {
  expect(bytesOfBits('100000001')).toEqual(Buffer.from([1, 1]));
  expect(bytesOfBits('')).toEqual(Buffer.alloc(0));
});

test('lists choose whole names without regard to case', () => {
  const selection = new Selection({
    tableInclude: ['public\\.order', 'stock\\..*'],
    columnExclude: ['.*\\.secret'],
  });
  expect(selection.hasTable({ namespace: 'public', table: 'ORDER' })).toBe(true);
  expect(selection.hasTable({ namespace: 'public', table: 'orders' })).toBe(false);
  expect(selection.hasTable({ namespace: 'stock', table: 'anything' })).toBe(true);
  expect(selection.hasColumn({ namespace: 'stock', table: 'a' }, 'secret')).toBe(false);
  expect(new Selection({ tableExclude: ['a.b'] }).hasTable({ namespace: 'c', table: 'd' })).toBe(
    true,
  );
});

test('message.key.columns names columns for tables', () => {
  const columns = new KeyColumns('public.order:id,region; stock.*:sku');
  expect(columns.of({ namespace: 'public', table: 'order' })).toEqual(['id', 'region']);
  expect(columns.of({ namespace: 'stock', table: 'x' })).toEqual(['sku']);
  expect(columns.of({ namespace: 'other', table: 'x' })).toBeUndefined();
  expect(() => new KeyColumns('public.order')).toThrow(/"public\.order"/);
});

test('a key that asks for nothing is not refused, and one that begins as refused keys do is', () => {
  const config = {
    'provide.transaction.metadata': 'false',
    'column.mask.hash.SHA-256.with.salt.x': 'a.b',
    'signal.data.collection': '',
    'table.include.list': 'a.b',
  };
  expect(unsupportedProblems(unsupportedEverywhere, config).map(({ key }) => key)).toEqual([
    'column.mask.hash.SHA-256.with.salt.x',
  ]);
});

test('a key that is taken and has no effect is warned of by name when its connector starts', async () => {
  const plugin = defineSource({
    name: 'Sourced',
    class: 'test.Sourced',
    version: '1.0.0',
    config: {},
    run: async function* () {},
  });
  const connector = refusing(plugin, {
    withoutEffect: withoutEffectEverywhere,
    problemsOf: () => [],
  }).createConnector();
  const warned: unknown[] = [];
  const ignore = (): void => {};
  const logger = {
    debug: ignore,
    info: ignore,
    error: ignore,
    warn: (...line: unknown[]) => warned.push(line),
  };
  const context = {
    connector: 'shop',
    logger,
    signal: AbortSignal.timeout(5_000),
    requestTaskReconfiguration: ignore,
    raiseError: ignore,
  };
  await connector.start?.({ 'table.include.list': 'a.b' }, context);
  expect(warned).toEqual([]);
  await connector.start?.(
    { 'topic.cache.size': '10', 'memory.management.tables.class': 'x' },
    context,
  );
  expect(warned).toEqual([
    [
      { keys: ['topic.cache.size', 'memory.management.tables.class'] },
      expect.stringContaining('no effect'),
    ],
  ]);
  await connector.stop?.();
});

const options: TableRecordsOptions = {
  topic: 'shop.public.item',
  schemaPrefix: 'shop.public.item',
  columns: [
    { field: 'id', schema: schemas.int64 },
    { field: 'bytes', schema: schemas.optionalBytes },
  ],
  keyColumns: ['id'],
  sourceSchema: { type: 'struct', fields: [] },
  tombstonesOnDelete: true,
  skipped: new Set(['t']),
};

test('a change that is several records is stored as written with the last of them', () => {
  const records = new TableRecords(options);
  const moved = records.recordsOf(
    { op: 'u', before: { id: 1 }, after: { id: 2 }, source: {}, offset: { lsn: 5 } },
    0,
  );
  expect(moved.map(({ key, offset, value }) => [key, value === null, offset])).toEqual([
    [{ id: 1 }, false, undefined],
    [{ id: 1 }, true, undefined],
    [{ id: 2 }, false, { lsn: 5 }],
  ]);
  const gone = records.recordsOf(
    { op: 'd', before: { id: 1 }, after: null, source: {}, offset: { lsn: 6 } },
    0,
  );
  expect(gone.map(({ offset }) => offset)).toEqual([undefined, { lsn: 6 }]);
});

test('the same key as a number and as a bigint is no change of the key', () => {
  const [only, ...more] = new TableRecords(options).recordsOf(
    { op: 'u', before: { id: 5n }, after: { id: 5 }, source: {}, offset: { lsn: 1 } },
    0,
  );
  expect(more).toEqual([]);
  expect(only?.value).toMatchObject({ op: 'u' });
});

test('operations can be skipped, and tombstones left out', () => {
  const quiet = new TableRecords({
    ...options,
    tombstonesOnDelete: false,
    skipped: new Set(['c']),
  });
  const change = { before: null, after: { id: 1 }, source: {}, offset: { lsn: 1 } };
  expect(quiet.recordsOf({ ...change, op: 'c' }, 0)).toEqual([]);
  expect(quiet.recordsOf({ ...change, op: 'd', before: { id: 1 }, after: null }, 0)).toHaveLength(
    1,
  );
  expect(quiet.recordsOf({ ...change, op: 't', after: null }, 0)).toHaveLength(1);
});

test('a table without a key has records without one, and no tombstones', () => {
  const keyless = new TableRecords({ ...options, keyColumns: [] });
  const [record, ...more] = keyless.recordsOf(
    { op: 'd', before: { id: 1 }, after: null, source: {}, offset: { lsn: 1 } },
    0,
  );
  expect(more).toEqual([]);
  expect(record).not.toHaveProperty('key');
});
