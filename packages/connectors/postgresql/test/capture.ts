/** A capture that is polled without a worker, and what its tests ask of it. */
import type { ConnectorConfig } from '@sluice/connector-api';
import { PolledSource, type PolledSourceOptions } from '@sluice/connector-testkit';
import { type DatabaseServer, waitFor } from '@sluice/testkit';
import { onTestFinished } from 'vitest';
import { postgresConnector } from '../src/index.ts';

export interface Envelope {
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
  readonly source: Record<string, unknown>;
  readonly op: string;
}

/** Keys of a definition for the database behind this URL. */
export function configOf(url: string, more: ConnectorConfig = {}): ConnectorConfig {
  const { hostname, password, pathname, port, username } = new URL(url);
  return {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'database.hostname': hostname,
    'database.port': port,
    'database.user': decodeURIComponent(username),
    'database.password': decodeURIComponent(password),
    'database.dbname': pathname.slice(1),
    'topic.prefix': 'shop',
    'slot.name': `slot_${pathname.slice(1)}`,
    ...more,
  };
}

export interface TestDatabase {
  readonly url: string;
  readonly sql: (text: string) => Promise<string>;
}

/** Makes databases; their slots, of which a server has few, are dropped when the test ends. */
export function databasesOf(server: DatabaseServer): (prefix: string) => Promise<TestDatabase> {
  return async (prefix) => {
    const url = await server.createDatabase(prefix);
    const name = new URL(url).pathname.slice(1);
    onTestFinished(async () => {
      const slots = `FROM pg_replication_slots WHERE database = '${name}'`;
      await waitFor(
        async () => {
          await server.sql(`SELECT pg_terminate_backend(active_pid) ${slots} AND active`);
          await server.sql(`SELECT pg_drop_replication_slot(slot_name) ${slots} AND NOT active`);
          return (await server.sql(`SELECT 1 ${slots}`)) === '';
        },
        { what: `the slots of ${name} to be dropped` },
      );
    });
    return { url, sql: (text) => server.sql(text, name) };
  };
}

export class Capture extends PolledSource {
  static async start(config: ConnectorConfig, options: PolledSourceOptions = {}): Promise<Capture> {
    const capture = new Capture(postgresConnector, config, { connector: 'shop', ...options });
    await capture.start();
    return capture;
  }

  /** Envelopes of a table, `public.item`, in their order. */
  changes(table: string): Envelope[] {
    return this.values(`shop.${table}`) as Envelope[];
  }

  async untilCount(table: string, count: number, limitMs?: number): Promise<Envelope[]> {
    const hasCome = (): boolean => this.changes(table).length >= count;
    await this.until(`${count} changes of ${table}`, hasCome, limitMs);
    return this.changes(table);
  }

  async untilStreaming(): Promise<void> {
    await this.until('the stream', () =>
      this.lines.some(({ message }) => message === 'streaming changes'),
    );
  }
}
