/**
 * Connections to the server. The driver is imported when the first one is opened, so that a worker without such a task
 * pays nothing for it.
 *
 * Values come as the bytes that the server writes: types are this package's affair.
 */
import { readFile } from 'node:fs/promises';
import type { Connection, ConnectionOptions, FieldPacket, SslOptions } from 'mysql2';
import type { MysqlConfig } from './config.ts';
import { codeOf, connectErrorOf, type Target } from './errors.ts';
import { type PackedRows, type RowLimits, RowReading } from './packed-rows.ts';
import type { Wire } from './wire.ts';

export type RawRow = readonly (Buffer | null)[];

/** Most that an answer may take, ms: what is asked for here is small, or comes in parts. */
const queryLimitMs = 10 * 60_000;

export interface ConnectOptions {
  readonly config: MysqlConfig;
  readonly connectLimitMs?: number;
  readonly queryLimitMs?: number;
  /** The connection is cut when this is aborted. */
  readonly signal: AbortSignal;
}

export function targetOf(config: MysqlConfig): Target {
  return {
    host: config['database.hostname'],
    port: config['database.port'],
    user: config['database.user'],
  };
}

export class Session {
  readonly #connection: Connection;
  readonly #target: Target;
  readonly #queryLimitMs: number;
  readonly #unlink: () => void;
  /** What waits for the server: the driver tells nobody of a connection that is destroyed. */
  readonly #waiting = new Set<(error: Error) => void>();
  #failure: unknown;

  private constructor(connection: Connection, options: ConnectOptions) {
    this.#connection = connection;
    this.#target = targetOf(options.config);
    this.#queryLimitMs = options.queryLimitMs ?? queryLimitMs;
    // Without a listener, a connection that breaks while it is idle would end the process.
    connection.on('error', (error: unknown) => {
      this.#failure ??= error;
    });
    const cut = (): void => this.destroy();
    options.signal.addEventListener('abort', cut, { once: true });
    this.#unlink = () => options.signal.removeEventListener('abort', cut);
  }

  /** @throws RetriableError, or ConnectError that says what to do. */
  static async open(options: ConnectOptions): Promise<Session> {
    const { config, signal } = options;
    try {
      const ssl = await tlsOf(config);
      try {
        return await Session.#connect(options, ssl);
      } catch (error) {
        const isOptional = config['database.ssl.mode'] === 'preferred';
        if (!isOptional || codeOf(error) !== 'HANDSHAKE_NO_SSL_SUPPORT') throw error;
        return await Session.#connect(options, undefined);
      }
    } catch (error) {
      signal.throwIfAborted();
      throw connectErrorOf(error, targetOf(config));
    }
  }

  static async #connect(options: ConnectOptions, ssl: SslOptions | undefined): Promise<Session> {
    const { createConnection } = await import('mysql2');
    const { config, signal } = options;
    signal.throwIfAborted();
    const settings: ConnectionOptions = {
      ...targetOf(config),
      password: config['database.password']?.reveal() ?? '',
      charset: 'utf8mb4_general_ci',
      rowsAsArray: true,
      multipleStatements: false,
      connectTimeout: options.connectLimitMs ?? config['connect.timeout.ms'],
      enableKeepAlive: true,
      keepAliveInitialDelay: 10_000,
      // Never a file of this machine, whatever the server asks for; queries without attributes, as they are written here.
      flags: ['-LOCAL_FILES', '-CLIENT_QUERY_ATTRIBUTES'],
      typeCast: (field) => field.buffer(),
      ...(ssl ? { ssl } : {}),
    };
    const connection = createConnection(settings);
    const session = new Session(connection, options);
    try {
      await session.unlessCut<void>((resolve, reject) =>
        connection.connect((error) => (error ? reject(error) : resolve())),
      );
      return session;
    } catch (error) {
      session.destroy();
      throw error;
    }
  }

  get isBroken(): boolean {
    return this.#failure !== undefined;
  }

  get target(): Target {
    return this.#target;
  }

  /** What the driver has of the connection: for the stream of the log. */
  get wire(): Wire {
    return this.#connection as unknown as Wire;
  }

  /** Rows of bytes. @throws RetriableError, or ConnectError that says what to do. */
  async query(text: string): Promise<RawRow[]> {
    return (await this.#query(text)).rows;
  }

  /** Rows as texts by the names of their columns, in lower case, since versions differ in that. */
  async queryNamed(text: string): Promise<Readonly<Record<string, string | null>>[]> {
    const { fields, rows } = await this.#query(text);
    const names = fields.map(({ name }) => name.toLowerCase());
    return rows.map((row) =>
      Object.fromEntries(names.map((name, index) => [name, row[index]?.toString('utf8') ?? null])),
    );
  }

  /** Rows as they come, no faster than they are asked for. */
  async *rows(text: string, limits: RowLimits): AsyncGenerator<PackedRows> {
    const reading = new RowReading(text, this.wire, limits);
    const cut = (error: Error): void => reading.onResult(error);
    this.#waiting.add(cut);
    try {
      if (this.#failure !== undefined) throw this.#failure;
      yield* reading.rows();
    } catch (error) {
      throw connectErrorOf(error, this.#target);
    } finally {
      this.#waiting.delete(cut);
    }
  }

  async #query(text: string): Promise<{ rows: RawRow[]; fields: FieldPacket[] }> {
    try {
      if (this.#failure !== undefined) throw this.#failure;
      return await this.unlessCut((resolve, reject) =>
        this.#connection.query(
          { sql: text, timeout: this.#queryLimitMs },
          (error: Error | null, rows: unknown, fields: FieldPacket[] | undefined) => {
            if (error) reject(error);
            else
              resolve({
                rows: Array.isArray(rows) ? (rows as RawRow[]) : [],
                fields: fields ?? [],
              });
          },
        ),
      );
    } catch (error) {
      throw connectErrorOf(error, this.#target);
    }
  }

  /** What the work resolves to, unless the connection is cut before. */
  async unlessCut<Result>(
    work: (resolve: (result: Result) => void, reject: (error: Error) => void) => void,
  ): Promise<Result> {
    const { promise, reject, resolve } = Promise.withResolvers<Result>();
    this.#waiting.add(reject);
    try {
      work(resolve, reject);
      return await promise;
    } finally {
      this.#waiting.delete(reject);
    }
  }

  /** The connection is cut; what is asked for fails. */
  destroy(): void {
    const cut = new Error('the connection was cut');
    this.#failure ??= cut;
    this.#unlink();
    this.#connection.destroy();
    // The driver only ends its side: a server in the middle of an answer, or of its log, would go on.
    this.wire.stream.destroy();
    for (const fail of this.#waiting) fail(cut);
  }

  /** In order, if the server answers soon. */
  async close(): Promise<void> {
    this.#unlink();
    const ended = Promise.withResolvers<void>();
    const limit = setTimeout(() => ended.resolve(), 1_000);
    this.#connection.end(() => ended.resolve());
    await ended.promise;
    clearTimeout(limit);
    this.destroy();
  }
}

async function tlsOf(config: MysqlConfig): Promise<SslOptions | undefined> {
  const mode = config['database.ssl.mode'];
  if (mode === 'disabled') return undefined;
  const [ca, cert, key] = await Promise.all(
    (['database.ssl.ca', 'database.ssl.cert', 'database.ssl.key'] as const).map((name) =>
      fileOf(config[name]),
    ),
  );
  return {
    rejectUnauthorized: mode === 'verify_ca' || mode === 'verify_identity',
    verifyIdentity: mode === 'verify_identity',
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
  };
}

async function fileOf(path: string | undefined): Promise<string | undefined> {
  return path === undefined || path === '' ? undefined : await readFile(path, 'utf8');
}

export function identifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
