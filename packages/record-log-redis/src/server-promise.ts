/** What a Redis server's own settings mean for what it has acknowledged. */
import type { LogCapabilities } from '@sluice/record-log';
import type { Redis } from 'ioredis';

export type ServerPromise = Pick<LogCapabilities, 'durability' | 'meaning'>;

/** As `CONFIG GET` names them. */
export type ServerSettings = ReadonlyMap<string, string>;

/**
 * `failsOver`: another server may take its place. Never rejects because of what the user may not read; that only
 * promises less.
 */
export async function readServerPromise(redis: Redis, failsOver: boolean): Promise<ServerPromise> {
  try {
    const replies = await Promise.all([
      redis.config('GET', 'append*'),
      redis.config('GET', 'maxmemory*'),
    ]);
    const promise = promiseOf(settingsIn(replies.flat().map(String)));
    return failsOver ? withFailover(promise) : promise;
  } catch {
    return promiseOf(undefined);
  }
}

/** Replicas follow behind what the master has acknowledged. */
export function withFailover({ durability, meaning }: ServerPromise): ServerPromise {
  return {
    durability: durability === 'durable' ? 'eventual' : durability,
    meaning: `${meaning} When a replica takes its place, what it acknowledged last may be lost.`,
  };
}

/** Undefined: the server does not tell its settings. */
export function promiseOf(settings: ServerSettings | undefined): ServerPromise {
  if (!settings) {
    return {
      durability: 'volatile',
      meaning:
        'Redis does not tell its settings, so nothing is assumed to survive a crash: allow CONFIG GET to the user that Sluice connects as.',
    };
  }
  const persistence = persistenceOf(settings);
  const memory = memoryOf(settings);
  return {
    durability: memory.mayEvictRecords ? 'volatile' : persistence.durability,
    meaning: `${persistence.meaning} ${memory.meaning}`,
  };
}

function persistenceOf(settings: ServerSettings): ServerPromise {
  if (settings.get('appendonly') !== 'yes') {
    return {
      durability: 'volatile',
      meaning:
        'Redis keeps no append-only file (appendonly no): when it ends, what it acknowledged since its last snapshot is lost. Set appendonly yes, and appendfsync always to lose nothing.',
    };
  }
  switch (settings.get('appendfsync')) {
    case 'always':
      return {
        durability: 'durable',
        meaning:
          'Redis syncs each write to the disk before it acknowledges it (appendonly yes, appendfsync always): nothing that it acknowledged is lost when it or its machine crashes.',
      };
    case 'everysec':
      return {
        durability: 'eventual',
        meaning:
          'Redis syncs to the disk each second (appendonly yes, appendfsync everysec): a crash may lose the last second of what it acknowledged. Set appendfsync always to lose nothing.',
      };
    default:
      return {
        durability: 'volatile',
        meaning:
          'Redis leaves it to the operating system when to write to the disk (appendfsync no): a crash of the machine may lose half a minute of what it acknowledged. Set appendfsync always to lose nothing.',
      };
  }
}

function memoryOf(settings: ServerSettings): { meaning: string; mayEvictRecords: boolean } {
  const policy = settings.get('maxmemory-policy') ?? 'noeviction';
  const isLimited = (settings.get('maxmemory') ?? '0') !== '0';
  if (policy === 'noeviction') {
    return {
      mayEvictRecords: false,
      meaning: isLimited
        ? 'At its maxmemory it refuses records and throws nothing away (maxmemory-policy noeviction): sources wait.'
        : 'It has no maxmemory: the quotas of topics are all that keeps the log from filling the memory of its machine.',
    };
  }
  if (!isLimited) {
    return {
      mayEvictRecords: false,
      meaning: `It throws nothing away only because it has no maxmemory: set maxmemory-policy noeviction (it is ${policy}).`,
    };
  }
  return policy.startsWith('allkeys-')
    ? {
        mayEvictRecords: true,
        meaning: `At its maxmemory it throws away records that nobody has read (maxmemory-policy ${policy}). Set maxmemory-policy noeviction.`,
      }
    : {
        mayEvictRecords: false,
        meaning: `At its maxmemory it throws away what has a time to live, such as results of requests (maxmemory-policy ${policy}). Set maxmemory-policy noeviction.`,
      };
}

/** From the flat list of names and values that CONFIG GET gives. */
function settingsIn(flat: readonly string[]): ServerSettings {
  const settings = new Map<string, string>();
  for (let at = 0; at + 1 < flat.length; at += 2) settings.set(flat[at] ?? '', flat[at + 1] ?? '');
  return settings;
}
