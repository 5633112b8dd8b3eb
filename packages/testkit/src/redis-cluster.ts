/** A real Redis Cluster of three masters. A node that is killed can be started again, and is itself again. */
import { Redis } from 'ioredis';

import { freePort } from './free-port.ts';
import { type RedisHandle, startRedis } from './redis.ts';
import { waitFor } from './wait-for.ts';

const slots = 16_384;
const formMsMax = 30_000;

export interface RedisClusterHandle extends AsyncDisposable {
  /** As the settings take it: `redis+cluster://…`. */
  readonly url: string;
  readonly nodes: readonly RedisHandle[];
  /** The node that has the slot of a key. */
  nodeOf(key: string): Promise<RedisHandle>;
  /** Moves the slot of a key, with all that is in it, to another node. */
  moveSlotOf(key: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startRedisCluster(): Promise<RedisClusterHandle> {
  await using owned = new AsyncDisposableStack();
  const nodes: RedisHandle[] = [];
  const busPorts: number[] = [];
  for (let number = 0; number < 3; number += 1) {
    // The default is a port from the range of outgoing connections, one of which may have it when a node comes back.
    const busPort = await freePort();
    const settings = { enabled: 'yes', 'node-timeout': '2000', port: String(busPort) };
    const config = Object.entries(settings).flatMap(([key, value]) => [`--cluster-${key}`, value]);
    nodes.push(owned.use(await startRedis({ appendOnly: true, config })));
    busPorts.push(busPort);
  }
  const clients = nodes.map(({ port }) =>
    owned.adopt(new Redis(port), (redis) => redis.disconnect()),
  );
  for (const redis of clients) redis.on('error', () => {});
  for (const [index, redis] of clients.entries()) {
    const [first, last] = [index, index + 1].map((each) => Math.floor((each * slots) / 3));
    await redis.call('CLUSTER', 'ADDSLOTSRANGE', first ?? 0, (last ?? slots) - 1);
    await redis.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
  }
  for (const [index, { port }] of nodes.entries())
    if (index > 0)
      await clients[0]?.call('CLUSTER', 'MEET', '127.0.0.1', port, busPorts[index] ?? 0);
  await waitFor(
    async () => {
      const infos = await Promise.all(clients.map(async (redis) => await redis.cluster('INFO')));
      return infos.every(
        (info) => info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3'),
      );
    },
    { what: 'three nodes to be a cluster', timeoutMs: formMsMax },
  );
  const slotOf = async (key: string): Promise<number> =>
    Number(await clients[0]?.cluster('KEYSLOT', key));
  const indexOf = async (key: string): Promise<number> =>
    Math.min(2, Math.floor(((await slotOf(key)) * 3) / slots));
  const moved = new Map<number, number>();
  const ownerOf = async (key: string): Promise<number> =>
    moved.get(await slotOf(key)) ?? (await indexOf(key));
  const stack = owned.move();
  return {
    url: `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    nodes,
    nodeOf: async (key) => found(nodes, await ownerOf(key)),
    moveSlotOf: async (key) => {
      const slot = await slotOf(key);
      const from = await ownerOf(key);
      const to = (from + 1) % nodes.length;
      await moveSlot(
        slot,
        found(clients, from),
        found(clients, to),
        found(nodes, to).port,
        clients,
      );
      moved.set(slot, to);
    },
    stop: () => stack.disposeAsync(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** As `redis-cli --cluster reshard` does it. */
async function moveSlot(
  slot: number,
  from: Redis,
  to: Redis,
  toPort: number,
  all: readonly Redis[],
): Promise<void> {
  const [fromId, toId] = [await from.cluster('MYID'), await to.cluster('MYID')].map(String);
  await to.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId ?? '');
  await from.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId ?? '');
  for (;;) {
    const keys = (await from.call('CLUSTER', 'GETKEYSINSLOT', slot, 100)) as string[];
    if (keys.length === 0) break;
    await from.call('MIGRATE', '127.0.0.1', toPort, '', 0, 5_000, 'KEYS', ...keys);
  }
  for (const redis of [to, from, ...all]) {
    await redis.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId ?? '');
  }
}

function found<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new Error(`there is no node ${index}`);
  return item;
}
