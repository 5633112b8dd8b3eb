import { FakeClock } from '@sluice/kernel/testing';
import { expect, test } from 'vitest';

import type { Call } from '../src/call.ts';
import { KafkaCluster } from '../src/cluster.ts';
import { Fetcher, type FetchTarget } from '../src/fetcher.ts';
import { compileKafkaLogOptions } from '../src/options.ts';
import type { KafkaRequest } from '../src/wire/request.ts';

/** A broker with room for one partition in each answer: the first that was asked for. */
class OneAtATime extends KafkaCluster {
  override async ask<Result>(_: Call, __: number, request: KafkaRequest<Result>): Promise<Result> {
    await new Promise((resolve) => setImmediate(resolve));
    const body = Buffer.from(request.encode()).toString('latin1');
    const asked = ['busy', 'large'].filter((topic) => body.includes(topic));
    asked.sort((a, b) => body.indexOf(a) - body.indexOf(b));
    const partitions = asked.map((topic, place) => ({
      topic,
      partition: 0,
      errorCode: 0,
      highWatermark: 9,
      lastStableOffset: 9,
      logStartOffset: 0,
      abortedTransactions: [],
      records: Buffer.alloc(place === 0 ? 10 : 0),
    }));
    return { throttleMs: 0, errorCode: 0, partitions } as Result;
  }
}

test('a partition that always has records does not keep another one from being answered', async () => {
  const names = { brokers: ['kafka:9092'], cluster: 'c', clientId: 'x' };
  const options = compileKafkaLogOptions({ ...names, clock: new FakeClock() });
  const cluster = new OneAtATime(options);
  const leader = { partition: 0, errorCode: 0, leader: 1, leaderEpoch: 0 };
  const partitions = [{ ...leader, replicas: [1], inSyncReplicas: [1] }];
  const topics = ['busy', 'large'].map((topic) => ({
    topic,
    errorCode: 0,
    isInternal: false,
    partitions,
  }));
  const brokers = [{ nodeId: 1, host: 'kafka', port: 9092, rack: null }];
  cluster.metadata.learn({ throttleMs: 0, clusterId: 'c', controllerId: 1, brokers, topics }, [
    'busy',
    'large',
  ]);
  const fetcher = new Fetcher(cluster, options);
  const received: string[] = [];
  const target = (topic: string): FetchTarget => ({
    topic,
    partition: 0,
    isolation: 'read_uncommitted',
    wanted: () => ({ offset: 0, bytesMax: 1_000 }),
    received: ({ records }) => {
      if (records.length > 0) received.push(topic);
    },
    refused: () => {},
  });

  fetcher.add(target('busy'));
  fetcher.add(target('large'));
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  fetcher.close();

  expect(received.slice(0, 4)).toEqual(['busy', 'large', 'busy', 'large']);
});

/** As a broker: a partition that a request names twice is answered once, for the offset that was named last. */
class LastOffsetWins extends KafkaCluster {
  override async ask<Result>(_: Call, __: number, request: KafkaRequest<Result>): Promise<Result> {
    await new Promise((resolve) => setImmediate(resolve));
    const body = Buffer.from(request.encode());
    const offset = body.lastIndexOf(Buffer.from([0, 0, 0, 0, 0, 0, 0, 9])) >= 0 ? 9 : 0;
    const partition = { topic: 'orders', partition: 0, errorCode: 0, abortedTransactions: [] };
    const offsets = { highWatermark: 9, lastStableOffset: 9, logStartOffset: offset };
    const answer = { ...partition, ...offsets, records: Buffer.alloc(10) };
    return { throttleMs: 0, errorCode: 0, partitions: [answer] } as Result;
  }
}

test('two readers of one partition get what each of them asked for', async () => {
  const names = { brokers: ['kafka:9092'], cluster: 'c', clientId: 'x' };
  const options = compileKafkaLogOptions({ ...names, clock: new FakeClock() });
  const cluster = new LastOffsetWins(options);
  const leader = { partition: 0, errorCode: 0, leader: 1, leaderEpoch: 0 };
  const partitions = [{ ...leader, replicas: [1], inSyncReplicas: [1] }];
  const topics = [{ topic: 'orders', errorCode: 0, isInternal: false, partitions }];
  const brokers = [{ nodeId: 1, host: 'kafka', port: 9092, rack: null }];
  cluster.metadata.learn({ throttleMs: 0, clusterId: 'c', controllerId: 1, brokers, topics }, [
    'orders',
  ]);
  const fetcher = new Fetcher(cluster, options);
  const wrong: string[] = [];
  const received = new Map<string, number>();
  const target = (name: string, offset: number): FetchTarget => ({
    topic: 'orders',
    partition: 0,
    isolation: 'read_uncommitted',
    wanted: () => ({ offset, bytesMax: 1_000 }),
    // The script says with `logStartOffset` for which offset it answers.
    received: ({ logStartOffset }) => {
      received.set(name, (received.get(name) ?? 0) + 1);
      if (logStartOffset !== offset) wrong.push(`${name} got ${logStartOffset}`);
    },
    refused: () => {},
  });

  fetcher.add(target('first', 0));
  fetcher.add(target('at the end', 9));
  fetcher.add(target('at the end, too', 9));
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  fetcher.close();

  expect(wrong).toEqual([]);
  expect([...received.keys()].sort()).toEqual(['at the end', 'at the end, too', 'first']);
});
