/**
 * The quick ones of `npm run chaos` that no other test of this folder shows. Each log has one world, in which they
 * follow on each other, as there.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { runScenario } from '../chaos/run-scenario.ts';
import { scenarios } from '../chaos/scenarios/index.ts';
import { ChaosWorld, type LogKind } from '../chaos/world.ts';

const logs: readonly LogKind[] = ['redis', 'kafka'];

describe.each(logs)('with the records in %s', (log) => {
  const quick = scenarios.filter(({ quickOn }) => quickOn?.includes(log));
  let shared: ChaosWorld;

  beforeAll(async () => {
    shared = await ChaosWorld.start(log);
  });

  afterAll(async () => {
    await shared?.[Symbol.asyncDispose]();
  });

  test.each(quick)('$name: $does', async (scenario) => {
    await using own = scenario.world ? await ChaosWorld.start(log, scenario.world) : undefined;
    const { outcome, note, ...figures } = await runScenario(scenario, own ?? shared);
    console.log(note, figures);
    if (outcome === 'failed') console.log((own ?? shared).cluster.logs());
    expect({ outcome, note }).toEqual({ outcome: 'passed', note });
  });
});
