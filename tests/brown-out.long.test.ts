/**
 * A Redis that answers slowly, to everybody: coordinator, workers and log. Up to 900 ms for a command and its reply,
 * nobody dies and nothing moves. One cluster for all tests, which follow on each other.
 */
import { systemClock } from '@sluice/kernel';
import {
  type Cluster,
  type RedisHandle,
  startCluster,
  startRedis,
  TcpProxy,
} from '@sluice/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { allRunning, events, showLogsOnFailure } from './support/cluster-facts.ts';
import { SequenceObserver } from './support/sequence-observer.ts';

const slowForMs = 12_000;
const names = ['in/0', 'in/1', 'in/2', 'in/3'];

let redis: RedisHandle;
let way: TcpProxy;
let cluster: Cluster;
let observer: SequenceObserver;

beforeAll(async () => {
  redis = await startRedis({ appendOnly: true });
  way = await TcpProxy.start(redis.port);
  const redisUrl = `redis://127.0.0.1:${way.port}`;
  cluster = await startCluster({ redisUrl, workers: 2, profile: 'default' });
  observer = await SequenceObserver.watch(cluster, 'sequences', 4);
  await cluster.apply('in', {
    'connector.class': 'VerifiableSource',
    'tasks.max': '4',
    topic: 'sequences',
    throughput: '50',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
  });
  await cluster.waitForRunning('in', 4);
  await observer.keepsWriting(names, 500);
}, 60_000);

afterAll(async () => {
  way?.disturb({});
  await observer?.stop();
  await cluster?.stop();
  await way?.[Symbol.asyncDispose]();
  await redis?.stop();
});

beforeEach(() => showLogsOnFailure(cluster));

async function owners(): Promise<unknown> {
  return (await allRunning(cluster)).map(({ id, worker, fence }) => `${id} ${worker} ${fence}`);
}

/** On the way that the whole cluster takes. */
async function pingMs(): Promise<number> {
  const client = new Redis({ host: '127.0.0.1', port: way.port });
  await client.ping();
  const sentMs = performance.now();
  await client.ping();
  const tookMs = performance.now() - sentMs;
  client.disconnect();
  return Math.round(tookMs);
}

test.each([300, 600, 900])(
  'a Redis that takes %i ms for each command kills nobody and moves nothing',
  async (roundTripMs) => {
    const before = await owners();
    way.disturb({ latencyMs: roundTripMs / 2 });
    const measuredMs = await pingMs();
    await systemClock.sleep(slowForMs);
    way.disturb({});
    await observer.keepsWriting(names, 500);
    console.log(`asked for round trips of ${roundTripMs} ms, measured ${measuredMs} ms`);
    expect(measuredMs).toBeGreaterThanOrEqual(roundTripMs - 5);
    expect(await events(cluster, 'worker.dead')).toEqual([]);
    expect(await owners()).toEqual(before);
    expect(observer.integrity()).toMatchObject({ missing: [] });
  },
);
