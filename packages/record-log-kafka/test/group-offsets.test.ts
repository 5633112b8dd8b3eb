/** How offsets of a group are read that somebody may be about to commit. */
import { FakeClock } from '@sluice/kernel/testing';
import { expect, test } from 'vitest';

import type { Call } from '../src/call.ts';
import { KafkaCluster } from '../src/cluster.ts';
import { toLogError, unreachableError } from '../src/errors.ts';
import { GroupOffsets } from '../src/group-offsets.ts';
import { compileKafkaLogOptions } from '../src/options.ts';
import { errorCodes } from '../src/wire/error-codes.ts';
import { offsetFetchRequest } from '../src/wire/offsets.ts';
import type { KafkaRequest } from '../src/wire/request.ts';

const group = 'connect-orders';
const partitions = [{ topic: 'orders', partition: 0 }];
const stableBytes = Buffer.from(
  offsetFetchRequest({ group, partitions, requireStable: true }).encode(),
);
const unstable = toLogError(errorCodes.UNSTABLE_OFFSET_COMMIT, 'the coordinator', 'kafka:9092');
const unanswered = unreachableError('kafka:9092');

/** A coordinator beside an open transaction: each wait for stable offsets takes its time, and ends with an error. */
class Beside extends KafkaCluster {
  readonly asked: string[] = [];
  /** What the waits end with, one after the other; the last one, and all behind it. */
  readonly ends: Error[];
  readonly #clock: FakeClock;

  constructor(clock: FakeClock, ends: readonly Error[]) {
    super(compileKafkaLogOptions({ brokers: ['kafka:9092'], cluster: 'c', clientId: 'x', clock }));
    this.#clock = clock;
    this.ends = [...ends];
  }

  override async askCoordinator<Result>(
    call: Call,
    _coordinator: unknown,
    request: KafkaRequest<Result>,
  ): Promise<Result> {
    const isStable = Buffer.from(request.encode()).equals(stableBytes);
    this.asked.push(isStable ? 'stable' : 'any');
    if (isStable) {
      await this.#clock.sleep(call.leftMs);
      throw (this.ends.length > 1 ? this.ends.shift() : this.ends[0]) ?? unanswered;
    }
    const offset = { ...partitions[0], offset: 7, metadata: '', errorCode: 0 };
    return { throttleMs: 0, errorCode: 0, offsets: [offset] } as Result;
  }
}

async function fetched(ends: readonly Error[]): Promise<{ asked: string[]; result: unknown }> {
  const clock = new FakeClock();
  const cluster = new Beside(clock, ends);
  const offsets = new GroupOffsets(cluster, 'kafka:9092');
  let result: unknown;
  const fetching = offsets.fetch(cluster.begin(10_000), group, partitions).then(
    (known) => (result = [...known]),
    (error: unknown) => (result = error),
  );
  for (let passed = 0; passed < 20; passed += 1) await clock.advance(1_000);
  await fetching;
  return { asked: cluster.asked, result };
}

test('what a transaction holds back is waited for once, and then read as it was before', async () => {
  const { asked, result } = await fetched([unstable]);
  expect(asked).toEqual(['stable', 'any']);
  expect(result).toEqual([['orders/0', 7]]);
});

test('a wait whose last look is not answered tells nothing, and the next one does', async () => {
  const { asked, result } = await fetched([unanswered, unstable]);
  expect(asked).toEqual(['stable', 'stable', 'any']);
  expect(result).toEqual([['orders/0', 7]]);
});

test('a coordinator that never answers is not taken for one with an open transaction', async () => {
  const { asked, result } = await fetched([unanswered]);
  expect(new Set(asked)).toEqual(new Set(['stable']));
  expect(result).toBe(unanswered);
});
