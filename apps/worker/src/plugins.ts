/** Which connector modules a worker loads: those that come with it, and the user's. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const builtIn = ['@sluice/connector-file', '@sluice/connector-verifiable'];

/** File URLs: a path is relative to where the worker was started. */
export function pluginSpecifiers(userModules: readonly string[]): string[] {
  return [
    ...builtIn.map((name) => import.meta.resolve(name)),
    ...userModules.map((path) =>
      path.startsWith('file:') ? path : pathToFileURL(resolve(path)).href,
    ),
  ];
}
