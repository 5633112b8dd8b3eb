import type { ProduceRecord } from '@sluice/record-log';
import { MemoryLog, MemoryLogStore } from '@sluice/record-log/memory';
import { type RecordsQuery, recordsPage } from '@sluice/runtime/records';
import { expect, test } from 'vitest';

/** Records of a second each: `a0` is of partition 0 and the oldest. */
async function filled(
  values: readonly (readonly [value: string, partition: number])[],
  { partitions = 2, bytes = 0 }: { partitions?: number; bytes?: number } = {},
) {
  const log = new MemoryLog(new MemoryLogStore());
  await log.topics.create('orders', { partitions });
  const writer = await log.openWriter({ id: 'writer', fence: 1 });
  for (const [at, [value, partition]] of values.entries()) {
    const record: ProduceRecord = {
      key: null,
      value: Buffer.from(value.padEnd(bytes, ' ')),
      partition,
      timestampMs: at * 1_000,
    };
    await writer.produce([{ topic: 'orders', records: [record] }]);
  }
  const page = async (query: Partial<RecordsQuery> = {}) => {
    const found = await recordsPage(log, {
      topic: 'orders',
      start: { kind: 'newest' },
      limit: 100,
      bytesMax: 1_000_000,
      ...query,
    });
    return {
      values: found?.records.map(({ record }) =>
        Buffer.from(record.value ?? [])
          .toString()
          .trim(),
      ),
      next: found?.next,
      partitions: found?.partitions,
    };
  };
  return { log, page };
}

const mixed = [
  ['a', 0],
  ['b', 1],
  ['c', 0],
  ['d', 0],
  ['e', 1],
  ['f', 0],
] as const;

test('the newest come first, page by page to the oldest, of all partitions', async () => {
  const { page } = await filled(mixed);
  const first = await page({ limit: 2 });
  expect(first).toMatchObject({ values: ['f', 'e'], next: '0:3,1:1' });
  expect(first.partitions).toEqual([
    { partition: 0, low: 0, high: 4 },
    { partition: 1, low: 0, high: 2 },
  ]);
  const second = await page({ limit: 3, start: { kind: 'newest', before: first.next ?? '' } });
  expect(second).toMatchObject({ values: ['d', 'c', 'b'], next: '0:1' });
  const third = await page({ limit: 3, start: { kind: 'newest', before: second.next ?? '' } });
  expect(third).toMatchObject({ values: ['a'], next: undefined });
});

test('from an offset on the oldest come first, and a page says where the next begins', async () => {
  const { page } = await filled(mixed);
  const from = (places: string) => page({ limit: 2, start: { kind: 'from', places } });
  expect(await from('0:1')).toMatchObject({ values: ['c', 'd'], next: '0:3' });
  expect(await from('0:3')).toMatchObject({ values: ['f'], next: undefined });
  expect(await from('0:3,1:0')).toMatchObject({ values: ['b', 'e'], next: '0:3' });
  expect(await from('0:99')).toMatchObject({ values: [], next: undefined });
});

test('from a time on, all partitions begin there', async () => {
  const { page } = await filled(mixed);
  const since = (timeMs: number) => page({ start: { kind: 'since', timeMs } });
  expect((await since(2_500)).values).toEqual(['d', 'e', 'f']);
  expect((await since(0)).values).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  expect((await since(60_000)).values).toEqual([]);
});

test('one partition is looked at alone, and one that there is not is refused', async () => {
  const { page } = await filled(mixed);
  expect((await page({ partition: 1 })).values).toEqual(['e', 'b']);
  await expect(page({ partition: 2 })).rejects.toThrow('has no partition 2: it has 2');
});

test('large records make small pages, and none is left out between them', async () => {
  const values = Array.from({ length: 60 }, (_, at) => [`v${at}`, at % 3 === 0 ? 1 : 0] as const);
  const { page } = await filled(values, { bytes: 1_000 });
  const seen: string[] = [];
  let before: string | undefined;
  for (let pages = 0; pages < 100; pages += 1) {
    const start = { kind: 'newest', ...(before !== undefined && { before }) } as const;
    const found = await page({ start, limit: 50, bytesMax: 5_500 });
    expect(found.values?.length).toBeGreaterThan(0);
    expect(found.values?.length).toBeLessThanOrEqual(5);
    seen.push(...(found.values ?? []));
    before = found.next;
    if (before === undefined) break;
  }
  expect(seen).toEqual(values.map(([value]) => value).toReversed());
});

test('the newest of a partition of large records are its newest, however few they are', async () => {
  const values = Array.from({ length: 40 }, (_, at) => [`v${at}`, 0] as const);
  const { page } = await filled(values, { bytes: 10_000, partitions: 1 });
  expect((await page({ limit: 20, bytesMax: 25_000 })).values).toEqual(['v39', 'v38']);
  // One that is larger than all there is room for comes alone.
  expect((await page({ limit: 20, bytesMax: 100 })).values).toEqual(['v39']);
});

test('a topic of many partitions is looked at one by one', async () => {
  const { page } = await filled([['a', 99]], { partitions: 100 });
  await expect(page()).rejects.toMatchObject({ code: 'log.too_many_partitions' });
  expect((await page({ partition: 99 })).values).toEqual(['a']);
});

test('a topic that is not there has no page', async () => {
  const { log } = await filled([]);
  const query = { topic: 'none', start: { kind: 'newest' }, limit: 1, bytesMax: 1 } as const;
  expect(await recordsPage(log, query)).toBeUndefined();
});
