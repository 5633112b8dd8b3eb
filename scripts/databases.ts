/**
 * PostgreSQL and MariaDB for tests and examples, on a machine that may have neither: those that are there, or that an
 * environment variable names, else Debian's packages by apt (as root).
 */
import { SluiceError } from '@sluice/kernel';
import { findMariadb, findPostgresFolder } from '@sluice/testkit';
import { candidateVersion, installPackages, updateLists, whyNoApt } from './apt.ts';
import { type Note, note } from './progress.ts';

interface Wanted {
  readonly name: string;
  readonly debianPackage: string;
  readonly isHere: () => boolean;
}

const wanted: readonly Wanted[] = [
  {
    name: 'PostgreSQL',
    debianPackage: 'postgresql',
    isHere: () => findPostgresFolder() !== undefined,
  },
  { name: 'MariaDB', debianPackage: 'mariadb-server', isHere: () => findMariadb() !== undefined },
];

/** Installs what is missing. @throws SluiceError that says what to do where it cannot. */
export async function obtainDatabases(tell: Note = note): Promise<void> {
  const missing = wanted.filter(({ isHere }) => !isHere());
  if (missing.length === 0) return;
  const names = missing.map(({ debianPackage }) => debianPackage);
  const reason = whyNoApt() ?? (await install(names, tell));
  const still = missing.filter(({ isHere }) => !isHere());
  if (still.length === 0) return;
  throw new SluiceError(
    'scripts.no_database',
    `${still.map(({ name }) => name).join(' and ')} cannot be had here: ` +
      `${reason ?? `${names.join(' and ')} installed, but without the programs that were expected`}\n` +
      `Run: sudo apt-get update && sudo apt-get install -y ${names.join(' ')}`,
  );
}

async function install(names: readonly string[], tell: Note): Promise<string | undefined> {
  const known = await Promise.all(names.map((name) => candidateVersion(name)));
  const failure = known.includes(undefined) ? await updateLists(tell) : undefined;
  return failure ?? (await installPackages(names, tell));
}
