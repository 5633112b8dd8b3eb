/** How offsets of a group are read that somebody may be about to commit. */
import { FakeClock } from '@sluice/kernel/testing';
import { expect, test } from 'vitest';

import type { Call } from '../src/call.ts';
import { KafkaCluster } from '../src/cluster.ts';
import { toLogError, unreachableError } from '../src/errors.ts';
import { GroupOffsets } from '../src/group-offsets.ts';
import { compileKafkaLogOptions } from '../src/options.ts';
import { errorCodes } from '../src/wire/error-codes.ts';
import { type OffsetFetchResult, offsetFetchRequest } from '../src/wire/offsets.ts';
import type { KafkaRequest } from '../src/wire/request.ts';

const group = 'connect-orders';
const partitions = [{ topic: 'orders', partition: 0 }];
const stableBytes = Buffer.from(
  offsetFetchRequest({ group, partitions, requireStable: true }).encode(),
);
const again = toLogError(errorCodes.UNSTABLE_OFFSET_COMMIT, 'the coordinator', 'kafka:9092');
const everyMs = 500;

/** A coordinator beside a transaction that ends after a while, and which says nothing before. */
class Beside extends KafkaCluster {
  readonly #clock: FakeClock;
  readonly #fromMs: number;
  readonly #times: { readonly stalledMs: number; readonly openMs: number };

  constructor(clock: FakeClock, times: { readonly stalledMs: number; readonly openMs: number }) {
    super(compileKafkaLogOptions({ brokers: ['kafka:9092'], cluster: 'c', clientId: 'x', clock }));
    this.#clock = clock;
    this.#fromMs = clock.monotonicMs();
    this.#times = times;
  }

  override async askCoordinator<Result>(
    call: Call,
    _coordinator: unknown,
    request: KafkaRequest<Result>,
    codeOf: (result: Result) => number,
  ): Promise<Result> {
    const isStable = Buffer.from(request.encode()).equals(stableBytes);
    for (;;) {
      const sinceMs = this.#clock.monotonicMs() - this.#fromMs;
      if (call.isOver)
        throw sinceMs < this.#times.stalledMs ? unreachableError('kafka:9092') : again;
      if (sinceMs >= this.#times.stalledMs) {
        const isHeldBack = isStable && sinceMs < this.#times.openMs;
        const answer = answered(isHeldBack ? errorCodes.UNSTABLE_OFFSET_COMMIT : 0);
        // It is one of offsets.
        const code = codeOf(answer as Result);
        if (code !== errorCodes.UNSTABLE_OFFSET_COMMIT) return answer as Result;
      }
      await this.#clock.sleep(everyMs);
    }
  }
}

function answered(errorCode: number): OffsetFetchResult {
  const offset = errorCode === 0 ? 7 : -1;
  return {
    throttleMs: 0,
    errorCode: 0,
    offsets: partitions.map((each) => ({ ...each, offset, metadata: null, errorCode })),
  };
}

async function fetched(times: {
  readonly stalledMs: number;
  readonly openMs: number;
}): Promise<{ readonly result: unknown; readonly tookMs: number }> {
  const clock = new FakeClock();
  const fromMs = clock.monotonicMs();
  const cluster = new Beside(clock, times);
  const offsets = new GroupOffsets(cluster, 'kafka:9092');
  const fetching = offsets.fetch(cluster.begin(10_000), group, partitions).then(
    (known): [unknown, number] => [[...known], clock.monotonicMs() - fromMs],
    (error: unknown): [unknown, number] => [error, clock.monotonicMs() - fromMs],
  );
  for (let count = 0; count < 30; count += 1) await clock.advance(everyMs);
  const [result, tookMs] = await fetching;
  return { result, tookMs };
}

test('what a transaction is about to commit is waited for', async () => {
  const { result, tookMs } = await fetched({ stalledMs: 0, openMs: 1_000 });
  expect(result).toEqual([['orders/0', 7]]);
  expect(tookMs).toBeLessThanOrEqual(1_500);
});

test('what it holds back for long is read as it was before', async () => {
  const { result, tookMs } = await fetched({ stalledMs: 0, openMs: Infinity });
  expect(result).toEqual([['orders/0', 7]]);
  expect(tookMs).toBeGreaterThanOrEqual(2_000);
  expect(tookMs).toBeLessThanOrEqual(3_000);
});

test('a coordinator that says nothing at first has its patience whole, and no more', async () => {
  const { result, tookMs } = await fetched({ stalledMs: 4_000, openMs: Infinity });
  expect(result).toEqual([['orders/0', 7]]);
  expect(tookMs).toBeGreaterThanOrEqual(6_000);
  expect(tookMs).toBeLessThanOrEqual(7_000);
});

test('when little of the call is left, half of it is waited', async () => {
  const { result, tookMs } = await fetched({ stalledMs: 8_000, openMs: Infinity });
  expect(result).toEqual([['orders/0', 7]]);
  expect(tookMs).toBeLessThanOrEqual(9_500);
});

test('a coordinator that never answers is not taken for one beside a transaction', async () => {
  const { result } = await fetched({ stalledMs: Infinity, openMs: 0 });
  expect(result).toMatchObject({ code: 'log.unreachable' });
  expect(String(result)).toContain('does not answer');
});
