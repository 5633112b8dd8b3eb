/**
 * `SLUICE_ON_REDIS_LOSS=continue-if-fenced`: a source that Kafka fences goes on while Redis is away, and where it is only
 * cut off, Kafka refuses it in favour of its successor. One cluster for all tests, which follow on each other.
 */
import { fileURLToPath } from 'node:url';

import { timingProfiles } from '@sluice/coordination';
import { systemClock } from '@sluice/kernel';
import { KafkaLog } from '@sluice/record-log-kafka';
import {
  type Cluster,
  type KafkaHandle,
  limitMs,
  type Member,
  type RedisHandle,
  startCluster,
  startKafka,
  startRedis,
  TcpProxy,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { allRunning, events, nameOf, showLogsOnFailure, tasks } from './support/cluster-facts.ts';
import { SequenceObserver } from './support/sequence-observer.ts';

const awayMs = 10_000;
/** The log's connections are cut once, when the lease of the others is over. */
const gapMsMax = 1_500;
const plugin = fileURLToPath(new URL('support/witness-plugin.ts', import.meta.url));
const names = ['in/0', 'in/1', 'in/2', 'in/3'];

let kafka: KafkaHandle;
let redis: RedisHandle;
let wayOfOne: TcpProxy;
let cluster: Cluster;
let lonely: Member;
let observer: SequenceObserver;

beforeAll(async () => {
  kafka = await startKafka();
  redis = await startRedis({ appendOnly: true });
  wayOfOne = await TcpProxy.start(redis.port);
  cluster = await startCluster({
    redisUrl: redis.url,
    workers: 1,
    profile: 'default',
    env: {
      KAFKA_BROKERS: kafka.bootstrap,
      SLUICE_PLUGINS: plugin,
      SLUICE_ON_REDIS_LOSS: 'continue-if-fenced',
    },
  });
  lonely = await cluster.addWorker({
    name: 'lonely',
    env: { REDIS_URL: `redis://127.0.0.1:${wayOfOne.port}` },
  });
  const log = new KafkaLog({ brokers: kafka.brokers, cluster: cluster.name, clientId: 'observer' });
  observer = await SequenceObserver.watchLog(log, 'sequences', 4);
  await cluster.apply('in', {
    'connector.class': 'WitnessSource',
    'tasks.max': '4',
    topic: 'sequences',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
  });
  await cluster.waitForRunning('in', 4);
  await observer.keepsWriting(names, 500);
}, 120_000);

afterAll(async () => {
  await observer?.stop();
  await cluster?.stop();
  await wayOfOne?.[Symbol.asyncDispose]();
  await redis?.stop();
  await kafka?.stop();
});

beforeEach(() => showLogsOnFailure(cluster));

async function owners(): Promise<unknown> {
  return (await allRunning(cluster)).map(({ id, worker, fence }) => `${id} ${worker} ${fence}`);
}

/** Numbers of the records that a process wrote after that time, by its own clock. */
function writtenBy(pid: number, sinceMs: number): number {
  const records = names.flatMap((name) => observer.records(name));
  return records.filter((record) => record.pid === pid && record.writtenMs > sinceMs).length;
}

test('while Redis is away, sources go on writing, and nothing moves', async () => {
  const before = await owners();
  const sinceMs = Date.now();
  await redis.kill('SIGSTOP');
  await systemClock.sleep(awayMs);
  await redis.kill('SIGCONT');
  await observer.keepsWriting(names, timingProfiles.default.deadAfterMs);
  // Of arrivals, and once there are newer ones: a source that had stopped would show as the whole outage.
  const gapsMs = names.map((name) => observer.longestGapMs(name, sinceMs, 'seenMs'));
  console.log(`Redis away for ${awayMs} ms: longest silences ${gapsMs.join(', ')} ms`);
  expect(Math.max(...gapsMs)).toBeLessThan(limitMs(gapMsMax));
  expect(await owners()).toEqual(before);
  expect(await events(cluster, 'worker.dead')).toEqual([]);
  expect(observer.integrity().missing).toEqual([]);
});

test('a worker that is cut off alone is refused by Kafka once its tasks have a successor', async () => {
  const pid = lonely.process.pid ?? -1;
  const own = (await tasks(cluster)).filter(({ worker }) => worker === 'lonely').map(nameOf);
  expect(own.length).toBeGreaterThan(0);
  const cutMs = Date.now();
  wayOfOne.disturb({ stalled: 'both' });
  await allRunning(cluster, { notOn: 'lonely' });
  await observer.keepsWriting(names, 500);
  // It went on after the time at which a worker without the policy is quiet …
  expect(writtenBy(pid, cutMs + timingProfiles.default.quiesceAfterMs + 500)).toBeGreaterThan(0);
  // … until its successors opened, and not after that.
  const takenOverMs = Date.now();
  await observer.keepsWriting(names, 3_000);
  expect(writtenBy(pid, takenOverMs)).toBe(0);
  const { missing, duplicates, records } = observer.integrity();
  console.log(`cut off alone: ${own.length} tasks taken over, ${duplicates} of ${records} twice`);
  expect(missing).toEqual([]);
  expect(lonely.process.hasExited).toBe(false);

  wayOfOne.disturb({});
  await waitFor(async () => await cluster.liveWorkers(), {
    what: 'the worker to be back as a new instance',
    until: (workers) => workers.length === 2,
    timeoutMs: 30_000,
  });
  await observer.keepsWriting(names, 500);
  expect(observer.integrity().missing).toEqual([]);
});
