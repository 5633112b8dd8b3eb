import { expect, test } from 'vitest';

import type { Dialect, Session, TableInfo } from '../src/dialect.ts';
import { RowReader } from '../src/source/row-reader.ts';

const config = { mode: 'incrementing', 'incrementing.column.name': '', 'topic.prefix': '' };

/** Reads a table of which the database tells these, one after the other. */
async function poll(...told: readonly (TableInfo | undefined)[]): Promise<unknown> {
  const left = [...told];
  const dialect = {
    describeTable: async () => left.shift(),
    qualifiedName: () => 'shop.orders',
  } as unknown as Dialect;
  const reader = new RowReader({
    dialect,
    config: config as never,
    from: { table: 'orders' } as never,
    partition: {},
    position: { incrementing: undefined, timestamp: undefined },
  });
  return await reader.poll({} as Session).next();
}

const uncounted = { columns: [{ name: 'id', isAutoIncrement: false }] } as unknown as TableInfo;

test('a table that is dropped while it is looked at is missing, and not one without a key', async () => {
  await expect(poll(uncounted, undefined)).rejects.toThrow('it is missing');
});

test('a table without a key is told as such', async () => {
  await expect(poll(uncounted, uncounted)).rejects.toThrow(
    'shop.orders has no column that the database counts up',
  );
});
