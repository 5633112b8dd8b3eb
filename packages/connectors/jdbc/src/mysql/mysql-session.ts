/** One connection to MySQL or MariaDB, by the driver `mysql2`. All values come as the bytes of their texts. */
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, ConnectionOptions, FieldPacket, QueryOptions } from 'mysql2';
import { type ConnectionTarget, targetText } from '../connection/jdbc-url.ts';
import { tlsOptionsOf } from '../connection/tls-options.ts';
import type {
  Cell,
  ReadColumn,
  ReadOptions,
  RowBatch,
  Session,
  WriteStatement,
} from '../dialect.ts';
import { SqlError } from '../sql-error.ts';
import { toSqlError } from './mysql-errors.ts';
import { describeColumns } from './mysql-read.ts';

/** A statement that takes longer is given up, ms: whoever answers nothing must not hold a task for ever. */
const statementLimitMs = 300_000;

const watchMs = 10_000;
const closeLimitMs = 500;

/**
 * Strict, whatever the server's default is: a value is stored as it is, or refused. Zero in a key column is zero.
 * Backslashes escape: what `escape` makes of a text relies on it.
 */
const setUpSql =
  "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00'";

type Row = readonly Cell[];

export interface ConnectOptions {
  readonly target: ConnectionTarget;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

export class MysqlSession implements Session {
  readonly #connection: Connection;
  readonly #unlink: () => void;
  #isUsable = true;
  /** Ends what waits for an answer: the driver tells nobody of a connection that is destroyed. */
  #onDestroy: (() => void) | undefined;
  /** Those that are being read. */
  #rows: Readable | undefined;

  private constructor(connection: Connection, signal: AbortSignal) {
    this.#connection = connection;
    const onAbort = (): void => this.destroy();
    signal.addEventListener('abort', onAbort, { once: true });
    this.#unlink = () => signal.removeEventListener('abort', onAbort);
    const onLost = (): void => {
      this.#isUsable = false;
      this.#unlink();
      // The driver tells the connection alone, and not the statement whose rows are being read.
      this.#rows?.destroy(lostError());
    };
    connection.on('error', onLost);
    connection.on('end', onLost);
  }

  static async open(options: ConnectOptions): Promise<MysqlSession> {
    options.signal.throwIfAborted();
    const { target } = options;
    const tls = await tlsOptionsOf(target.tls);
    try {
      return await MysqlSession.#try(options, tls);
    } catch (error) {
      const known = toSqlError(error, targetText(target));
      if (target.tls.mode !== 'prefer' || known.code !== 'HANDSHAKE_NO_SSL_SUPPORT') throw known;
    }
    try {
      return await MysqlSession.#try(options, undefined);
    } catch (error) {
      throw toSqlError(error, targetText(target));
    }
  }

  static async #try(
    { limitMs, signal, target }: ConnectOptions,
    tls: ConnectionOptions['ssl'],
  ): Promise<MysqlSession> {
    const { default: mysql } = await import('mysql2');
    const connection = mysql.createConnection({
      host: target.host,
      port: target.port,
      database: target.database,
      ...(target.user === undefined ? {} : { user: target.user }),
      ...(target.password === undefined ? {} : { password: target.password.reveal() }),
      ...(tls === undefined ? {} : { ssl: tls }),
      charset: 'utf8mb4',
      connectTimeout: limitMs,
      enableKeepAlive: true,
      keepAliveInitialDelay: 10_000,
      // The server must not be able to ask for files of this machine.
      flags: ['-LOCAL_FILES'],
    });
    const session = new MysqlSession(connection, signal);
    try {
      await session.#unlessLost<void>((resolve, reject) => {
        connection.connect((error) => {
          if (error) reject(error);
          else resolve();
        });
      });
      await session.execute(setUpSql);
      return session;
    } catch (error) {
      session.destroy();
      throw error;
    }
  }

  get isUsable(): boolean {
    return this.#isUsable;
  }

  async query(sql: string): Promise<(string | null)[][]> {
    const rows = (await this.#run(sql)) as readonly Row[];
    return rows.map((row) => row.map((cell) => (cell === null ? null : cell.toString('utf8'))));
  }

  async execute(sql: string): Promise<number> {
    const result = await this.#run(sql);
    return 'affectedRows' in result ? result.affectedRows : 0;
  }

  async write({ sql }: WriteStatement): Promise<void> {
    await this.#run(sql);
  }

  async *read(
    sql: string,
    _values: readonly unknown[],
    options: ReadOptions,
  ): AsyncIterable<RowBatch> {
    this.#assertUsable();
    let fields: readonly FieldPacket[] = [];
    let columns: ReadColumn[] | undefined;
    let isComplete = false;
    const query = this.#connection.query(optionsOf(sql));
    query.on('fields', (given: readonly FieldPacket[]) => {
      fields = given;
    });
    const rows = query.stream({ highWaterMark: options.batchRows });
    this.#rows = rows;
    // The driver's limit holds for the first answer only.
    let waitingSinceMs = performance.now();
    const watch = setInterval(() => {
      if (performance.now() - waitingSinceMs > statementLimitMs) this.destroy();
    }, watchMs);
    let batch: Row[] = [];
    try {
      for await (const row of rows as AsyncIterable<Row>) {
        columns ??= describeColumns(fields, options);
        batch.push(row);
        if (batch.length < options.batchRows) continue;
        // Whoever reads may take any time.
        waitingSinceMs = Number.POSITIVE_INFINITY;
        yield { columns, rows: batch };
        waitingSinceMs = performance.now();
        batch = [];
      }
      isComplete = true;
    } catch (error) {
      throw toSqlError(error);
    } finally {
      clearInterval(watch);
      this.#rows = undefined;
      // The rest of the rows cannot be refused in another way.
      if (!isComplete) this.destroy();
    }
    if (columns && batch.length > 0) yield { columns, rows: batch };
  }

  async close(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      if (this.#isUsable) this.#connection.end(() => resolve());
      else resolve();
    });
    await Promise.race([ended, sleep(closeLimitMs)]);
    this.destroy();
  }

  destroy(): void {
    this.#isUsable = false;
    this.#unlink();
    this.#connection.destroy();
    // The driver only ends its side: a server in the middle of an answer would go on.
    (this.#connection as unknown as { readonly stream: Socket }).stream.destroy();
    this.#onDestroy?.();
    this.#rows?.destroy(lostError());
  }

  #assertUsable(): void {
    if (!this.#isUsable)
      throw new SqlError('connection', 'closed', 'the connection to the database is closed');
  }

  async #run(sql: string): Promise<readonly Row[] | { readonly affectedRows: number }> {
    this.#assertUsable();
    try {
      return await this.#unlessLost<readonly Row[]>((resolve, reject) => {
        this.#connection.query(optionsOf(sql), (error, result) => {
          if (error) reject(error);
          else resolve(result as unknown as readonly Row[]);
        });
      });
    } catch (error) {
      const known = toSqlError(error);
      if (known.fault === 'connection') this.destroy();
      throw known;
    }
  }

  /** The driver does not answer any more once the connection is destroyed. */
  async #unlessLost<Result>(
    work: (resolve: (result: Result) => void, reject: (error: unknown) => void) => void,
  ): Promise<Result> {
    try {
      return await new Promise<Result>((resolve, reject) => {
        this.#onDestroy = () => reject(lostError());
        work(resolve, reject);
      });
    } finally {
      this.#onDestroy = undefined;
    }
  }
}

function lostError(): SqlError {
  return new SqlError('connection', 'closed', 'the connection to the database was lost');
}

/** Raw bytes, which columns decode by what they are. */
function optionsOf(sql: string): QueryOptions {
  return {
    sql,
    rowsAsArray: true,
    timeout: statementLimitMs,
    typeCast: (field) => field.buffer(),
  };
}
