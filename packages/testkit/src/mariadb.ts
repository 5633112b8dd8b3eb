/**
 * A real MariaDB of its own for a test file: a free port, a temporary folder, a password asked for, and a binary log
 * of rows with global transaction ids.
 */
import { join } from 'node:path';
import { newShortId } from '@sluice/kernel';
import { DatabaseProcess, portTakenCode, runTool, writeOwned } from './database-process.ts';
import { type DatabaseClient, DatabaseHandle, DatabaseServer } from './database-server.ts';
import { findMariadb, requireMariadb } from './find-databases.ts';
import { onFreePort } from './free-port.ts';

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
export async function startMariadb(options: StartMariadbOptions = {}): Promise<DatabaseHandle> {
  return await onFreePort(portTakenCode, async (port) => await startOn(port, options));
}

async function startOn(port: number, options: StartMariadbOptions): Promise<DatabaseHandle> {
  const { server: command, installDb } = requireMariadb();
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
  const url = `mysql://${administrator}:${password}@127.0.0.1:${port}/mysql`;
  return new DatabaseHandle(server, url, client);
}

/**
 * The server that `MARIADB_URL` or `MYSQL_URL` names, with all privileges and a binary log of rows, else one of its
 * own. For tests that neither stop it nor need settings.
 */
export async function useMariadb(): Promise<DatabaseServer> {
  const url = process.env['MARIADB_URL'] || process.env['MYSQL_URL'];
  return url === undefined || url === '' ? await startMariadb() : new DatabaseServer(url, client);
}

const client: DatabaseClient = {
  sql: async ({ hostname, password, pathname, port, username }, text, database) =>
    await runTool({
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
    }),
  createDatabase: (name) => `CREATE DATABASE \`${name}\` CHARACTER SET utf8mb4`,
};

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
