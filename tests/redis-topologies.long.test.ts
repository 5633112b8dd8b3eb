/**
 * A pipeline whose coordination, queues and records are all on Redis behind Sentinel, and on a Redis Cluster, while
 * masters are killed and slots move.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { RedisLog } from '@sluice/record-log-redis';
import {
  type Cluster,
  makeOwnedFolder,
  startCluster,
  startRedisCluster,
  startSentinel,
  waitFor,
} from '@sluice/testkit';
import { expect, onTestFailed, onTestFinished, test } from 'vitest';

import { allRunning, tasksOf } from './support/cluster-facts.ts';
import { SequenceObserver } from './support/sequence-observer.ts';
import { committedButNotPut, sinkIntegrity, sinkLines } from './support/sink-lines.ts';
import { sluice } from './support/sluice-command.ts';

const json = {
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
};

interface Pipeline {
  readonly cluster: Cluster;
  readonly observer: SequenceObserver;
  /** Nothing of what the log has is missing at the sink. */
  readonly check: () => Promise<void>;
}

async function startPipeline(redisUrl: string): Promise<Pipeline> {
  const folder = makeOwnedFolder('topology');
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const cluster = await startCluster({ redisUrl, workers: 2 });
  onTestFinished(() => cluster.stop());
  onTestFailed(() => console.log(cluster.logs()));
  const log = new RedisLog({ url: redisUrl, cluster: cluster.name, clientId: 'observer' });
  const observer = await SequenceObserver.watchLog(log, 'sequences', 2);
  onTestFinished(() => observer.stop());
  const file = join(folder, 'out.jsonl');
  await cluster.apply('in', {
    'connector.class': 'VerifiableSource',
    'tasks.max': '4',
    topic: 'sequences',
    throughput: '50',
    ...json,
  });
  await cluster.apply('out', {
    'connector.class': 'VerifiableSink',
    'tasks.max': '2',
    topics: 'sequences',
    file,
    ...json,
  });
  await allRunning(cluster);
  return {
    cluster,
    observer,
    check: async () => {
      // Whoever asks first after a slot has moved is told so, and asks again.
      await waitFor(
        async () => await observer.log.listGroupOffsets('connect-out').catch(() => []),
        {
          what: 'the log to answer',
          until: (offsets) => offsets.length > 0,
        },
      );
      expect(observer.integrity().missing).toEqual([]);
      expect(sinkIntegrity(sinkLines(file)).missing).toEqual([]);
      expect(await committedButNotPut(observer.log, 'connect-out', () => sinkLines(file))).toEqual(
        [],
      );
    },
  };
}

const names = ['in/0', 'in/1', 'in/2', 'in/3'];

test('Sentinel: the master is killed, then a worker, then the next master falls silent', {
  timeout: 180_000,
}, async () => {
  const sentinel = await startSentinel();
  onTestFinished(() => sentinel.stop());
  const { cluster, observer } = await startPipeline(sentinel.url);
  await observer.keepsWriting(names, 500);

  const former = await sentinel.failOver();
  await observer.firstAfter(names, Date.now(), 60_000);
  const victim = cluster.workers[0]?.name ?? '';
  const lost = tasksOf(await allRunning(cluster), victim);
  expect(lost.length).toBeGreaterThan(0);
  await cluster.worker(victim).process.kill('SIGKILL');
  await allRunning(cluster, { notOn: victim });
  await observer.keepsWriting(names, 500);

  // Started again, the first one follows: there are two to choose from, as before.
  await former.restart();
  const silent = await sentinel.failOver('SIGSTOP');
  await observer.firstAfter(names, Date.now(), 60_000);
  await silent.kill('SIGKILL');
  await allRunning(cluster, { notOn: victim });

  const shown = await sluice(cluster, ['get', 'tasks']);
  expect(shown).toMatchObject({ code: 0 });
  expect(shown.stdout).toContain('RUNNING');
});

test('Redis Cluster: the slots move under load, and their node is killed and started again', {
  timeout: 180_000,
}, async () => {
  const redis = await startRedisCluster();
  onTestFinished(() => redis.stop());
  const { cluster, observer, check } = await startPipeline(redis.url);
  await observer.keepsWriting(names, 500);

  await redis.moveSlotOf(`{sluice:${cluster.name}}`);
  await redis.moveSlotOf(`{sluice-log:${cluster.name}}`);
  await observer.firstAfter(names, Date.now(), 60_000);
  await check();

  for (const key of [`{sluice:${cluster.name}}`, `{sluice-log:${cluster.name}}`]) {
    const node = await redis.nodeOf(key);
    await node.kill('SIGKILL');
    await node.restart();
  }
  await observer.firstAfter(names, Date.now(), 60_000);
  await allRunning(cluster);
  await check();
});
