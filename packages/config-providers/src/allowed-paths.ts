/**
 * The roots that a provider may read below. Links are followed before it is looked where a file is, so that none leads
 * out.
 */
import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, sep } from 'node:path';
import { ConfigError } from '@sluice/connector-api';
import { hasCode, toError } from '@sluice/kernel';

/** Environments and memory of processes, our own among them. */
const ofProcesses = /^\/proc\//;

export class AllowedPaths {
  readonly #roots: readonly string[];

  /** @throws ConfigError unless there are some, all absolute. */
  constructor(params: Readonly<Record<string, string>>) {
    const key = 'allowed.paths';
    const roots = (params[key] ?? '').split(',').flatMap((each) => each.trim() || []);
    const message =
      roots.length === 0
        ? `${key} is missing: name the directories or files that it may read, separated by commas; / allows all`
        : `${key} must have absolute paths: ${roots.filter((root) => !isAbsolute(root)).join(', ')}`;
    if (roots.length === 0 || !roots.every((root) => isAbsolute(root)))
      throw new ConfigError([{ key, message }]);
    this.#roots = roots;
  }

  /** Where it really is. @throws Error if it is not there, not of that kind, or not allowed. */
  async locate(path: string, kind: 'file' | 'directory'): Promise<string> {
    if (!isAbsolute(path)) throw new Error(`the path ${path || '(none)'} is not absolute`);
    const real = await realPath(path);
    // What is not allowed is not told to be there or not.
    const isAllowed = real !== undefined && !ofProcesses.test(real) && (await this.#contains(real));
    if (!isAllowed)
      throw new Error(
        `${path} is not there, or is not below allowed.paths (${this.#roots.join(', ')})`,
      );
    const found = await stat(real);
    if (kind === 'file' ? !found.isFile() : !found.isDirectory())
      throw new Error(`${path} is not a ${kind}`);
    return real;
  }

  async #contains(real: string): Promise<boolean> {
    for (const root of this.#roots) {
      const within = await realPath(root);
      if (within === undefined) continue;
      if (real === within || real.startsWith(within.endsWith(sep) ? within : within + sep))
        return true;
    }
    return false;
  }
}

/** A link that leads to itself as well. */
const nowhere = ['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG'];

async function realPath(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (nowhere.some((code) => hasCode(error, code))) return undefined;
    throw new Error(`${path} cannot be read: ${toError(error).message}`, { cause: error });
  }
}
