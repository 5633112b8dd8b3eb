/** One connection to PostgreSQL, by the driver `pg`. All values come as the texts that the server writes. */
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, ClientConfig, FieldDef } from 'pg';
import { type ConnectionTarget, targetText } from '../connection/jdbc-url.ts';
import { tlsOptionsOf } from '../connection/tls-options.ts';
import type {
  ReadColumn,
  ReadOptions,
  RowBatch,
  Session,
  SqlValue,
  WriteStatement,
} from '../dialect.ts';
import { SqlError } from '../sql-error.ts';
import { toSqlError } from './postgres-errors.ts';

/** A statement that takes longer is given up, ms: whoever answers nothing must not hold a task for ever. */
const statementLimitMs = 300_000;

/** Of each statement, since a COPY that the driver knows a limit of never forgets it. Its types do not have it. */
const statementLimit: object = { query_timeout: statementLimitMs };
const closeLimitMs = 500;

const asText = { getTypeParser: () => (value: string) => value };

export interface ConnectOptions {
  readonly target: ConnectionTarget;
  readonly zone: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** Columns of a result: what is read of them depends on the table that they are of. */
export type DescribeColumns = (
  session: PostgresSession,
  fields: readonly FieldDef[],
  options: ReadOptions,
) => Promise<ReadColumn[]>;

export class PostgresSession implements Session {
  readonly #client: Client;
  readonly #describe: DescribeColumns;
  readonly #unlink: () => void;
  #isUsable = true;

  private constructor(client: Client, describe: DescribeColumns, signal: AbortSignal) {
    this.#client = client;
    this.#describe = describe;
    const onAbort = (): void => this.destroy();
    signal.addEventListener('abort', onAbort, { once: true });
    this.#unlink = () => signal.removeEventListener('abort', onAbort);
    const onLost = (): void => {
      this.#isUsable = false;
      this.#unlink();
    };
    client.on('error', onLost);
    client.on('end', onLost);
  }

  static async open(options: ConnectOptions, describe: DescribeColumns): Promise<PostgresSession> {
    options.signal.throwIfAborted();
    const { target } = options;
    const tls = await tlsOptionsOf(target.tls);
    try {
      return await PostgresSession.#try(options, describe, tls);
    } catch (error) {
      const isWithoutTls =
        target.tls.mode === 'prefer' &&
        error instanceof Error &&
        error.message.includes('does not support SSL');
      if (!isWithoutTls) throw toSqlError(error, targetText(target));
    }
    try {
      return await PostgresSession.#try(options, describe, undefined);
    } catch (error) {
      throw toSqlError(error, targetText(target));
    }
  }

  static async #try(
    { limitMs, signal, target, zone }: ConnectOptions,
    describe: DescribeColumns,
    tls: ClientConfig['ssl'],
  ): Promise<PostgresSession> {
    const { default: pg } = await import('pg');
    const client = new pg.Client({
      host: target.host,
      port: target.port,
      database: target.database,
      ...(target.user === undefined ? {} : { user: target.user }),
      ...(target.password === undefined ? {} : { password: target.password.reveal() }),
      ssl: tls ?? false,
      connectionTimeoutMillis: limitMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      application_name: 'sluice',
      client_encoding: 'UTF8',
      types: asText,
    });
    const session = new PostgresSession(client, describe, signal);
    try {
      await client.connect();
      // What a session of the server's settings would write in another way.
      await client.query(
        `SET TimeZone = ${client.escapeLiteral(zone)}; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'iso_8601'; SET extra_float_digits = 3; SET bytea_output = 'hex'; SET standard_conforming_strings = on`,
      );
      if (target.schema !== undefined)
        await client.query("SELECT set_config('search_path', $1, false)", [target.schema]);
      return session;
    } catch (error) {
      session.destroy();
      throw error;
    }
  }

  get isUsable(): boolean {
    return this.#isUsable;
  }

  async query(sql: string, values: readonly SqlValue[] = []): Promise<(string | null)[][]> {
    return (await this.#run(sql, values)).rows;
  }

  async execute(sql: string, values: readonly SqlValue[] = []): Promise<number> {
    return (await this.#run(sql, values)).rowCount ?? 0;
  }

  async write({ copied, sql, values }: WriteStatement): Promise<void> {
    if (copied === undefined) await this.#run(sql, values);
    else await this.#copy(sql, copied);
  }

  async *read(
    sql: string,
    values: readonly SqlValue[],
    options: ReadOptions,
  ): AsyncIterable<RowBatch> {
    await this.execute('BEGIN READ ONLY');
    let columns: ReadColumn[] | undefined;
    try {
      await this.execute(`DECLARE sluice_rows NO SCROLL CURSOR FOR ${sql}`, values);
      for (;;) {
        const fetched = await this.#run(`FETCH ${String(options.batchRows)} FROM sluice_rows`, []);
        columns ??= await this.#describe(this, fetched.fields, options);
        if (fetched.rows.length > 0) yield { columns, rows: fetched.rows };
        if (fetched.rows.length < options.batchRows) break;
      }
    } finally {
      if (this.#isUsable) await this.execute('ROLLBACK');
    }
  }

  async close(): Promise<void> {
    if (this.#isUsable) await Promise.race([this.#client.end(), sleep(closeLimitMs)]);
    this.destroy();
  }

  destroy(): void {
    this.#isUsable = false;
    this.#unlink();
    // `end` waits for an answer.
    const { stream } = (this.#client as unknown as { connection: { stream: { destroy(): void } } })
      .connection;
    stream.destroy();
  }

  async #copy(sql: string, text: string): Promise<void> {
    this.#assertUsable();
    const { from } = await import('pg-copy-streams');
    const limit = setTimeout(() => this.destroy(), statementLimitMs);
    try {
      const stream = this.#client.query(from(sql));
      stream.end(text);
      await finished(stream);
    } catch (error) {
      throw this.#known(error);
    } finally {
      clearTimeout(limit);
    }
  }

  async #run(sql: string, values: readonly SqlValue[]) {
    this.#assertUsable();
    try {
      return await this.#client.query<(string | null)[]>({
        text: sql,
        values: [...values],
        rowMode: 'array',
        ...statementLimit,
      });
    } catch (error) {
      throw this.#known(error);
    }
  }

  #assertUsable(): void {
    if (!this.#isUsable)
      throw new SqlError('connection', 'closed', 'the connection to the database is closed');
  }

  #known(error: unknown): SqlError {
    const known = toSqlError(error);
    if (known.fault === 'connection') this.destroy();
    return known;
  }
}
