/**
 * A real PostgreSQL of its own for a test file: a free port, a temporary folder, passwords asked for.
 *
 * What a crash of the machine would lose it does not sync, since tests only kill processes.
 */
import { join } from 'node:path';
import { newShortId } from '@sluice/kernel';
import type { Certificate } from './certificate.ts';
import { DatabaseProcess, portTakenCode, runTool, writeOwned } from './database-process.ts';
import { type DatabaseClient, DatabaseHandle, DatabaseServer } from './database-server.ts';
import { findPostgresFolder, requirePostgresFolder } from './find-databases.ts';
import { onFreePort } from './free-port.ts';

const administrator = 'sluice';

export interface StartPostgresOptions {
  /** Default `logical`, which change data capture needs. */
  readonly walLevel?: 'minimal' | 'replica' | 'logical';
  /** More settings, as in postgresql.conf: `{ max_replication_slots: '2' }`. */
  readonly config?: Readonly<Record<string, string>>;
  /** Accepts encrypted connections as well, with this certificate. */
  readonly tls?: Certificate;
}

/**
 * @example
 * await using postgres = await startPostgres();
 * const url = await postgres.createDatabase('orders');
 */
export async function startPostgres(options: StartPostgresOptions = {}): Promise<DatabaseHandle> {
  return await onFreePort(portTakenCode, async (port) => await startOn(port, options));
}

async function startOn(port: number, options: StartPostgresOptions): Promise<DatabaseHandle> {
  const folder = requirePostgresFolder();
  const password = newShortId();
  const settings = { ...settingsOf(port, options.walLevel ?? 'logical'), ...options.config };
  const server = await DatabaseProcess.create({
    name: 'postgres',
    port,
    server: join(folder, 'postgres'),
    args: (dir) => [
      '-D',
      join(dir, 'data'),
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ...(options.tls ? encrypted(dir) : []),
    ],
    create: async (dir, run) => {
      const passwordFile = join(dir, 'password');
      writeOwned(passwordFile, password);
      if (options.tls) {
        writeOwned(join(dir, 'certificate.pem'), options.tls.certificate);
        writeOwned(join(dir, 'key.pem'), options.tls.key);
      }
      const authentication = [
        '--auth=scram-sha-256',
        '-U',
        administrator,
        '--pwfile',
        passwordFile,
      ];
      const data = ['-D', join(dir, 'data'), '-E', 'UTF8', '--locale=C', '--no-sync'];
      await run(join(folder, 'initdb'), [...authentication, ...data]);
    },
    ready: /database system is ready to accept connections/,
    busy: /shared memory block|lock file "postmaster\.pid" already exists/,
    // Fast shutdown: it ends its clients' connections.
    stopSignal: 'SIGINT',
  });
  const url = `postgres://${administrator}:${password}@127.0.0.1:${port}/postgres`;
  return new DatabaseHandle(server, url, client);
}

/**
 * The server that `POSTGRES_URL` names, as a superuser and with `wal_level` logical, else one of its own. For tests
 * that neither stop it nor need settings.
 */
export async function usePostgres(): Promise<DatabaseServer> {
  const url = process.env['POSTGRES_URL'];
  return url === undefined || url === '' ? await startPostgres() : new DatabaseServer(url, client);
}

const client: DatabaseClient = {
  sql: async (url, text, database) => {
    const folder = findPostgresFolder();
    return await runTool({
      command: folder === undefined ? 'psql' : join(folder, 'psql'),
      args: ['-X', '-q', '-A', '-t', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-f', '-'],
      input: text,
      env: environmentOf(url, database),
    });
  },
  createDatabase: (name) => `CREATE DATABASE "${name}"`,
};

function settingsOf(port: number, walLevel: string): Record<string, string> {
  return {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    wal_level: walLevel,
    ...(walLevel === 'minimal' ? { max_wal_senders: '0' } : {}),
    fsync: 'off',
    log_destination: 'stderr',
    log_min_messages: 'warning',
  };
}

function encrypted(dir: string): string[] {
  const files = [
    `ssl_cert_file=${join(dir, 'certificate.pem')}`,
    `ssl_key_file=${join(dir, 'key.pem')}`,
  ];
  return ['ssl=on', ...files].flatMap((setting) => ['-c', setting]);
}

/** By the environment: a password on the command line could be read by everybody. */
function environmentOf(url: URL, database?: string): NodeJS.ProcessEnv {
  const { hostname, port, username, password, pathname } = url;
  return {
    PGHOST: hostname,
    PGPORT: port || '5432',
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: database ?? decodeURIComponent(pathname.slice(1)),
    PGOPTIONS: '-c client_min_messages=warning',
    PGCONNECT_TIMEOUT: '10',
  };
}
