import { readScriptFile } from '@sluice/coordination-redis/script-source';
import { expect, test } from 'vitest';
import { reportText } from '../../src/report-text.ts';
import { runSeeds } from '../../src/run-seeds.ts';
import { generateScenario } from '../../src/world/generate-scenario.ts';
import { simulate } from '../../src/world/simulate.ts';

test('the same seed gives the same trace, to the letter', { timeout: 30_000 }, async () => {
  for (const seed of [7, 8]) {
    const first = await simulate(generateScenario(seed, 4), { forMs: 240_000 });
    const second = await simulate(generateScenario(seed, 4), { forMs: 240_000 });
    expect(second.hash).toBe(first.hash);
    expect(second.steps).toBe(first.steps);
    expect(first.effects).toBeGreaterThan(20);
  }
});

test('another seed gives another trace', { timeout: 30_000 }, async () => {
  const [one, other] = [await hashOf(9), await hashOf(10)];
  expect(one).not.toBe(other);
});

test('no invariant is violated in two dozen seeds', { timeout: 180_000 }, async () => {
  const context = { seed: 1, minutes: 10, tookMs: 0, seedsForCoverage: Number.POSITIVE_INFINITY };
  const report = await runSeeds({ seed: 1, seeds: 24, minutes: 10, jobs: 2, shrinkRunsMax: 60 });
  expect(report.failures, reportText(report, context)).toEqual([]);
  expect(report.virtualMinutes).toBeGreaterThan(216);
});

test('a guard that is taken out of a script is noticed', { timeout: 60_000 }, async () => {
  const script = 'claim.lua';
  const guard = "if owner ~= incarnation or current ~= fence then return 'stale' end";
  const text = readScriptFile(script).replace(guard, '');
  expect(text).not.toBe(readScriptFile(script));
  const report = await runSeeds({
    seed: 1,
    seeds: 40,
    minutes: 10,
    jobs: 2,
    shrinkRunsMax: 0,
    scripts: new Map([[script, text]]),
  });
  // Somebody may act who was given nothing, or under a fence that is over.
  expect(report.failures[0]?.result.violation?.invariant).toMatch(/^I[123]$/);
});

async function hashOf(seed: number): Promise<string> {
  return (await simulate(generateScenario(seed, 1), { forMs: 60_000 })).hash;
}
