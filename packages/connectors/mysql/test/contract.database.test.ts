import { describeSource } from '@sluice/connector-testkit';
import { startMariadb, TcpProxy } from '@sluice/testkit';
import { afterAll } from 'vitest';
import { mariadbConnector } from '../src/index.ts';
import { configOf } from './capture.ts';

const mariadb = await startMariadb();
afterAll(() => mariadb.stop());

describeSource(mariadbConnector, {
  setup: async () => {
    const url = await mariadb.createDatabase('contract');
    const database = new URL(url).pathname.slice(1);
    const sql = (text: string) => mariadb.sql(text, database);
    await sql('CREATE TABLE item (id int PRIMARY KEY AUTO_INCREMENT, name text)');
    const proxy = await TcpProxy.start(mariadb.port);
    return {
      config: configOf(url, {
        'database.port': String(proxy.port),
        'connect.keep.alive.interval.ms': '200',
        'connect.timeout.ms': '1000',
      }),
      produce: async (count) => {
        const text = await sql(
          `INSERT INTO item (name) SELECT concat('row ', seq) FROM seq_1_to_${String(count)} RETURNING id`,
        );
        return text.split('\n');
      },
      identify: ({ value }) => String((value as { after: { id: number } }).after.id),
      fail: {
        begin: () => {
          proxy.refuseConnections();
          proxy.dropConnections();
        },
        end: () => proxy.acceptConnections(),
      },
      stall: {
        begin: () => proxy.disturb({ stalled: 'both' }),
        end: () => {
          proxy.dropConnections();
          proxy.disturb({});
        },
      },
      close: async () => await proxy[Symbol.asyncDispose](),
    };
  },
  invalid: [
    { config: { 'provide.transaction.metadata': 'true' }, names: 'provide.transaction.metadata' },
    { config: { 'database.server.id': 'many' }, names: 'database.server.id' },
    { config: { 'table.exclude.list': 'shop.(' }, names: 'table.exclude.list' },
    { config: { 'gtid.source.includes': '0' }, names: 'gtid.source.includes' },
    { config: { 'time.precision.mode': 'adaptive' }, names: 'time.precision.mode' },
  ],
});
