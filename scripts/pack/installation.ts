/**
 * The apps as a stranger installs them: from archives, into an empty folder outside of the repository, with
 * production dependencies from the registry.
 */
import {
  chmodSync,
  constants,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from '@sluice/kernel';
import { findOnPath, repositoryRoot, spawnNode } from '@sluice/testkit';
import type { AppKind, Deployment } from '../rehearsal/deployment.ts';
import { type Archive, npm } from './archives.ts';
import {
  driftedPackages,
  type LockPlaces,
  productionNames,
  unexpectedPackages,
} from './inspect.ts';
import type { Workspace } from './workspaces.ts';

const installLimitMs = 10 * 60_000;
/** `nobody`, which owns nothing. */
const unprivileged = 65_534;

export interface Installed {
  readonly folder: string;
  readonly packages: number;
  readonly bytes: number;
  /** The largest packages, largest first. */
  readonly largest: readonly { readonly name: string; readonly bytes: number }[];
  /** Those with another version than the lock file's. */
  readonly drifted: readonly string[];
}

/** @throws SluiceError `pack.unexpected` that lists what should not be there. */
export async function install(
  archives: readonly Archive[],
  needed: readonly Workspace[],
  folder: string,
): Promise<Installed> {
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const args = ['install', '--omit=dev', '--no-audit', '--no-fund'];
  await npm([...args, ...archives.map(({ path }) => path)], folder, installLimitMs);
  const modules = join(folder, 'node_modules');
  const installed = lockPlaces(join(modules, '.package-lock.json'));
  const locked = lockPlaces(join(repositoryRoot, 'package-lock.json'));
  const roots = needed.flatMap(({ dependencies }) => dependencies);
  const inProduction = productionNames(roots, locked);
  const packed = new Set(archives.map(({ name }) => name));
  const problems = [
    ...unexpectedPackages(installed, inProduction, packed),
    ...missingFiles(archives, modules),
  ];
  if (problems.length > 0) throw new SluiceError('pack.unexpected', problems.join('; '));
  const sizes = packageFolders(modules).map((path) => ({
    name: path.slice(modules.length + 1),
    bytes: bytesIn(path),
  }));
  return {
    folder,
    packages: Object.keys(installed).length,
    bytes: bytesIn(modules),
    largest: sizes.toSorted((a, b) => b.bytes - a.bytes).slice(0, 5),
    drifted: driftedPackages(installed, locked),
  };
}

/** Starts what is installed with plain node: nothing of this process's environment, and not as root. */
export function deploymentOf(folder: string, scratch: string): Deployment {
  const data = join(scratch, 'data');
  mkdirSync(data);
  // Of its own, so that nothing is reached through the repository, where a stranger may not even read.
  const node = join(scratch, 'node');
  copyFileSync(process.execPath, node, constants.COPYFILE_FICLONE);
  chmodSync(scratch, 0o755);
  chmodSync(data, 0o777);
  const run = (script: string, env: Readonly<Record<string, string>>): [string, ...string[]] => {
    const variables = Object.entries({
      PATH: '/usr/bin:/bin',
      HOME: '/nonexistent',
      NODE_ENV: 'production',
      ...env,
    }).map(([name, value]) => `${name}=${value}`);
    const [first, ...rest] = [...asNobody(), 'env', '-i', ...variables, node, script];
    return [first ?? 'env', ...rest];
  };
  const entryOf = (app: AppKind | 'cli'): string => join(folder, 'node_modules', entries[app]);
  return {
    data: { here: data, there: data },
    start: (app, name, env) =>
      spawnNode(entryOf(app), { name, command: run(entryOf(app), env), cwd: scratch }),
    sluice: (args, env) =>
      spawnNode(entryOf('cli'), {
        name: `sluice ${args.join(' ')}`,
        command: run(entryOf('cli'), env),
        args,
        cwd: scratch,
      }),
    checkHealth: (app, _name, env) => {
      const [variable, port] =
        app === 'coordinator' ? ['SLUICE_PORT', '8083'] : ['SLUICE_WORKER_PORT', '8084'];
      const script = join(repositoryRoot, 'deploy', 'healthcheck.mjs');
      return spawnNode(script, {
        name: `health check of the ${app}`,
        command: [process.execPath, script],
        args: [variable, port],
        env,
      });
    },
  };
}

const entries: Readonly<Record<AppKind | 'cli', string>> = {
  coordinator: '@sluice/coordinator/dist/main.js',
  worker: '@sluice/worker/dist/main.js',
  cli: '@sluice/cli/bin/sluice.js',
};

/** Root gives up what it may do; whoever else this is stays who it is. */
function asNobody(): string[] {
  if (process.getuid?.() !== 0 || findOnPath('setpriv') === undefined) return [];
  const id = String(unprivileged);
  // A second one: with its user a process loses that it dies with this one.
  const diesWithThis = ['setpriv', '--pdeathsig', 'KILL'];
  return ['setpriv', '--reuid', id, '--regid', id, '--clear-groups', ...diesWithThis];
}

function lockPlaces(file: string): LockPlaces {
  return (JSON.parse(readFileSync(file, 'utf8')) as { packages: LockPlaces }).packages;
}

/** What was packed must have arrived, as it is. */
function missingFiles(archives: readonly Archive[], modules: string): string[] {
  return archives.flatMap(({ name, files }) =>
    files
      .filter((file) => !lstatSync(join(modules, name, file), { throwIfNoEntry: false })?.isFile())
      .map((file) => `${name}/${file} is missing`),
  );
}

function packageFolders(modules: string): string[] {
  return readdirSync(modules).flatMap((entry) => {
    if (entry.startsWith('.')) return [];
    const path = join(modules, entry);
    return entry.startsWith('@') ? readdirSync(path).map((inner) => join(path, inner)) : [path];
  });
}

export function bytesIn(path: string): number {
  const stat = lstatSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, entry) => sum + bytesIn(join(path, entry)), 0);
}
