import { describeSource } from '@sluice/connector-testkit';
import { startPostgres, TcpProxy } from '@sluice/testkit';
import { afterAll } from 'vitest';
import { postgresConnector } from '../src/index.ts';
import { configOf } from './capture.ts';

const postgres = await startPostgres({ config: { max_replication_slots: '80' } });
afterAll(() => postgres.stop());

describeSource(postgresConnector, {
  setup: async () => {
    const url = await postgres.createDatabase('contract');
    const database = new URL(url).pathname.slice(1);
    const sql = (text: string) => postgres.sql(text, database);
    await sql('CREATE TABLE item (id serial PRIMARY KEY, name text)');
    const proxy = await TcpProxy.start(postgres.port);
    return {
      config: configOf(url, {
        'database.port': String(proxy.port),
        'status.update.interval.ms': '200',
      }),
      produce: async (count) => {
        const text = await sql(
          `INSERT INTO item (name) SELECT 'row ' || n FROM generate_series(1, ${String(count)}) n RETURNING id`,
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
    { config: { 'slot.name': 'Not A Slot' }, names: 'slot.name' },
    { config: { 'table.exclude.list': 'public.(' }, names: 'table.exclude.list' },
    { config: { 'message.key.columns': 'nonsense' }, names: 'message.key.columns' },
  ],
});
