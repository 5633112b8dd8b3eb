/** A database of its own with the table in it, and what a definition says to capture it. */
import type { ConnectorConfig } from '@sluice/connector-api';
import { startMariadb, startPostgres, waitFor } from '@sluice/testkit';
import {
  changeTexts,
  createTable,
  type DatabaseKind,
  insertRows,
  numbersOf,
  pacedInserts,
  tableName,
} from './table.ts';

/** What tells the captures of one database from each other. */
export interface CaptureName {
  /** `topic.prefix`; of letters, digits and underscores. */
  readonly prefix: string;
  /** `database.server.id` of MariaDB. */
  readonly number: number;
}

/** A server notices a little later that a capture has gone. */
const releaseTimeoutMs = 30_000;

export class BenchDatabase {
  readonly kind: DatabaseKind;
  readonly #url: URL;
  readonly #server: Server;
  readonly #rows: number;
  #next: number;

  private constructor(kind: DatabaseKind, server: Server, url: string, rows: number) {
    this.kind = kind;
    this.#server = server;
    this.#url = new URL(url);
    this.#rows = rows;
    this.#next = rows + 1;
  }

  /** With so many rows in the table. */
  static async start(kind: DatabaseKind, rows: number): Promise<BenchDatabase> {
    const server =
      kind === 'postgres'
        ? await startPostgres({ config: { shared_buffers: '256MB', max_wal_size: '4GB' } })
        : await startMariadb({ config: ['--innodb-buffer-pool-size=256M'] });
    const database = new BenchDatabase(kind, server, await server.createDatabase('shop'), rows);
    await database.#sql(`${createTable(kind)}\n${insertRows(kind, 1, rows)}`);
    return database;
  }

  topicOf({ prefix }: CaptureName): string {
    return `${prefix}.${this.kind === 'postgres' ? 'public' : this.#name}.${tableName}`;
  }

  /** Debezium's keys, which both take. `kafka`: where Debezium keeps the history of MariaDB's tables. */
  configOf({ number, prefix }: CaptureName, kafka: string): ConnectorConfig {
    const { hostname, password, port, username } = this.#url;
    const shared = {
      'database.hostname': hostname,
      'database.port': port,
      'database.user': decodeURIComponent(username),
      'database.password': decodeURIComponent(password),
      'topic.prefix': prefix,
    };
    if (this.kind === 'postgres')
      return {
        'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
        ...shared,
        'database.dbname': this.#name,
        'plugin.name': 'pgoutput',
        'slot.name': prefix,
        'publication.name': prefix,
        'publication.autocreate.mode': 'filtered',
        'table.include.list': `public.${tableName}`,
      };
    return {
      'connector.class': 'io.debezium.connector.mariadb.MariaDbConnector',
      ...shared,
      'database.server.id': String(number),
      'database.include.list': this.#name,
      'table.include.list': `${this.#name}.${tableName}`,
      'schema.history.internal.kafka.bootstrap.servers': kafka,
      'schema.history.internal.kafka.topic': `${prefix}-history`,
    };
  }

  /** Commits so many transactions. */
  async change(transactions: number): Promise<void> {
    const options = { transactions, next: this.#next, rows: this.#rows };
    this.#next += numbersOf(transactions);
    for (const text of changeTexts(this.kind, options)) await this.#sql(text);
  }

  /** Of the row that is inserted next. */
  get nextNumber(): number {
    return this.#next;
  }

  /** Commits so many inserts at this rate, a second; resolves after the last one. */
  async insertPaced(count: number, rate: number): Promise<void> {
    const next = this.#next;
    this.#next += count;
    await this.#sql(pacedInserts(this.kind, { count, rate, next }));
  }

  /** As many rows as at first, for the next snapshot. */
  async removePaced(): Promise<void> {
    await this.#sql(`DELETE FROM ${tableName} WHERE id > ${String(this.#rows)};`);
  }

  /** What a capture that is gone has left in the server. */
  async release({ prefix }: CaptureName): Promise<void> {
    if (this.kind !== 'postgres') return;
    const slot = `FROM pg_replication_slots WHERE slot_name = '${prefix}'`;
    await waitFor(async () => (await this.#sql(`SELECT active ${slot}`)) !== 't', {
      what: `the slot ${prefix} to be left`,
      timeoutMs: releaseTimeoutMs,
    });
    await this.#sql(
      `SELECT pg_drop_replication_slot(slot_name) ${slot}; DROP PUBLICATION IF EXISTS ${prefix};`,
    );
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }

  get #name(): string {
    return this.#url.pathname.slice(1);
  }

  async #sql(text: string): Promise<string> {
    return await this.#server.sql(text, this.#name);
  }
}

interface Server {
  sql(text: string, database?: string): Promise<string>;
  stop(): Promise<void>;
}
