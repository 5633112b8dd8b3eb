/** A real Redis with two replicas, watched by three real sentinels that agree on a new master within a second or two. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Redis } from 'ioredis';

import { freePort } from './free-port.ts';
import { makeOwnedFolder } from './guarded-process.ts';
import { type RedisHandle, startRedis } from './redis.ts';
import { waitFor } from './wait-for.ts';

const masterName = 'main';
const downAfterMs = 800;
const failoverMsMax = 30_000;

export interface SentinelHandle extends AsyncDisposable {
  /** As the settings take it: `redis+sentinel://…/main`. */
  readonly url: string;
  /** Of the servers, the one that is the master now, as the sentinels say. */
  master(): Promise<RedisHandle>;
  /** Kills the master and waits until another is one. */
  failOver(): Promise<void>;
  stop(): Promise<void>;
}

export async function startSentinel(): Promise<SentinelHandle> {
  await using owned = new AsyncDisposableStack();
  const first = owned.use(await startRedis({ appendOnly: true }));
  const following = ['--replicaof', '127.0.0.1', `${first.port}`];
  const servers = [
    first,
    owned.use(await startRedis({ appendOnly: true, config: following })),
    owned.use(await startRedis({ appendOnly: true, config: following })),
  ];
  const sentinels: RedisHandle[] = [];
  for (let number = 1; number <= 3; number += 1) {
    sentinels.push(owned.use(await startOne(first.port)));
  }
  const ports = sentinels.map(({ port }) => port);
  await waitFor(async () => await knowEachOther(ports), {
    what: 'three sentinels to know each other and both replicas',
    timeoutMs: failoverMsMax,
  });
  const stack = owned.move();
  const master = async (): Promise<RedisHandle> => {
    const port = await masterPort(ports);
    const found = servers.find((each) => each.port === port);
    if (!found) throw new Error(`the sentinels call port ${port} the master, which nobody started`);
    return found;
  };
  return {
    url: `redis+sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(',')}/${masterName}`,
    master,
    failOver: async () => {
      const before = await master();
      await before.kill('SIGKILL');
      await waitFor(async () => (await master()).port !== before.port, {
        what: 'another master',
        timeoutMs: failoverMsMax,
      });
    },
    stop: () => stack.disposeAsync(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** It writes what it learns into its file, which must be its own. */
async function startOne(masterAt: number): Promise<RedisHandle> {
  const dir = makeOwnedFolder('sentinel');
  const port = await freePort();
  const file = join(dir, 'sentinel.conf');
  writeFileSync(
    file,
    [
      `sentinel monitor ${masterName} 127.0.0.1 ${masterAt} 2`,
      `sentinel down-after-milliseconds ${masterName} ${downAfterMs}`,
      `sentinel failover-timeout ${masterName} 5000`,
    ].join('\n'),
  );
  return await startRedis({ dir, port, sentinelFile: file });
}

async function knowEachOther(ports: readonly number[]): Promise<boolean> {
  const seen = await Promise.all(
    ports.map((port) =>
      ask(port, async (redis) => {
        const reply = (await redis.call('SENTINEL', 'MASTER', masterName)) as string[];
        const facts = new Map<string, string>();
        for (let at = 0; at + 1 < reply.length; at += 2)
          facts.set(reply[at] ?? '', reply[at + 1] ?? '');
        return facts.get('num-slaves') === '2' && facts.get('num-other-sentinels') === '2';
      }),
    ),
  );
  return seen.every(Boolean);
}

/** As most of them say. */
async function masterPort(ports: readonly number[]): Promise<number> {
  const answers = await Promise.all(
    ports.map((port) =>
      ask(port, async (redis) => {
        const [, said] = (await redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName)) as [
          string,
          string,
        ];
        return Number(said);
      }),
    ),
  );
  const [most] = [...Map.groupBy(answers, (port) => port)].toSorted(
    ([, a], [, b]) => b.length - a.length,
  );
  return most?.[0] ?? Number.NaN;
}

async function ask<Result>(
  port: number,
  question: (redis: Redis) => Promise<Result>,
): Promise<Result> {
  const redis = new Redis({
    port,
    host: '127.0.0.1',
    lazyConnect: true,
    retryStrategy: () => null,
  });
  redis.on('error', () => {});
  try {
    await redis.connect();
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}
