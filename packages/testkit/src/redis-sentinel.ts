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
  /**
   * Kills the master, or with SIGSTOP lets it fall silent, and waits until another is one. Resolves to the former one.
   */
  failOver(signal?: 'SIGKILL' | 'SIGSTOP'): Promise<RedisHandle>;
  /**
   * Leaves the master alone, as when it alone is behind a broken switch with the clients: sentinels and another server,
   * which has all its data, have lost sight of it and go on without it. It answers, and refuses writes, as one does that
   * wants replicas. Resolves to the next master.
   */
  leaveMaster(): Promise<RedisHandle>;
  stop(): Promise<void>;
}

export interface StartSentinelOptions {
  /** Of the servers, and of the sentinels. Default: none. */
  readonly password?: string;
}

export async function startSentinel({
  password,
}: StartSentinelOptions = {}): Promise<SentinelHandle> {
  await using owned = new AsyncDisposableStack();
  const secured =
    password === undefined ? [] : ['--requirepass', password, '--masterauth', password];
  const first = owned.use(await startRedis({ appendOnly: true, config: secured }));
  const following = [...secured, '--replicaof', '127.0.0.1', `${first.port}`];
  const servers = [
    first,
    owned.use(await startRedis({ appendOnly: true, config: following })),
    owned.use(await startRedis({ appendOnly: true, config: following })),
  ];
  const sentinels: RedisHandle[] = [];
  for (let number = 1; number <= 3; number += 1) {
    sentinels.push(owned.use(await startOne(first.port, password)));
  }
  const ports = sentinels.map(({ port }) => port);
  const ask = asker(password);
  await waitFor(async () => await knowEachOther(ask, ports), {
    what: 'three sentinels to know each other and both replicas',
    timeoutMs: failoverMsMax,
  });
  const stack = owned.move();
  const master = async (): Promise<RedisHandle> => {
    const port = await masterPort(ask, ports);
    const found = servers.find((each) => each.port === port);
    if (!found) throw new Error(`the sentinels call port ${port} the master, which nobody started`);
    return found;
  };
  return {
    url: urlOf(ports, password),
    master,
    failOver: async (signal = 'SIGKILL') => {
      const before = await master();
      await before.kill(signal);
      await waitFor(async () => (await master()).port !== before.port, {
        what: 'another master',
        timeoutMs: failoverMsMax,
      });
      return before;
    },
    leaveMaster: async () => {
      const former = await master();
      const next = servers.find((each) => each !== former);
      if (next === undefined) throw new Error('there is no replica');
      await ask(former.port, async (redis) => {
        // So many it never has. Replicas have all that it took before.
        await redis.config('SET', 'min-replicas-to-write', 3);
        await redis.wait(2, failoverMsMax);
      });
      await ask(next.port, async (redis) => await redis.replicaof('NO', 'ONE'));
      for (const port of ports) {
        await ask(port, async (redis) => {
          await redis.call('SENTINEL', 'REMOVE', masterName);
          await redis.call('SENTINEL', 'MONITOR', masterName, '127.0.0.1', next.port, 2);
          if (password !== undefined)
            await redis.call('SENTINEL', 'SET', masterName, 'auth-pass', password);
        });
      }
      return next;
    },
    stop: () => stack.disposeAsync(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** It writes what it learns into its file, which must be its own. */
async function startOne(masterAt: number, password: string | undefined): Promise<RedisHandle> {
  const dir = makeOwnedFolder('sentinel');
  const port = await freePort();
  const file = join(dir, 'sentinel.conf');
  writeFileSync(
    file,
    [
      `sentinel monitor ${masterName} 127.0.0.1 ${masterAt} 2`,
      `sentinel down-after-milliseconds ${masterName} ${downAfterMs}`,
      `sentinel failover-timeout ${masterName} 5000`,
      ...(password === undefined
        ? []
        : [`sentinel auth-pass ${masterName} ${password}`, `requirepass ${password}`]),
    ].join('\n'),
  );
  return await startRedis({ dir, port, sentinelFile: file });
}

async function knowEachOther(ask: Ask, ports: readonly number[]): Promise<boolean> {
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
async function masterPort(ask: Ask, ports: readonly number[]): Promise<number> {
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

function urlOf(ports: readonly number[], password: string | undefined): string {
  const hosts = ports.map((port) => `127.0.0.1:${port}`).join(',');
  if (password === undefined) return `redis+sentinel://${hosts}/${masterName}`;
  const encoded = encodeURIComponent(password);
  return `redis+sentinel://:${encoded}@${hosts}/${masterName}?sentinel-password=${encoded}`;
}

/** Asks one sentinel something. */
type Ask = <Result>(port: number, question: (redis: Redis) => Promise<Result>) => Promise<Result>;

function asker(password: string | undefined): Ask {
  return async (port, question) => {
    const redis = new Redis({
      port,
      host: '127.0.0.1',
      lazyConnect: true,
      retryStrategy: () => null,
      ...(password === undefined ? {} : { password }),
    });
    redis.on('error', () => {});
    try {
      await redis.connect();
      return await question(redis);
    } finally {
      redis.disconnect();
    }
  };
}
