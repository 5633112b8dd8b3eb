import { expect, test } from 'vitest';

import { sinkOf, sourceOf } from './support/plugins.ts';
import { RuntimeUnderTest } from './support/runtime-under-test.ts';
import { TestLease } from './support/test-lease.ts';

const continueFencedMs = 300_000;

/** A record for each poll, ten a second. */
function ticking(): RuntimeUnderTest {
  let seq = 0;
  const runtime: RuntimeUnderTest = new RuntimeUnderTest({
    plugin: sourceOf(() => ({
      start: () => {},
      poll: async () => {
        await runtime.clock.sleep(100);
        seq += 1;
        return [
          { topic: 't', value: `v${seq}`, sourcePartition: { p: 'a' }, sourceOffset: { seq } },
        ];
      },
      stop: () => {},
    })),
    options: { continueFencedMs },
  });
  return runtime;
}

test('a source goes on writing without a lease for as long as the policy says', async () => {
  const runtime = ticking();
  const leaseBeyond = new TestLease();
  const rig = runtime.rig({}, { leaseBeyond });
  rig.start();
  await runtime.clock.pass(1_000);
  expect(rig.beyondMs).toBe(continueFencedMs);
  runtime.lease.set('expired');
  const before = runtime.values('t').length;
  await runtime.clock.pass(10_000);
  expect(runtime.values('t').length).toBeGreaterThan(before + 50);
  leaseBeyond.set('expired');
  const atEnd = runtime.values('t').length;
  await runtime.clock.pass(10_000);
  expect(runtime.values('t')).toHaveLength(atEnd);
  expect(rig.failure).toBeUndefined();
});

const source = sourceOf(() => ({ start: () => {}, poll: async () => null, stop: () => {} }));
const sink = sinkOf(() => ({ start: () => {}, put: () => {}, stop: () => {} }));

test.each([
  ['a source', source, continueFencedMs],
  ['a source that releases what it has read', { ...source, movesExternalCursor: true }, undefined],
  ['a sink', sink, undefined],
  ['a sink whose effects are fenced', { ...sink, effectsAreFenced: true }, continueFencedMs],
])('%s', async (_what, plugin, beyondMs) => {
  const runtime = new RuntimeUnderTest({ plugin, options: { continueFencedMs } });
  expect(runtime.rig().beyondMs).toBe(beyondMs);
  // By default nothing does.
  expect(new RuntimeUnderTest({ plugin }).rig().beyondMs).toBeUndefined();
});

test('nothing goes on where the log does not fence', () => {
  const runtime = ticking();
  runtime.log.capabilities = { ...runtime.log.capabilities, fencing: false };
  expect(runtime.rig().beyondMs).toBeUndefined();
});
