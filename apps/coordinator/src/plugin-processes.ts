/** What the processes that run connector code for this coordinator are given. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const builtIn = ['@sluice/connector-file', '@sluice/connector-verifiable'];

/** File URLs: those that come with every worker, and the user's (paths). */
export function pluginModules(userModules: readonly string[]): readonly string[] {
  return [...builtIn.map((each) => import.meta.resolve(each)), ...userModules.map(fileUrlOf)];
}

function fileUrlOf(path: string): string {
  return path.startsWith('file:') ? path : pathToFileURL(resolve(path)).href;
}

/** Our own passwords are not to be found where the code of a connector looks by habit. */
export function pluginEnvironment(): Record<string, string | undefined> {
  const isOwn = (name: string): boolean => name === 'REDIS_URL' || /^(SLUICE|KAFKA)_/.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOwn(name)));
}
