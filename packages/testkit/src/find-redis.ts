import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SluiceError } from '@sluice/kernel';
import { findOnPath } from './guarded-process.ts';

/** Oldest Redis that has what the scripts in Lua use (`#!lua flags=…`). */
export const redisVersionMin = '7.0.0';

/** Where a Redis that was unpacked for this user stands; `scripts/` puts it there. */
export function redisCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'sluice', 'redis');
}

/**
 * The `redis-server` to start: `SLUICE_REDIS_SERVER`, else the one on the PATH, else the one that was
 * unpacked into the cache folder. Undefined if there is none.
 */
export function findRedisServer(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const chosen = env['SLUICE_REDIS_SERVER'];
  if (chosen !== undefined && chosen !== '') return chosen;
  const onPath = findOnPath('redis-server', env['PATH'] ?? '');
  if (onPath !== undefined) return onPath;
  const unpacked = join(redisCacheFolder(env), 'redis-server');
  try {
    accessSync(unpacked, constants.X_OK);
    return unpacked;
  } catch {
    return undefined;
  }
}

/** As `findRedisServer`, with an error that says what to do. */
export function requireRedisServer(): string {
  const found = findRedisServer();
  if (found !== undefined) return found;
  throw new SluiceError(
    'redis.no_server',
    'no redis-server was found on the PATH; run the tests by "npm test", which gets one, ' +
      'or install it (Debian: apt-get install redis-server, macOS: brew install redis)',
  );
}

const run = promisify(execFile);

/** The version of a `redis-server`, for example `7.0.15`. */
export async function redisServerVersion(binary: string): Promise<string> {
  const { stdout } = await run(binary, ['--version'], { timeout: 20_000 });
  const version = /\bv=(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  if (version === undefined) {
    throw new SluiceError(
      'redis.version_unknown',
      `${binary} --version answered "${stdout.trim()}", which names no version; is it a redis-server?`,
    );
  }
  return version;
}

/** Compares versions such as `7.0.15` by number. */
export function isVersionAtLeast(version: string, least: string): boolean {
  const parts = version.split('.').map(Number);
  for (const [index, wanted] of least.split('.').map(Number).entries()) {
    const part = parts[index] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}
