import { expect, test } from 'vitest';

import { type ScaleResult, simulateScale } from '../src/scale/simulate-scale.ts';

test('a cluster twice as large takes twice the scripts, and no longer to recover', {
  timeout: 90_000,
}, async () => {
  const small = await simulateScale({ seed: 1, workers: 30, tasks: 3_000 });
  const large = await simulateScale({ seed: 1, workers: 60, tasks: 6_000 });
  expect(small.violation).toBeUndefined();
  expect(large.violation).toBeUndefined();
  for (const name of ['cold start', 'rest', 'a worker died', 'a worker joined']) {
    const [before, after] = [phaseOf(small, name), phaseOf(large, name)];
    expect(after.count / before.count, name).toBeLessThan(3);
    expect(after.virtualMs / before.virtualMs, name).toBeLessThan(2);
  }
});

function phaseOf({ phases }: ScaleResult, wanted: string) {
  const phase = phases.find(({ name }) => name === wanted);
  if (!phase) throw new Error(`there is no phase "${wanted}"`);
  const count = Object.values(phase.scripts).reduce((sum, each) => sum + each, 0);
  return { count, virtualMs: phase.virtualMs };
}
