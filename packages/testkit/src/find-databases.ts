import { accessSync, constants, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SluiceError } from '@sluice/kernel';
import { findOnPath } from './guarded-process.ts';

/** Where Debian and Ubuntu keep each version's programs, most of which are not on the PATH. */
const debianVersions = '/usr/lib/postgresql';

/**
 * The folder with PostgreSQL's `postgres`, `initdb` and `psql`: `SLUICE_POSTGRES_BIN`, else that of the `postgres` on
 * the PATH, else Debian's of the newest version. Undefined if there is none.
 */
export function findPostgresFolder(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const chosen = env['SLUICE_POSTGRES_BIN'];
  if (chosen !== undefined && chosen !== '') return chosen;
  const onPath = findOnPath('postgres', env['PATH'] ?? '');
  const candidates = [
    ...(onPath === undefined ? [] : [dirname(realpathSync(onPath))]),
    ...newestFirst(foldersOf(debianVersions)).map((version) =>
      join(debianVersions, version, 'bin'),
    ),
  ];
  return candidates.find((folder) =>
    ['postgres', 'initdb', 'psql'].every((program) => isExecutable(join(folder, program))),
  );
}

/** MariaDB's programs. */
export interface MariadbPrograms {
  readonly server: string;
  readonly installDb: string;
  readonly client: string;
}

/** On the PATH, or where Debian keeps what only root has on it. */
export function findMariadb(env: NodeJS.ProcessEnv = process.env): MariadbPrograms | undefined {
  const path = `${env['PATH'] ?? ''}:/usr/sbin:/usr/libexec`;
  const [server, installDb, client] = ['mariadbd', 'mariadb-install-db', 'mariadb'].map((name) =>
    findOnPath(name, path),
  );
  return server !== undefined && installDb !== undefined && client !== undefined
    ? { server, installDb, client }
    : undefined;
}

/** As `findPostgresFolder`, with an error that says what to do. */
export function requirePostgresFolder(): string {
  return findPostgresFolder() ?? missing('PostgreSQL', 'postgresql', 'SLUICE_POSTGRES_BIN');
}

/** As `findMariadb`, with an error that says what to do. */
export function requireMariadb(): MariadbPrograms {
  return findMariadb() ?? missing('MariaDB', 'mariadb-server', 'PATH');
}

function missing(name: string, debianPackage: string, variable: string): never {
  throw new SluiceError(
    'database.no_server',
    `no ${name} was found; run the tests by "npm test", which gets one as root, or install it ` +
      `(Debian: apt-get install ${debianPackage}), or let ${variable} name the folder of its programs`,
  );
}

function newestFirst(versions: readonly string[]): string[] {
  return versions.toSorted((one, other) => Number(other) - Number(one));
}

function foldersOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
