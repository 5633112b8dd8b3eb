/** The contract of all connectors, on the modes of the source that tell where they are. */
import type { ConnectorConfig } from '@sluice/connector-api';
import { describeSource, type SourceFixture } from '@sluice/connector-testkit';
import { TcpProxy } from '@sluice/testkit';
import { afterAll, beforeAll, describe } from 'vitest';
import { jdbcSource } from '../src/index.ts';
import { connectionOf, databaseOf, databases, type TestServer } from './databases.ts';

const modes: readonly ConnectorConfig[] = [
  { mode: 'incrementing' },
  { mode: 'timestamp+incrementing', 'timestamp.column.name': 'at' },
  {
    mode: 'incrementing',
    'incrementing.column.name': 'id',
    query: 'SELECT * FROM (SELECT id, n FROM orders) o',
    'topic.prefix': 'orders',
  },
];

describe.each(databases)('on $name', ({ name, start }) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    await server.stop();
  });
  const id = name === 'PostgreSQL' ? 'id SERIAL PRIMARY KEY' : 'id INT AUTO_INCREMENT PRIMARY KEY';

  describe.each(modes)('the JDBC source with $mode $query', (settings) => {
    describeSource(jdbcSource, {
      setup: async (): Promise<SourceFixture> => {
        const url = await server.createDatabase('contract');
        const sql = (text: string): Promise<string> => server.sql(text, databaseOf(url));
        await sql(
          `CREATE TABLE orders (${id}, n INT NOT NULL, at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6))`,
        );
        const proxy = await TcpProxy.start(server.port);
        let produced = 0;
        return {
          config: {
            ...connectionOf(url, proxy.port),
            'poll.interval.ms': '20',
            'batch.max.rows': '7',
            ...settings,
          },
          produce: async (count) => {
            const numbers = Array.from({ length: count }, () => (produced += 1));
            await sql(`INSERT INTO orders (n) VALUES ${numbers.map((n) => `(${n})`).join(', ')}`);
            return numbers.map(String);
          },
          identify: ({ value }) => String((value as { n: number }).n),
          fail: {
            begin: () => {
              proxy.refuseConnections();
              proxy.dropConnections();
            },
            end: () => proxy.acceptConnections(),
          },
          stall: {
            begin: () => proxy.disturb({ stalled: 'both' }),
            end: () => proxy.disturb({}),
          },
          close: () => proxy[Symbol.asyncDispose](),
        };
      },
      invalid: [
        { config: { 'connection.url': 'jdbc:sqlite:/tmp/x' }, names: 'connection.url' },
        {
          config: { mode: 'timestamp', 'timestamp.column.name': '' },
          names: 'timestamp.column.name',
        },
        { config: { 'table.whitelist': 'a', 'table.blacklist': 'b' }, names: 'table.blacklist' },
        { config: { query: 'SELECT 1', 'table.whitelist': 'a' }, names: 'query' },
        { config: { 'table.include.list': 'a' }, names: 'table.include.list' },
        { config: { 'timestamp.columns.mapping': 'a:[b]' }, names: 'timestamp.columns.mapping' },
        {
          config: { 'transaction.isolation.mode': 'SERIALIZABLE' },
          names: 'transaction.isolation.mode',
        },
        { config: { 'table.types': 'SYNONYM' }, names: 'table.types' },
      ],
    });
  });
});
