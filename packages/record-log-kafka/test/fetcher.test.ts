import { silentLogger } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import { expect, test } from 'vitest';

import type { Call } from '../src/call.ts';
import { type FetchCluster, Fetcher, type FetchTarget } from '../src/fetcher.ts';
import { Metadata } from '../src/metadata.ts';
import { ByteReader } from '../src/wire/byte-reader.ts';
import type { Isolation } from '../src/wire/request.ts';

const topic = 'orders';

interface Asked {
  readonly purpose: string;
  readonly partitions: readonly number[];
  /** With so many bytes for each partition. */
  answer(bytes: number): Promise<void>;
}

/** One broker that answers when it is told to. */
function fakeBroker(clock: FakeClock): { cluster: FetchCluster; asked: Asked[] } {
  const metadata = new Metadata(clock);
  const partitions = [0, 1, 2, 3].map((partition) => ({
    partition,
    errorCode: 0,
    leader: 1,
    leaderEpoch: 0,
    replicas: [1],
    inSyncReplicas: [1],
  }));
  metadata.learn(
    {
      brokers: [{ nodeId: 1, host: 'broker-1', port: 9092, rack: null }],
      clusterId: null,
      controllerId: 1,
      topics: [{ topic, errorCode: 0, isInternal: false, partitions }],
      throttleMs: 0,
    },
    [topic],
  );
  const asked: Asked[] = [];
  const cluster: FetchCluster = {
    metadata,
    begin: () => ({}) as Call,
    refresh: async () => {},
    ask: (_call, _broker, request, options) =>
      new Promise((resolve) => {
        const numbers = partitionsOf(request.encode());
        const answer = async (bytes: number): Promise<void> => {
          asked.splice(asked.indexOf(one), 1);
          resolve(request.decode(answerOf(numbers, bytes)));
          await settled();
        };
        const one: Asked = { purpose: options?.purpose ?? 'control', partitions: numbers, answer };
        asked.push(one);
      }),
  };
  return { cluster, asked };
}

function partitionsOf(request: Uint8Array): number[] {
  const reader = new ByteReader(Buffer.from(request));
  for (let field = 0; field < 4; field += 1) reader.int32();
  reader.int8();
  for (let field = 0; field < 2; field += 1) reader.int32();
  return reader
    .array(() => {
      reader.string();
      return reader.array(() => {
        const partition = reader.int32();
        reader.int32();
        for (let field = 0; field < 2; field += 1) reader.int64();
        reader.int32();
        return partition;
      });
    })
    .flat();
}

/** A response in bytes, since the fetcher takes what is decoded from them. */
function answerOf(partitions: readonly number[], bytes: number): Buffer {
  const head = Buffer.alloc(4 + 2 + 4 + 4 + 2 + topic.length + 4);
  head.writeInt32BE(1, 10); // One topic.
  head.writeInt16BE(topic.length, 14);
  head.write(topic, 16);
  head.writeInt32BE(partitions.length, 16 + topic.length);
  const each = partitions.map((partition) => {
    const part = Buffer.alloc(4 + 2 + 3 * 8 + 4 + 4 + 4 + bytes);
    part.writeInt32BE(partition, 0);
    part.writeInt32BE(bytes, 38);
    return part;
  });
  return Buffer.concat([head, ...each]);
}

function target(partition: number, isolation: Isolation = 'read_uncommitted'): FetchTarget {
  return {
    topic,
    partition,
    isolation,
    wanted: () => ({ offset: 0, bytesMax: 1_000_000 }),
    received: () => {},
    refused: () => {},
  };
}

function open(): { fetcher: Fetcher; asked: Asked[] } {
  const clock = new FakeClock();
  const { cluster, asked } = fakeBroker(clock);
  return {
    fetcher: new Fetcher(cluster, { clock, logger: silentLogger, requestTimeoutMs: 1_000 }),
    asked,
  };
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function seen(asked: readonly Asked[]): (readonly [string, readonly number[]])[] {
  return asked.map(({ purpose, partitions }) => [purpose, partitions]);
}

test('what is wanted while a fetch waits goes into a short one, and into the next that waits', async () => {
  const { fetcher, asked } = open();
  fetcher.add(target(0));
  await settled();
  fetcher.add(target(1));
  await settled();
  expect(seen(asked)).toEqual([
    ['fetch', [0]],
    ['short-fetch', [1]],
  ]);
  // Nothing has come: both go on together, and no short fetch is left.
  await asked[0]?.answer(0);
  expect(seen(asked)).toEqual([['short-fetch', [1]]]);
  await asked[0]?.answer(0);
  expect(seen(asked)).toEqual([['fetch', [0, 1]]]);
});

test('as long as there is much to fetch, two requests are under way all the time', async () => {
  const { fetcher, asked } = open();
  fetcher.add(target(0));
  await settled();
  fetcher.add(target(1));
  await settled();
  await asked[0]?.answer(1_000_000);
  expect(seen(asked)).toEqual([
    ['short-fetch', [1]],
    ['fetch', [0]],
  ]);
});

test('partitions of both isolation levels wait at the broker at the same time', async () => {
  const { fetcher, asked } = open();
  fetcher.add(target(0));
  fetcher.add(target(1, 'read_committed'));
  await settled();
  expect(seen(asked)).toEqual([
    ['fetch', [0]],
    ['committed-fetch', [1]],
  ]);
  await asked[1]?.answer(0);
  expect(seen(asked)).toEqual([
    ['fetch', [0]],
    ['committed-fetch', [1]],
  ]);
});

test('nothing is asked for twice, whatever wakes the fetcher', async () => {
  const { fetcher, asked } = open();
  fetcher.add(target(0));
  await settled();
  fetcher.wake();
  await settled();
  expect(seen(asked)).toEqual([['fetch', [0]]]);
});
