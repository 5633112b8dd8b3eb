/** What has to be right at the Redis of the queues before a connector may rely on it; nothing is changed there. */
import { type ConfigProblem, ConnectError, type Password } from '@sluice/connector-api';
import { reasonOf, remedyOf, toConnectError, withConnection } from './redis.ts';

export interface QueuePlace {
  readonly url: Password;
  readonly prefix: string;
  readonly queues: readonly string[];
}

const versionMin = [6, 2] as const;

/** The problems that a definition is refused for, by key. */
export async function serverProblems(place: QueuePlace): Promise<ConfigProblem[]> {
  try {
    const problem = await problemAt(place);
    return problem === undefined ? [] : [{ key: 'redis.url', message: said(problem) }];
  } catch (error) {
    const reason = reasonOf(error);
    return [
      { key: 'redis.url', message: said(`cannot use that Redis: ${reason}. ${remedyOf(reason)}`) },
    ];
  }
}

/** @throws RetriableError while it does not answer; ConnectError where it does not fit. */
export async function assertServer(place: QueuePlace): Promise<void> {
  let problem: string | undefined;
  try {
    problem = await problemAt(place);
  } catch (error) {
    throw toConnectError('cannot use the Redis of the queues', error);
  }
  if (problem !== undefined) throw new ConnectError(problem);
}

function said(problem: string): string {
  return `Invalid value [hidden] for configuration redis.url: ${problem}`;
}

async function problemAt({ prefix, queues, url }: QueuePlace): Promise<string | undefined> {
  return withConnection(url, async (redis) => {
    await redis.ping();
    for (const queue of queues) {
      const type = await redis.type(`${prefix}:${queue}:meta`);
      if (type !== 'none' && type !== 'hash')
        return `${prefix}:${queue}:meta is a ${type}, so ${queue} is no queue of BullMQ: choose another queue or redis.prefix`;
    }
    // BullMQ asks for it, too.
    const info = await redis.info();
    return (
      versionProblem(fieldOf(info, 'redis_version')) ??
      policyProblem(fieldOf(info, 'maxmemory_policy'))
    );
  });
}

function versionProblem(version: string | undefined): string | undefined {
  if (version === undefined) return undefined;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < versionMin[0] || (major === versionMin[0] && minor < versionMin[1]);
  return isOld
    ? `that Redis is ${version}; BullMQ needs ${versionMin.join('.')} or newer`
    : undefined;
}

function policyProblem(policy: string | undefined): string | undefined {
  return policy === undefined || policy === 'noeviction'
    ? undefined
    : `that Redis has maxmemory-policy ${policy}, so it may drop jobs when it is full. Set maxmemory-policy noeviction there`;
}

function fieldOf(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
}
