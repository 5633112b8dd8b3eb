/**
 * A `redis-server` to start, on a machine that may have none.
 *
 * In this order: the one on the PATH, the one that an earlier run unpacked, Debian's package installed by
 * apt (as root), Debian's package unpacked into the cache folder (without root), Docker. Each way that
 * does not work says why; if none does, the error lists the reasons and ends with one instruction.
 */
import { SluiceError, toError } from '@sluice/kernel';
import {
  findOnPath,
  findRedisServer,
  isVersionAtLeast,
  redisServerVersion,
  redisVersionMin,
} from '@sluice/testkit';
import { type Note, note } from './progress.ts';
import { installByApt, unpackDebianPackage } from './redis-from-debian.ts';
import { wrapDocker } from './redis-from-docker.ts';

/** One way to a redis-server: its path, or why there is none. */
export type RedisSource =
  | { readonly kind: 'found'; readonly binary: string }
  | { readonly kind: 'not-here'; readonly reason: string };

/**
 * The path of a redis-server that is new enough. It is also put into `SLUICE_REDIS_SERVER` of this
 * process, so that every process started from here uses the same one.
 */
export async function obtainRedisServer(tell: Note = note): Promise<string> {
  const reasons: string[] = [];
  for (const source of [findPresent, installByApt, unpackDebianPackage, wrapDocker]) {
    const found = await attempt(async () => await source(tell));
    const checked = found.kind === 'found' ? await checkVersion(found.binary) : found;
    if (checked.kind === 'found') {
      process.env['SLUICE_REDIS_SERVER'] = checked.binary;
      return checked.binary;
    }
    reasons.push(checked.reason);
  }
  throw new SluiceError(
    'scripts.no_redis',
    `Sluice needs Redis ${redisVersionMin} or newer, and there is none here:\n` +
      `${reasons.map((reason) => `  - ${reason}`).join('\n')}\n${instruction()}`,
  );
}

async function findPresent(): Promise<RedisSource> {
  const binary = findRedisServer();
  return binary === undefined
    ? { kind: 'not-here', reason: 'no redis-server on the PATH' }
    : { kind: 'found', binary };
}

async function checkVersion(binary: string): Promise<RedisSource> {
  return await attempt(async () => {
    const version = await redisServerVersion(binary);
    return isVersionAtLeast(version, redisVersionMin)
      ? { kind: 'found', binary }
      : {
          kind: 'not-here',
          reason: `${binary} is Redis ${version}, older than ${redisVersionMin}`,
        };
  });
}

async function attempt(source: () => Promise<RedisSource>): Promise<RedisSource> {
  try {
    return await source();
  } catch (error) {
    return { kind: 'not-here', reason: toError(error).message };
  }
}

/** One exact thing to do, for the machine that this is. */
function instruction(): string {
  const byManager: readonly (readonly [string, string])[] = [
    ['brew', 'brew install redis'],
    ['apt-get', 'sudo apt-get install redis-server'],
    ['dnf', 'sudo dnf install redis'],
    ['apk', 'sudo apk add redis'],
    ['pacman', 'sudo pacman -S redis'],
  ];
  const known = byManager.find(([manager]) => findOnPath(manager) !== undefined);
  const remedy =
    known === undefined
      ? 'install Redis from https://redis.io/docs/latest/operate/oss_and_stack/install'
      : known[1];
  return `Run: ${remedy}\n(or name a server that runs already: REDIS_URL=redis://host:6379 npm run quickstart)`;
}
