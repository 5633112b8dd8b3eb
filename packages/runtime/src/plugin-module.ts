/** A module that has plugins: what is imported, and how people know it. */
import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface PluginModule {
  /** For messages: a path, or package and version. */
  readonly name: string;
  /** A file URL, a path, or the name of an installed package. */
  readonly specifier: string;
  /** Of the package that it is in, a file URL that ends with a slash: its modules are loaded apart from another state of it. */
  readonly root?: string;
}

export function moduleOf(module: string | PluginModule): PluginModule {
  return typeof module === 'string' ? { name: module, specifier: module } : module;
}

/** Where it is, unless it is the name of a package. */
export function fileUrlOf(specifier: string, baseDirectory: string): string | undefined {
  if (specifier.startsWith('file:')) return specifier;
  if (isAbsolute(specifier)) return pathToFileURL(specifier).href;
  if (/^\.{1,2}([/\\]|$)/.test(specifier))
    return pathToFileURL(join(baseDirectory, specifier)).href;
  return undefined;
}

/** Of a setting: a path relative to the working directory, a file URL, or the name of an installed package. */
export function specifierOf(module: string): string {
  if (module.startsWith('file:')) return module;
  const isPath = /^[./\\]|\.[cm]?[jt]s$/.test(module) || existsSync(resolve(module));
  return isPath ? pathToFileURL(resolve(module)).href : module;
}
