/**
 * Goal: whatever happens to a cluster, the fake Redis answers and holds what a real one does.
 *
 * `SLUICE_CONFORMANCE_RUNS=5000` looks longer.
 */
import { RedisCoordinationStore } from '@sluice/coordination-redis';
import { readScriptFile } from '@sluice/coordination-redis/script-source';
import { type RedisHandle, startRedis } from '@sluice/testkit';
import * as fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { ScriptBook } from '../../src/index.ts';
import { founding, type Step, stepArbitrary, takeSteps } from './steps.ts';
import { TwinRedis } from './twin-redis.ts';

let server: RedisHandle;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

/** Of the trail, the inbox, sessions, lines and loads, which are no part of the store that is asked here. */
const ofOtherAdapters =
  /^(append-audit|append-log-lines|put-in-inbox|put-session|remove-from-inbox|remove-session|role-of-user|tell-load): /;
const runs = Number(process.env.SLUICE_CONFORMANCE_RUNS ?? 150);
const stepsMax = 120;

const lives = fc.record({
  isFounded: fc.boolean(),
  steps: fc.array(stepArbitrary, { maxLength: stepsMax, size: 'max' }),
});

/** Returns the kinds of replies that scripts gave. */
async function live(steps: readonly Step[], scripts?: ScriptBook): Promise<Iterable<string>> {
  const twin = await TwinRedis.start(redis, scripts);
  const store = new RedisCoordinationStore({ redis: twin.asRedis, cluster: 'twin' });
  await takeSteps(twin, store, steps);
  return twin.fake.replies.keys();
}

test('a fake and a real Redis answer and hold the same, whatever is asked of them', {
  timeout: 60_000 + runs * 1_000,
}, async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(lives, async ({ isFounded, steps }) => {
      const all = isFounded ? [...founding, ...steps] : steps;
      for (const kind of await live(all)) seen.add(kind);
    }),
    { numRuns: runs },
  );
  // It proves little about what it never came to.
  const possible = new ScriptBook().possibleReplies.filter((kind) => !ofOtherAdapters.test(kind));
  const missed = possible.filter((kind) => !seen.has(kind));
  expect(missed.length, missed.join(', ')).toBeLessThan(possible.length / 10);
});

test('a fake that runs a script with a broken guard is told from a real Redis', async () => {
  const text = readScriptFile('claim.lua');
  const broken = text.replace("state == 'granted'", 'false');
  expect(broken).not.toBe(text);
  const scripts = new ScriptBook(new Map([['claim.lua', broken]]));
  await live(founding);
  await expect(live(founding, scripts)).rejects.toThrow(/claim/);
});
