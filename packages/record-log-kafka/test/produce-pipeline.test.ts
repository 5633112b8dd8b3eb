import { SluiceError } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import { expect, test } from 'vitest';

import type { Call } from '../src/call.ts';
import { KafkaCluster } from '../src/cluster.ts';
import { compileKafkaLogOptions } from '../src/options.ts';
import { OwnerSession, Producer } from '../src/owner-session.ts';
import type { Chunk } from '../src/produce-lane.ts';
import { ProducePipeline } from '../src/produce-pipeline.ts';
import { errorCodes } from '../src/wire/error-codes.ts';
import type { KafkaRequest } from '../src/wire/request.ts';

const away = new SluiceError('log.unreachable', 'nobody answers', { retriable: true });

/** Answers what the test says, for partition 0 of `orders`. */
class Scripted extends KafkaCluster {
  answers: (number | Error)[] = [];
  asked = 0;
  refreshes = 0;
  refreshProblem: Error | undefined;

  override async ask<Result>(_: Call, __: number, ___: KafkaRequest<Result>): Promise<Result> {
    this.asked += 1;
    const answer = this.answers.shift() ?? 0;
    if (typeof answer !== 'number') throw answer;
    const partition = { topic: 'orders', partition: 0, errorCode: answer, baseOffset: 0 };
    return { throttleMs: 0, partitions: [partition] } as Result;
  }

  override async refresh(): Promise<void> {
    this.refreshes += 1;
    if (this.refreshProblem) throw this.refreshProblem;
    this.learnOrders();
  }

  learnOrders(): void {
    const broker = { nodeId: 1, host: 'kafka', port: 9092, rack: null };
    const leader = { partition: 0, errorCode: 0, leader: 1, leaderEpoch: 0 };
    const partitions = [{ ...leader, replicas: [1], inSyncReplicas: [1] }];
    const topics = [{ topic: 'orders', errorCode: 0, isInternal: false, partitions }];
    const brokers = [broker];
    this.metadata.learn({ throttleMs: 0, clusterId: 'c', controllerId: 1, brokers, topics }, [
      'orders',
    ]);
  }
}

/** Open under one producer, until that is ended. */
class Opened extends OwnerSession {
  current: Producer | undefined = new Producer(1, 0);
  isOpening = false;

  override get producer(): Producer | undefined {
    return this.current;
  }

  override get isOpen(): boolean {
    return this.current !== undefined && !this.isOpening;
  }

  override endProducer(): void {
    this.current = undefined;
  }
}

function setup() {
  const clock = new FakeClock();
  const names = { brokers: ['kafka:9092'], cluster: 'c', clientId: 'x' };
  const options = compileKafkaLogOptions({ ...names, clock, random: () => 0.5 });
  const cluster = new Scripted(options);
  cluster.learnOrders();
  const session = new Opened({ id: 'task', fence: 1 }, cluster, options, async () => ({}));
  const pipeline = new ProducePipeline(cluster, options);
  const settled: string[] = [];
  const submit = (value: string, more: Partial<Chunk> = {}): void =>
    pipeline.submit({
      session,
      topic: 'orders',
      partition: 0,
      records: [{ key: null, value: Buffer.from(value) }],
      bytes: 100,
      isTransactional: false,
      settle: (error) => settled.push(`${value} ${error?.message ?? 'appended'}`),
      ...more,
    });
  return { clock, cluster, session, submit, settled };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('records are given back at the delivery limit, although a leader was known before all brokers went away', async () => {
  const { clock, cluster, submit, settled } = setup();
  cluster.answers = [away];
  cluster.refreshProblem = away;
  submit('a');
  await turn();

  for (let second = 0; second < 15; second += 1) {
    await clock.advance(1_000);
    await turn();
  }

  expect(settled).toEqual(['a nobody answers']);
  expect(cluster.refreshes).toBeLessThan(30);
});

test('sequence numbers that an unanswered attempt may have used are not used again', async () => {
  const { clock, cluster, session, submit, settled } = setup();
  cluster.answers = [away, errorCodes.INVALID_TIMESTAMP];
  submit('a');
  await turn();
  await clock.advance(1_000);
  await turn();

  expect(settled).toEqual([expect.stringContaining('INVALID_TIMESTAMP')]);
  expect(session.producer).toBeUndefined();
});

test('while a session is being opened, only the register writes', async () => {
  const { cluster, session, submit, settled } = setup();
  session.isOpening = true;
  submit('fence', { isOpening: true });
  await turn();
  submit('a');
  await turn();

  expect(settled).toEqual(['fence appended', expect.stringContaining('begins anew')]);
  expect(cluster.asked).toBe(1);
});
