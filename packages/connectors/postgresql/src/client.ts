/**
 * Connections to PostgreSQL. The driver is imported when the first one is opened, so that a worker without such a
 * task pays nothing for it.
 *
 * Values come as the texts that the server writes: types are this package's affair.
 */
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { Client } from 'pg';
import { applicationName, type PostgresConfig } from './config.ts';
import { connectErrorOf, type Target } from './errors.ts';
import { RowReading, type SomeRows } from './row-reading.ts';
import { sessionSettings } from './text-values.ts';

export type TextRow = readonly (string | null)[];

/** Most that an answer may take, ms: what is asked for here is small, or comes in parts. */
const queryLimitMs = 10 * 60_000;
const connectLimitMs = 10_000;

export interface ConnectOptions {
  readonly config: PostgresConfig;
  /** A connection that speaks the replication protocol, and SQL by simple queries. */
  readonly replication?: boolean;
  readonly connectLimitMs?: number;
  /** 0: none, for the stream, which is one answer that never ends. */
  readonly queryLimitMs?: number;
  /** The connection is cut when this is aborted. */
  readonly signal: AbortSignal;
}

function targetOf(config: PostgresConfig): Target {
  return {
    host: config['database.hostname'],
    port: config['database.port'],
    database: config['database.dbname'],
    user: config['database.user'],
  };
}

export class Session {
  readonly #client: Client;
  readonly #target: Target;
  readonly #unlink: () => void;
  #failure: unknown;

  private constructor(client: Client, target: Target, signal: AbortSignal) {
    this.#client = client;
    this.#target = target;
    // Without a listener, a connection that breaks while it is idle would end the process.
    client.on('error', (error) => {
      this.#failure ??= error;
    });
    const cut = (): void => this.destroy();
    signal.addEventListener('abort', cut, { once: true });
    this.#unlink = () => signal.removeEventListener('abort', cut);
  }

  /** @throws RetriableError, or ConnectError that says what to do. */
  static async open(options: ConnectOptions): Promise<Session> {
    const { config, signal } = options;
    const target = targetOf(config);
    try {
      const mode = config['database.sslmode'];
      if (mode !== 'prefer') return await openOnce(options, await tlsOf(config), target);
      try {
        return await openOnce(options, await tlsOf(config), target);
      } catch (error) {
        if (!(error instanceof Error) || !/does not support SSL/.test(error.message)) throw error;
        return await openOnce(options, false, target);
      }
    } catch (error) {
      signal.throwIfAborted();
      throw connectErrorOf(error, target);
    }
  }

  /** Used by `open`. */
  static of(client: Client, target: Target, signal: AbortSignal): Session {
    return new Session(client, target, signal);
  }

  get isBroken(): boolean {
    return this.#failure !== undefined;
  }

  /** What the driver has of the connection: for the replication stream. */
  get wire(): Wire {
    return (this.#client as unknown as { connection: Wire }).connection;
  }

  /** Rows of texts. @throws RetriableError, or ConnectError that says what to do. */
  async query(text: string, values?: readonly (string | number)[]): Promise<TextRow[]> {
    try {
      if (this.#failure !== undefined) throw this.#failure;
      const result = await this.#client.query<(string | null)[]>({
        text,
        rowMode: 'array',
        ...(values ? { values: [...values] } : {}),
      });
      // Several statements in one text have several results.
      return Array.isArray(result) ? [] : result.rows;
    } catch (error) {
      throw connectErrorOf(error, this.#target);
    }
  }

  /** Rows as they come, no faster than they are asked for, in parts of about so many bytes. */
  async *rows(text: string, bytesMax: number): AsyncGenerator<SomeRows> {
    const reading = new RowReading(text, this.wire, bytesMax);
    try {
      if (this.#failure !== undefined) throw this.#failure;
      this.#client.query(reading);
      yield* reading.taken(queryLimitMs, () => this.destroy());
    } catch (error) {
      throw connectErrorOf(error, this.#target);
    }
  }

  /** The connection is cut; what is asked for fails. */
  destroy(): void {
    this.#failure ??= new Error('Connection terminated');
    this.#unlink();
    this.wire.stream.destroy();
  }

  /** In order, if the server answers soon. */
  async close(): Promise<void> {
    this.#unlink();
    const limit = setTimeout(() => this.wire.stream.destroy(), 1_000);
    await this.#client.end().catch(() => {});
    clearTimeout(limit);
  }
}

/** A part of the driver that it does not document: messages of the protocol as they come. */
export interface Wire {
  readonly stream: Socket;
  on(event: 'copyData', listener: (message: { readonly chunk: Buffer }) => void): void;
  once(event: 'replicationStart', listener: () => void): void;
  sendCopyFromChunk(chunk: Buffer): void;
}

async function openOnce(
  options: ConnectOptions,
  ssl: false | ConnectionOptions,
  target: Target,
): Promise<Session> {
  const { default: pg } = await import('pg');
  const { config, signal } = options;
  const settings = Object.entries(sessionSettings).map(([name, value]) => `-c ${name}=${value}`);
  const client = new pg.Client({
    ...target,
    password: config['database.password']?.reveal() ?? '',
    ssl,
    application_name: applicationName(config),
    options: settings.join(' '),
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: options.connectLimitMs ?? connectLimitMs,
    ...(options.queryLimitMs === 0 ? {} : { query_timeout: options.queryLimitMs ?? queryLimitMs }),
    types: { getTypeParser: () => (raw: string) => raw },
    ...(options.replication ? { replication: 'database' } : {}),
  });
  const session = Session.of(client, target, signal);
  signal.throwIfAborted();
  try {
    await client.connect();
    return session;
  } catch (error) {
    session.destroy();
    throw error;
  }
}

async function tlsOf(config: PostgresConfig): Promise<false | ConnectionOptions> {
  const mode = config['database.sslmode'];
  if (mode === 'disable') return false;
  const [ca, cert, key] = await Promise.all(
    ['database.sslrootcert', 'database.sslcert', 'database.sslkey'].map((name) =>
      fileOf(config[name as 'database.sslcert']),
    ),
  );
  const isChecked = mode === 'verify-ca' || mode === 'verify-full';
  return {
    rejectUnauthorized: isChecked,
    ...(mode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
  };
}

async function fileOf(path: string | undefined): Promise<string | undefined> {
  return path === undefined || path === '' ? undefined : await readFile(path, 'utf8');
}
