/**
 * npm packages with plugins in the directories of a plugin path: those whose package.json says where their plugins are,
 *
 *     "sluice": { "plugins": ["./dist/index.js"] }
 *
 * A directory is one such package, or has them as its children, as `node_modules` does. Nothing of a package is run
 * here; a package that is only half there is told as broken.
 */
import { createHash } from 'node:crypto';
import { type Dirent, promises as fs } from 'node:fs';
import { basename, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hasCode, isObject, toError } from '@sluice/kernel';

import type { PluginModule } from './plugin-module.ts';
import { urlInState } from './plugin-resolution.ts';

export interface PluginPackage {
  /** Where it really is. */
  readonly directory: string;
  /** `@acme/orders 1.2.0` */
  readonly name: string;
  /** Another one when the package has changed. */
  readonly state: string;
  readonly modules: readonly PluginModule[];
}

export interface BrokenPackage {
  readonly directory: string;
  /** Names it, what is wrong, and the remedy. */
  readonly error: string;
}

export interface FoundPackages {
  readonly packages: readonly PluginPackage[];
  readonly broken: readonly BrokenPackage[];
}

const childrenMax = 10_000;
const manifestBytesMax = 1024 * 1024;
const modulesMax = 64;
const remedy = `let its package.json have "sluice": { "plugins": ["./path/to/module.js"] }`;

export async function findPluginPackages(directories: readonly string[]): Promise<FoundPackages> {
  const packages: PluginPackage[] = [];
  const broken: BrokenPackage[] = [];
  const seen = new Set<string>();
  const look = async (directory: string, isNamed: boolean): Promise<void> => {
    const real = await fs.realpath(directory).catch(() => directory);
    if (seen.has(real)) return;
    seen.add(real);
    const found = await packageAt(real, isNamed);
    if (!found) return;
    if ('error' in found) broken.push(found);
    else packages.push(found);
  };
  for (const directory of directories.map((each) => resolve(each))) {
    try {
      if (await exists(join(directory, 'package.json'))) {
        await look(directory, true);
        continue;
      }
      // What is installed has packages of all kinds; what is laid there by hand is meant.
      const isMeant = basename(directory) !== 'node_modules';
      for (const child of await packageFolders(directory)) await look(child, isMeant);
    } catch (error) {
      broken.push({ directory, error: unreadable(directory, error) });
    }
  }
  return { packages, broken };
}

function unreadable(directory: string, error: unknown): string {
  return hasCode(error, 'ENOENT')
    ? `there is no directory ${directory} of the plugin path: make it, or take it out of the plugin path`
    : `directory ${directory} of the plugin path cannot be read: ${toError(error).message}`;
}

/** `<name>` and `@<scope>/<name>` */
async function packageFolders(directory: string): Promise<string[]> {
  const folders: string[] = [];
  for (const name of await childrenOf(directory)) {
    if (!name.startsWith('@')) folders.push(join(directory, name));
    else {
      const scope = join(directory, name);
      for (const each of await childrenOf(scope)) folders.push(join(scope, each));
    }
  }
  return folders.slice(0, childrenMax);
}

async function childrenOf(directory: string): Promise<string[]> {
  const entries: Dirent[] = await fs.readdir(directory, { withFileTypes: true });
  return entries
    .filter(({ name }) => !name.startsWith('.'))
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => name)
    .sort();
}

/** Undefined: it is none, and does not seem to be meant as one. */
async function packageAt(
  directory: string,
  isMeant: boolean,
): Promise<PluginPackage | BrokenPackage | undefined> {
  const broken = (what: string): BrokenPackage => ({
    directory,
    error: `plugin package ${directory} ${what}`,
  });
  const file = join(directory, 'package.json');
  let manifest: Manifest;
  let stamps: string[];
  try {
    const { size } = await fs.stat(file);
    if (size > manifestBytesMax)
      return isMeant ? broken(`has a package.json of ${size} bytes`) : undefined;
    const parsed: unknown = JSON.parse(await fs.readFile(file, 'utf8'));
    const read = manifestOf(parsed);
    if (read === undefined) {
      return isMeant ? broken(`does not say where its plugins are: ${remedy}`) : undefined;
    }
    if ('problem' in read) return broken(read.problem);
    manifest = read;
    stamps = [await stampOf(file)];
  } catch (error) {
    if (!isMeant) return undefined;
    return broken(
      hasCode(error, 'ENOENT')
        ? 'has no package.json: copy the whole package'
        : `has a package.json that cannot be read: ${toError(error).message}`,
    );
  }
  const { entries, name } = manifest;
  for (const entry of entries) {
    const path = resolve(directory, entry);
    if (relative(directory, path).split(sep)[0] === '..')
      return broken(`(${name}) names ${entry}, which is outside of it: ${remedy}`);
    const stamp = await stampOf(path).catch(() => undefined);
    if (stamp === undefined)
      return broken(`(${name}) has no ${entry}, which its package.json names: build the package`);
    stamps.push(stamp);
  }
  const state = createHash('sha256')
    .update(JSON.stringify([directory, name, stamps]))
    .digest('hex')
    .slice(0, 16);
  const root = pathToFileURL(directory + sep).href;
  return {
    directory,
    name,
    state,
    modules: entries.map((entry) => ({
      name: `${entry} of ${name} (${directory})`,
      specifier: urlInState(pathToFileURL(resolve(directory, entry)).href, state),
      root,
    })),
  };
}

interface Manifest {
  /** With its version. */
  readonly name: string;
  readonly entries: readonly string[];
}

/** Undefined: nothing is said of plugins. */
function manifestOf(json: unknown): Manifest | { readonly problem: string } | undefined {
  if (!isObject(json) || json['sluice'] === undefined) return undefined;
  const { name, sluice, version } = json;
  const plugins = isObject(sluice) ? sluice['plugins'] : undefined;
  const isList =
    Array.isArray(plugins) &&
    plugins.length > 0 &&
    plugins.every((each) => typeof each === 'string' && each !== '');
  if (!isList)
    return { problem: `has a "sluice" in its package.json without a list of modules: ${remedy}` };
  if (plugins.length > modulesMax)
    return { problem: `names more than ${modulesMax} modules with plugins` };
  const shown = typeof name === 'string' && name !== '' ? name : 'without a name';
  return {
    name: typeof version === 'string' ? `${shown} ${version}` : shown,
    entries: plugins.map(String),
  };
}

async function stampOf(file: string): Promise<string> {
  const stats = await fs.stat(file);
  if (!stats.isFile()) throw new Error(`${file} is no file`);
  return `${stats.ino}-${stats.size}-${stats.mtimeMs}`;
}

async function exists(file: string): Promise<boolean> {
  return fs.stat(file).then(
    () => true,
    () => false,
  );
}
