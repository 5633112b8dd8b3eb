/**
 * A real MariaDB of its own for a test file: a free port, a temporary folder, a password asked for, and a binary log
 * of rows with global transaction ids.
 */
import { join } from 'node:path';
import { newShortId } from '@sluice/kernel';
import {
  DatabaseProcess,
  type DatabaseServer,
  runTool,
  uniqueDatabaseName,
  writeOwned,
} from './database-process.ts';
import { findMariadb, requireMariadb } from './find-databases.ts';
import { freePort } from './free-port.ts';

const administrator = 'sluice';

export interface StartMariadbOptions {
  /** Default true: what change data capture reads. */
  readonly binaryLog?: boolean;
  /** More settings, as on the command line: `['--binlog-row-image=MINIMAL']`. */
  readonly config?: readonly string[];
}

/**
 * @example
 * await using mariadb = await startMariadb();
 * const url = await mariadb.createDatabase('orders');
 */
export async function startMariadb(options: StartMariadbOptions = {}): Promise<MariadbHandle> {
  const { server: command, installDb } = requireMariadb();
  const port = await freePort();
  const password = newShortId();
  const server = await DatabaseProcess.create({
    name: 'mariadb',
    port,
    server: command,
    args: (dir) => [
      '--no-defaults',
      ...settingsOf(dir, port),
      ...((options.binaryLog ?? true) ? binaryLogSettings : ['--skip-log-bin']),
      ...(options.config ?? []),
    ],
    create: async (dir, run) => {
      await run(installDb, [
        '--no-defaults',
        ...foldersOf(dir),
        '--skip-test-db',
        '--skip-name-resolve',
      ]);
      writeOwned(join(dir, 'init.sql'), administratorSql(password));
    },
    ready: /ready for connections/,
    busy: /Unable to lock|Can't lock aria control file|Another process with pid/,
    stopSignal: 'SIGTERM',
  });
  return new MariadbHandle(server, `mysql://${administrator}:${password}@127.0.0.1:${port}/mysql`);
}

/**
 * The server that `MARIADB_URL` or `MYSQL_URL` names, with all privileges and a binary log of rows, else one of its
 * own. For tests that neither stop it nor need settings.
 */
export async function useMariadb(): Promise<DatabaseServer> {
  const url = process.env['MARIADB_URL'] || process.env['MYSQL_URL'];
  return url === undefined || url === '' ? await startMariadb() : new ExistingMariadb(url);
}

class ExistingMariadb implements DatabaseServer {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async sql(text: string, database?: string): Promise<string> {
    const { hostname, port, username, password, pathname } = new URL(this.url);
    const output = await runTool({
      command: findMariadb()?.client ?? 'mysql',
      args: [
        '--no-defaults',
        '--protocol=TCP',
        `--host=${hostname}`,
        `--port=${port || '3306'}`,
        `--user=${decodeURIComponent(username)}`,
        `--database=${database ?? decodeURIComponent(pathname.slice(1))}`,
        '--default-character-set=utf8mb4',
        '--batch',
        '--skip-column-names',
      ],
      input: text,
      // By the environment: a password on the command line could be read by everybody.
      env: { MYSQL_PWD: decodeURIComponent(password) },
    });
    return output.replace(/\n$/, '');
  }

  async createDatabase(prefix: string): Promise<string> {
    const name = uniqueDatabaseName(prefix);
    await this.sql(`CREATE DATABASE \`${name}\` CHARACTER SET utf8mb4`);
    const url = new URL(this.url);
    url.pathname = `/${name}`;
    return url.href;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

export class MariadbHandle extends ExistingMariadb {
  readonly #server: DatabaseProcess;

  constructor(server: DatabaseProcess, url: string) {
    super(url);
    this.#server = server;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Of the process that runs now, or ran last. */
  get pid(): number {
    return this.#server.pid;
  }

  /** What the server has printed, its last 64 KiB. */
  output(): string {
    return this.#server.output();
  }

  /** SIGKILL is a crash, SIGSTOP and SIGCONT freeze and go on. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    await this.#server.kill(signal);
  }

  /** Ends it as a restart would; it keeps its data for `start`. */
  async end(): Promise<void> {
    await this.#server.end();
  }

  /** On the same port and folder, after ending it if it still runs. */
  async start(): Promise<void> {
    await this.#server.start();
  }

  async stop(): Promise<void> {
    await this.#server.remove();
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** A server that starts deletes the temporary tables in its folder for them, whoever made them. */
function foldersOf(dir: string): string[] {
  return [`--datadir=${join(dir, 'data')}`, `--tmpdir=${dir}`];
}

function settingsOf(dir: string, port: number): string[] {
  return [
    ...foldersOf(dir),
    `--socket=${join(dir, 'socket')}`,
    `--pid-file=${join(dir, 'mariadb.pid')}`,
    `--init-file=${join(dir, 'init.sql')}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    '--character-set-server=utf8mb4',
    '--innodb-buffer-pool-size=32M',
    '--innodb-log-file-size=16M',
    // Tests kill processes, not machines.
    '--innodb-flush-log-at-trx-commit=2',
    '--sync-binlog=0',
  ];
}

const binaryLogSettings = [
  '--server-id=1',
  '--log-bin=binlog',
  '--binlog-format=ROW',
  '--binlog-row-image=FULL',
  '--gtid-strict-mode=ON',
];

/** Run at each start, and not logged: replicas, which capture is one of, see nothing of it. */
function administratorSql(password: string): string {
  return [
    'SET SESSION sql_log_bin = 0;',
    `CREATE OR REPLACE USER '${administrator}'@'%' IDENTIFIED BY '${password}';`,
    `GRANT ALL PRIVILEGES ON *.* TO '${administrator}'@'%' WITH GRANT OPTION;`,
    '',
  ].join('\n');
}
