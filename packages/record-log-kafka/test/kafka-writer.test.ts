import { SluiceError } from '@sluice/kernel';
import { expect, test } from 'vitest';

import { KafkaCluster } from '../src/cluster.ts';
import { producerOverError } from '../src/errors.ts';
import { FenceRegister } from '../src/fence-register.ts';
import { Fetcher } from '../src/fetcher.ts';
import { KafkaWriter } from '../src/kafka-writer.ts';
import { compileKafkaLogOptions } from '../src/options.ts';
import { OwnerSession, Producer } from '../src/owner-session.ts';
import type { Chunk } from '../src/produce-lane.ts';
import { ProducePipeline } from '../src/produce-pipeline.ts';
import { SourceOffsets } from '../src/source-offsets.ts';
import { TopicCatalog } from '../src/topic-catalog.ts';
import { Watermarks } from '../src/watermarks.ts';

const partitionsOfTopic = 6;
const over = producerOverError('kafka:9092', 47);
const refused = new SluiceError('log.failed', 'the topic accepts no such record');

/** Keeps what is submitted; the test settles it. */
class HeldPipeline extends ProducePipeline {
  readonly held: Chunk[] = [];
  /** Values of all that ever was submitted. */
  readonly submitted: string[] = [];

  override submit(chunk: Chunk): void {
    this.held.push(chunk);
    this.submitted.push(
      chunk.records.map(({ value }) => Buffer.from(value ?? '').toString()).join(),
    );
  }

  override abandon(_: OwnerSession, error: SluiceError): void {
    for (const chunk of this.held.splice(0)) chunk.settle(error, []);
  }

  settleNext(error?: SluiceError): void {
    const chunk = this.held.shift();
    chunk?.settle(error, error ? [] : [{ baseOffset: 0, count: chunk.records.length }]);
  }
}

class OpenedByHand extends OwnerSession {
  opened = Promise.withResolvers<void>();

  override get producer(): Producer {
    return new Producer(1, 0);
  }

  override get isOpen(): boolean {
    return true;
  }

  override open(): Promise<void> {
    return this.opened.promise;
  }
}

function setup() {
  const options = compileKafkaLogOptions({ brokers: ['kafka:9092'], cluster: 'c', clientId: 'x' });
  const cluster = new KafkaCluster(options);
  const partitions = Array.from({ length: partitionsOfTopic }, (_, partition) => ({
    partition,
    errorCode: 0,
    leader: 1,
    leaderEpoch: 0,
    replicas: [1],
    inSyncReplicas: [1],
  }));
  cluster.metadata.learn(
    {
      throttleMs: 0,
      clusterId: 'c',
      controllerId: 1,
      brokers: [{ nodeId: 1, host: 'kafka', port: 9092, rack: null }],
      topics: [{ topic: 'orders', errorCode: 0, isInternal: false, partitions }],
    },
    ['orders'],
  );
  const pipeline = new HeldPipeline(cluster, options);
  const watermarks = new Watermarks(cluster, options.address);
  const topics = new TopicCatalog(cluster, watermarks, options);
  const fetcher = new Fetcher(cluster, options);
  const parts = { cluster, options, topics, pipeline, fetcher, watermarks };
  const register = new (class extends FenceRegister {
    override async addTopics(): Promise<void> {}
  })(parts);
  const session = new OpenedByHand({ id: 'task', fence: 1 }, cluster, options, async () => ({}));
  session.opened.resolve();
  const writer = new KafkaWriter({
    cluster,
    options,
    session,
    pipeline,
    register,
    topics,
    sourceOffsets: new SourceOffsets(parts),
    onClosed: () => {},
  });
  const produce = (first: number, count: number) =>
    writer.produce([
      {
        topic: 'orders',
        records: Array.from({ length: count }, (_, index) => ({
          partition: (first + index) % partitionsOfTopic,
          key: null,
          value: Buffer.from(`${first + index}`),
        })),
      },
    ]);
  return { writer, pipeline, session, produce };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what is outstanding in many partitions is sent again once when the producer is over', async () => {
  const { pipeline, produce } = setup();
  const acks = produce(0, 6);
  await turn();

  pipeline.settleNext(over);
  await turn();

  expect(pipeline.submitted.slice(6)).toEqual(['0', '1', '2', '3', '4', '5']);
  while (pipeline.held.length > 0) pipeline.settleNext();
  await expect(acks).resolves.toHaveLength(1);
});

test('what comes while the producer is replaced goes behind what is sent again', async () => {
  const { pipeline, produce, session } = setup();
  const first = produce(0, 1);
  await turn();
  session.opened = Promise.withResolvers();

  // The second call is about to be submitted when the first turns out to be refused.
  const second = produce(6, 1);
  pipeline.settleNext(over);
  await turn();
  session.opened.resolve();
  await turn();

  expect(pipeline.submitted).toEqual(['0', '0', '6']);
  while (pipeline.held.length > 0) pipeline.settleNext();
  await Promise.all([first, second]);
});

test('a producer that is over again right after it was replaced is replaced again', async () => {
  const { pipeline, produce } = setup();
  const acks = produce(0, 2);
  await turn();

  pipeline.settleNext(over);
  await turn();
  pipeline.settleNext(over);
  await turn();
  while (pipeline.held.length > 0) pipeline.settleNext();

  await expect(acks).resolves.toHaveLength(1);
});

test('close ends although a call failed before all of its parts were settled', async () => {
  const { pipeline, produce, writer } = setup();
  const failed = expect(produce(0, 2)).rejects.toThrow(refused.message);
  await turn();
  pipeline.settleNext(refused);
  await failed;

  const closing = writer.close();
  await turn();
  pipeline.settleNext();

  await closing;
});
