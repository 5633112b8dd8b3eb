import { ConnectError } from '@sluice/connector-api';
import { expect, test } from 'vitest';
import type { TableMap } from '../src/binlog/table-map.ts';
import type { MysqlConfig } from '../src/config.ts';
import { SchemaHistory } from '../src/schema-history.ts';
import { statementOf } from '../src/statement.ts';
import { TableResolver, touches } from '../src/table-resolver.ts';

function resolverOf(config: Partial<MysqlConfig>): TableResolver {
  return new TableResolver({
    config: config as MysqlConfig,
    flavour: 'mysql',
    server: { isMariadb: false } as never,
    charsets: new Map(),
    history: new SchemaHistory(undefined),
    sql: async () => {
      throw new Error('the database was asked');
    },
    tables: [],
  });
}

const map: TableMap = {
  tableId: 7,
  database: 'shop',
  table: 'item',
  columns: [{ type: 200, meta: 0, isNullable: true }],
  unknownAt: 0,
  metadata: { names: ['shape'], isUnsigned: [], collations: [], labels: [], key: [] },
};
const after = { file: 'binlog.000001', pos: 99 };

test('a captured table with a column of an unknown type ends the task, with all names', async () => {
  const resolved = resolverOf({}).tableOf(map, Buffer.alloc(6), after);
  await expect(resolved).rejects.toThrow(ConnectError);
  await expect(resolved).rejects.toThrow(
    /^Column shape of shop\.item has type 200 .* at binlog\.000001:99.*table\.exclude\.list/,
  );
});

test('one that is left out does not', async () => {
  const resolver = resolverOf({ 'table.exclude.list': ['shop.item'] });
  expect(await resolver.tableOf(map, Buffer.alloc(6), after)).toBeUndefined();
});

test('a name that cannot be read may be that of any table that is not written in ASCII', () => {
  const statement = statementOf('ALTER TABLE gr\uFFFD\uFFFDe ADD x int', 'shop');
  expect(touches(statement, 'shop.größe')).toBe(true);
  expect(touches(statement, 'shop.item')).toBe(false);
  const resolver = resolverOf({});
  expect(resolver.isTable({ namespace: 'shop', table: 'gr\uFFFD' })).toBe(false);
});
