/**
 * Owners of a sink task come and go without a goodbye, while the log fails, replies are lost and records fail at every
 * stage. Below what is committed, each record was taken by the sink, or is a dead letter.
 */
import { ConnectError, RetriableError } from '@sluice/connector-api';
import { MemoryLogStore } from '@sluice/record-log/memory';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import type { Outcome } from './support/chaos-log.ts';
import { sinkOf } from './support/plugins.ts';
import { RuntimeUnderTest } from './support/runtime-under-test.ts';
import { VirtualClock } from './support/virtual-clock.ts';

const reporting = {
  topics: 't',
  'errors.tolerance': 'all',
  'errors.deadletterqueue.topic.name': 'dead',
};

const failing = {
  ...reporting,
  transforms: 'divide',
  'transforms.divide.type': 'Expression$Value',
  'transforms.divide.filter': '1000 / (int(value) % 5) >= 0',
  'errors.deadletterqueue.put.enable': 'true',
};

const isReported = (number: number): boolean => number % 11 === 4;
const isRefused = (number: number): boolean => number % 7 === 3;
const isDivided = (number: number): boolean => number % 5 === 0;

const records = 60;
const outcomes: readonly Outcome[] = ['ok', 'ok', 'ok', 'late', 'refused', 'lost-reply', 'full'];

test('no record is passed that is neither delivered nor in the queue', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...outcomes), { minLength: 5, maxLength: 40 }),
      fc.array(fc.integer({ min: 50, max: 3_000 }), { maxLength: 4 }),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 0, max: 3_500 }),
      // Reports alone hold nothing up but the commits.
      fc.boolean(),
      async (fate, livesMs, batchMax, outageMs, isReportOnly) => {
        const config = isReportOnly ? reporting : failing;
        const isDead = (number: number): boolean =>
          isReported(number) || (!isReportOnly && (isRefused(number) || isDivided(number)));
        const clock = new VirtualClock();
        const store = new MemoryLogStore();
        store.createTopic('t', 1);
        const taken: number[] = [];
        let calls = 0;
        let puts = 0;
        const setUp = (): RuntimeUnderTest =>
          new RuntimeUnderTest({
            clock,
            store,
            options: { sinkBatchRecordsMax: batchMax },
            // Letters are refused for a while, again and again, though commits are not.
            decide: (operation) =>
              operation === 'produce' && clock.monotonicMs() % 4_000 < outageMs
                ? 'refused'
                : (fate[(calls += 1) % fate.length] ?? 'ok'),
            plugin: sinkOf(() => {
              let report: (record: never, error: unknown) => unknown = () => {};
              return {
                start: (_config, context) => {
                  report = (record, error) => context.errantRecordReporter()?.report(record, error);
                },
                put: (batch) => {
                  puts += 1;
                  if (puts % 9 === 0) throw new RetriableError('busy');
                  const numbers = batch.map(({ value }) => Number(value));
                  if (!isReportOnly && numbers.some(isRefused)) throw new ConnectError('no');
                  for (const record of batch)
                    if (isReported(Number(record.value))) void report(record as never, 'odd');
                    else taken.push(Number(record.value));
                },
                stop: () => {},
              };
            }),
          });
        const passed = (): number => store.groupOffset('connect-orders', 't', 0) ?? 0;
        const expectNothingLost = (runtime: RuntimeUnderTest): void => {
          const dead = new Set(runtime.values('dead').map(Number));
          for (let number = 0; number < passed(); number += 1)
            if (!dead.has(number)) expect(taken).toContain(number);
            else expect(isDead(number)).toBe(true);
        };
        setUp().append('t', 0, ...Array.from({ length: records }, (_, number) => String(number)));
        for (const [life, forMs] of livesMs.entries()) {
          const runtime = setUp();
          const rig = runtime.rig({ config }, { fence: life + 1 }).start();
          await clock.pass(forMs);
          expectNothingLost(runtime);
          rig.abandon();
          expect(rig.failure).toBeUndefined();
        }
        const last = setUp();
        last.decide = () => 'ok';
        const rig = last.rig({ config }, { fence: livesMs.length + 1 }).start();
        await clock.until('all is committed', () => passed() === records, 600_000);
        expectNothingLost(last);
        await clock.settled(rig.stop());
        const dead = new Set(last.values('dead').map(Number));
        const all = Array.from({ length: records }, (_, number) => number);
        expect([...dead].sort((a, b) => a - b)).toEqual(all.filter(isDead));
      },
    ),
    { numRuns: 40 },
  );
}, 60_000);
