/** A loss that no revision shows: workers have brought the store to a higher one before its leader looks again. */
import { expect, test } from 'vitest';

import type { Scenario } from '../../src/world/scenario.ts';
import { simulate } from '../../src/world/simulate.ts';

function scenario(seed: number): Scenario {
  return {
    seed,
    shape: {
      workers: ['w1', 'w2', 'w3'],
      coordinators: ['c1', 'c2'],
      rates: {},
      movement: 'minimal',
      journal: true,
      continueFencedMs: 0,
      upgrades: false,
      connectors: [{ name: 'fenced-a', tasks: 6 }],
    },
    waves: [
      {
        forMs: 15_000,
        probe: { kind: 'steady' },
        operations: [
          { afterMs: 3_000, op: 'redis-loses', script: 'apply-request', withinMs: 20 },
          {
            afterMs: 3_001,
            op: 'request',
            body: { op: 'target', connector: 'fenced-a', state: 'PAUSED' },
            repeats: false,
          },
        ],
      },
    ],
  };
}

test('a pause that Redis forgot within milliseconds is in force all the same', {
  timeout: 30_000,
}, async () => {
  let lost = 0;
  for (let seed = 1; seed <= 6; seed++) {
    const { violation, coverage } = await simulate(scenario(seed), { forMs: 60_000 });
    expect(violation, `seed ${seed}`).toBeUndefined();
    lost += coverage.get('lost: apply-request') ?? 0;
  }
  expect(lost).toBe(6);
});
