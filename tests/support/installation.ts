/**
 * The compiled packages as they would be published: exactly the files that `npm pack` would put into each, in a
 * `node_modules` beside links to what they depend on. No sources are in it, so what runs there runs without.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { makeOwnedFolder, repositoryRoot } from '@sluice/testkit';

const commandLimitMs = 120_000;

export interface Installation extends Disposable {
  readonly folder: string;
  /** What each package holds, by its name. */
  readonly files: ReadonlyMap<string, readonly string[]>;
}

/** Builds what has changed since the last build, and installs it. */
export function installCompiled(): Installation {
  npm('run', 'build');
  const packed = packedFiles();
  const files = new Map<string, readonly string[]>();
  const folder = makeOwnedFolder('installation');
  const modules = join(folder, 'node_modules');
  linkDependencies(modules);
  for (const [name, source] of packageFolders()) {
    const wanted = packed.get(name) ?? [];
    for (const file of wanted) {
      const target = join(modules, name, file);
      mkdirSync(dirname(target), { recursive: true });
      cpSync(join(source, file), target);
    }
    files.set(name, wanted);
    const own = join(source, 'node_modules');
    if (existsSync(own)) symlinkSync(own, join(modules, name, 'node_modules'));
  }
  return { folder, files, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

function packedFiles(): Map<string, string[]> {
  const output = npm('pack', '--dry-run', '--json', '--ignore-scripts', '--workspaces');
  const packages = JSON.parse(output) as { name: string; files: { path: string }[] }[];
  return new Map(packages.map(({ name, files }) => [name, files.map(({ path }) => path)]));
}

/** All packages that are published, with their folders. */
function packageFolders(): Map<string, string> {
  const folders = new Map<string, string>();
  const { workspaces } = readPackage(repositoryRoot);
  for (const folder of (workspaces ?? []).flatMap((each) =>
    globSync(each, { cwd: repositoryRoot }),
  )) {
    const path = join(repositoryRoot, folder);
    if (!existsSync(join(path, 'package.json'))) continue;
    const { name, private: isPrivate } = readPackage(path);
    if (!isPrivate) folders.set(name, path);
  }
  return folders;
}

interface PackageFile {
  readonly name: string;
  readonly private?: boolean;
  readonly workspaces?: readonly string[];
}

function readPackage(folder: string): PackageFile {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageFile;
}

/** Everything that is installed, but for our own packages. */
function linkDependencies(modules: string): void {
  const installed = join(repositoryRoot, 'node_modules');
  mkdirSync(modules);
  for (const entry of readdirSync(installed)) {
    if (entry.startsWith('.') || entry === '@sluice') continue;
    symlinkSync(join(installed, entry), join(modules, entry));
  }
}

function npm(...args: string[]): string {
  const { status, signal, stdout, stderr } = spawnSync('npm', args, {
    cwd: repositoryRoot,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    timeout: commandLimitMs,
  });
  if (status !== 0) {
    throw new Error(`npm ${args.join(' ')} ended with ${status ?? signal}:\n${stdout}\n${stderr}`);
  }
  return stdout;
}
