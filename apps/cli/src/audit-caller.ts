/** Who runs this command, as far as that can be said: nobody checks it. */
import { hostname, userInfo } from 'node:os';
import type { AuditedCaller } from '@sluice/coordination';
import type { Redis } from 'ioredis';

export async function auditCaller(redis: Redis): Promise<AuditedCaller> {
  const user = await redisUser(redis);
  return {
    who: osUser(),
    by: 'unverified',
    role: null,
    from: user === undefined ? hostname() : `${hostname()}, Redis user ${user}`,
  };
}

/** That one Redis has checked. Not by ACL WHOAMI, which a user with few rights may not ask. */
async function redisUser(redis: Redis): Promise<string | undefined> {
  try {
    return / user=(\S+)/.exec(await redis.client('INFO'))?.[1];
  } catch {
    return undefined;
  }
}

function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without a name, as in many containers.
    return `user ${process.getuid?.() ?? '?'}`;
  }
}
