/** The contract of all connectors, on a sink that upserts, and on one that inserts each record exactly once. */
import type { ConnectorConfig } from '@sluice/connector-api';
import { describeSink, type SinkFixture } from '@sluice/connector-testkit';
import { TcpProxy } from '@sluice/testkit';
import { afterAll, beforeAll, describe } from 'vitest';
import { jdbcSink } from '../src/index.ts';
import { connectionOf, databaseOf, databases, type TestServer } from './databases.ts';

const schema = {
  type: 'struct',
  fields: [
    { field: 'n', type: 'int32', optional: false },
    { field: 'text', type: 'string', optional: true },
  ],
};

const kinds: readonly { readonly kind: string; readonly settings: ConnectorConfig }[] = [
  { kind: 'upserts', settings: { 'insert.mode': 'upsert' } },
  {
    kind: 'inserts exactly once',
    // A record that came twice would violate the primary key, and fail the task.
    settings: { 'insert.mode': 'insert', 'exactly.once.offsets.table': 'sluice_offsets' },
  },
];

describe.each(databases)('on $name', ({ start }) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    await server.stop();
  });

  describe.each(kinds)('the JDBC sink that $kind', ({ settings }) => {
    describeSink(jdbcSink, {
      setup: async (): Promise<SinkFixture> => {
        const url = await server.createDatabase('contract');
        const proxy = await TcpProxy.start(server.port);
        return {
          config: {
            ...connectionOf(url, proxy.port),
            ...settings,
            'pk.mode': 'record_key',
            'pk.fields': 'id',
            'auto.create': 'true',
            'batch.size': '5',
            'retry.backoff.ms': '100',
            'max.retries': '1000',
          },
          arrived: async () => {
            try {
              return (await server.sql('SELECT id FROM contract', databaseOf(url))).split('\n');
            } catch {
              // It is created with the first record.
              return [];
            }
          },
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
      record: (n) => ({
        key: String(n),
        value: JSON.stringify({ schema, payload: { n, text: `record ${String(n)}` } }),
        id: String(n),
      }),
      // None: what put took is written.
      heldRecordsMax: 20,
      workerConfig: { 'value.converter.schemas.enable': 'true' },
      invalid: [
        { config: { 'connection.url': 'jdbc:oracle:thin:@host' }, names: 'connection.url' },
        { config: { 'connection.url': 'jdbc:mysql://a,b/shop' }, names: 'one host' },
        { config: { 'connection.url': 'jdbc:mysql://a/shop?magic=1' }, names: 'magic' },
        { config: { 'db.timezone': 'Europe/Bremen' }, names: 'db.timezone' },
        { config: { 'insert.mode': 'upsert', 'pk.mode': 'none' }, names: 'pk.mode' },
        { config: { 'delete.enabled': 'true', 'pk.mode': 'kafka' }, names: 'delete.enabled' },
        { config: { 'pk.mode': 'kafka', 'pk.fields': 'a,b' }, names: 'pk.fields' },
        { config: { 'timestamp.fields.list': 'a' }, names: 'timestamp.fields.list' },
        { config: { 'topics.to.tables.mapping': 'a:b' }, names: 'topics.to.tables.mapping' },
        { config: { 'connection.ssl.mode': 'x' }, names: 'connection.ssl.mode' },
      ],
    });
  });
});
