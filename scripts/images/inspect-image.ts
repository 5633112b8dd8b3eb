/** What an image says of itself, and what is in it. */
import { existsSync, globSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from '@sluice/kernel';
import { repositoryRoot } from '@sluice/testkit';
import {
  driftedPackages,
  type LockPlaces,
  productionNames,
  strangeFiles,
  unexpectedPackages,
} from '../pack/inspect.ts';
import { bytesIn } from '../pack/installation.ts';
import { productionClosure, readWorkspaces } from '../pack/workspaces.ts';
import type { Podman } from './podman.ts';

export interface ImageFacts {
  /** All layers. */
  readonly bytes: number;
  /** Of /app: what it adds to the base. */
  readonly appBytes: number;
  readonly packages: number;
  /** The command of its health check; empty if it has none. */
  readonly healthcheck: readonly string[];
}

interface Inspected {
  readonly Size: number;
  readonly User: string;
  readonly Config: {
    readonly Env: readonly string[];
    readonly Entrypoint: readonly string[];
    readonly StopSignal: string;
  };
  readonly Healthcheck?: { readonly Test: readonly string[] };
}

/** @throws SluiceError `images.strange` that lists what is not as it should be. */
export async function inspectImage(
  podman: Podman,
  app: string,
  image: string,
): Promise<ImageFacts> {
  const [found] = JSON.parse(await podman.run(['image', 'inspect', image])) as Inspected[];
  if (found === undefined) throw new SluiceError('images.strange', `there is no image ${image}`);
  const root = (await podman.run(['image', 'mount', image])).trim();
  try {
    const folder = join(root, 'app');
    const installed = installedPlaces(join(folder, 'node_modules'));
    const problems = [...configProblems(found, app), ...contentProblems(folder, app, installed)];
    if (problems.length > 0) throw new SluiceError('images.strange', problems.join('; '));
    return {
      bytes: found.Size,
      appBytes: bytesIn(folder),
      packages: Object.keys(installed).length,
      healthcheck: found.Healthcheck?.Test.slice(1) ?? [],
    };
  } finally {
    await podman.run(['image', 'unmount', image]);
  }
}

function configProblems(
  { User: user, Config: config, Healthcheck: check }: Inspected,
  app: string,
) {
  const problems: string[] = [];
  const expectEqual = (what: string, found: unknown, wanted: unknown): void => {
    if (found !== wanted) problems.push(`${what} is ${String(found)}, not ${String(wanted)}`);
  };
  expectEqual('the user', user, '1000:1000');
  expectEqual('process 1', config.Entrypoint[0], 'node');
  expectEqual('the signal that stops it', config.StopSignal, 'SIGTERM');
  expectEqual('NODE_ENV', config.Env.includes('NODE_ENV=production'), true);
  expectEqual('that it has a health check', check !== undefined, app !== 'cli');
  return problems;
}

function contentProblems(folder: string, app: string, installed: LockPlaces): string[] {
  const lockFile = readFileSync(join(repositoryRoot, 'package-lock.json'), 'utf8');
  const locked = (JSON.parse(lockFile) as { packages: LockPlaces }).packages;
  const ours = productionClosure([`@sluice/${app}`], readWorkspaces());
  const roots = ours.flatMap(({ dependencies }) => dependencies);
  const modules = join(folder, 'node_modules');
  const strange = ours.flatMap(({ name }) => {
    const files = globSync('**/*.*', { cwd: join(modules, name), exclude: ['**/node_modules'] });
    const found = existsSync(join(modules, name)) ? strangeFiles(files) : ['is missing'];
    return found.map((file) => `${name}/${file}`);
  });
  const names = new Set(ours.map(({ name }) => name));
  return [
    ...unexpectedPackages(installed, productionNames(roots, locked), names),
    ...driftedPackages(installed, locked),
    ...strange,
    ...writableFiles(folder).map((file) => `${file} can be written by others than root`),
  ];
}

/** What is really there, in the form of a lock file. */
function installedPlaces(modules: string): LockPlaces {
  const places: Record<string, { version?: string; link?: boolean }> = {};
  const visit = (folder: string, place: string): void => {
    if (!existsSync(folder)) return;
    for (const entry of readdirSync(folder)) {
      if (entry.startsWith('.')) continue;
      if (entry.startsWith('@')) {
        for (const inner of readdirSync(join(folder, entry))) {
          add(join(folder, entry, inner), `${place}/${entry}/${inner}`);
        }
      } else add(join(folder, entry), `${place}/${entry}`);
    }
  };
  const add = (path: string, place: string): void => {
    if (lstatSync(path).isSymbolicLink()) {
      places[place] = { link: true };
      return;
    }
    const { version } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as {
      version: string;
    };
    places[place] = { version };
    visit(join(path, 'node_modules'), `${place}/node_modules`);
  };
  visit(modules, 'node_modules');
  return places;
}

function writableFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    const { uid, mode } = lstatSync(path);
    const isFine = uid === 0 && (entry.isSymbolicLink() || (mode & 0o002) === 0);
    return isFine ? [] : [path.slice(folder.length - '/app'.length)];
  });
}
