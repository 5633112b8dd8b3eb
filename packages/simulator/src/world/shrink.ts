/**
 * Makes a failing scenario short enough to be read: leaves out waves, then operations, then makes what is left
 * simpler, as long as the same invariant is still violated. (Delta debugging: halves first, single ones last.)
 */
import type { Operation, Scenario, Wave } from './scenario.ts';

/** Whether the scenario still violates what the first one did. */
export type StillFails = (scenario: Scenario) => Promise<boolean>;

/** `runsMax`: bounds how long it takes. */
export async function shrink(
  scenario: Scenario,
  fails: StillFails,
  runsMax: number,
): Promise<Scenario> {
  let runs = 0;
  const tries: StillFails = async (candidate) => {
    if (runs >= runsMax) return false;
    runs++;
    return fails(candidate);
  };
  let best = scenario;
  for (let before = Number.POSITIVE_INFINITY; sizeOf(best) < before; ) {
    before = sizeOf(best);
    best = await withoutWaves(best, tries);
    best = await withoutOperations(best, tries);
    best = await withoutProbes(best, tries);
    best = await withFewerConnectors(best, tries);
  }
  return best;
}

function sizeOf({ shape, waves }: Scenario): number {
  const operations = waves.reduce((sum, wave) => sum + wave.operations.length + 1, 0);
  return 100 * operations + shape.connectors.length;
}

async function withoutWaves(scenario: Scenario, fails: StillFails): Promise<Scenario> {
  const waves = await minimize(scenario.waves, (kept) => fails({ ...scenario, waves: kept }));
  return { ...scenario, waves };
}

async function withoutOperations(scenario: Scenario, fails: StillFails): Promise<Scenario> {
  const all = scenario.waves.flatMap((wave) => wave.operations);
  const keeping = (kept: readonly Operation[]): Scenario => {
    const chosen = new Set(kept);
    const waves = scenario.waves.map((wave) => ({
      ...wave,
      operations: wave.operations.filter((operation) => chosen.has(operation)),
    }));
    return { ...scenario, waves };
  };
  return keeping(await minimize(all, (kept) => fails(keeping(kept))));
}

async function withoutProbes(scenario: Scenario, fails: StillFails): Promise<Scenario> {
  let best = scenario;
  for (const [index, wave] of scenario.waves.entries()) {
    if (wave.probe.kind === 'steady') continue;
    const simpler: Wave = { ...wave, probe: { kind: 'steady' } };
    const candidate = { ...best, waves: best.waves.with(index, simpler) };
    if (await fails(candidate)) best = candidate;
  }
  return best;
}

async function withFewerConnectors(scenario: Scenario, fails: StillFails): Promise<Scenario> {
  const { shape } = scenario;
  const connectors = await minimize(shape.connectors, (kept) =>
    fails({ ...scenario, shape: { ...shape, connectors: kept } }),
  );
  return { ...scenario, shape: { ...shape, connectors } };
}

/** The items without which it does not fail, as far as leaving out runs of them finds that. */
async function minimize<T>(
  items: readonly T[],
  fails: (kept: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let kept = items;
  for (
    let size = Math.ceil(kept.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let from = 0; from < kept.length; ) {
      const candidate = [...kept.slice(0, from), ...kept.slice(from + size)];
      if (await fails(candidate)) kept = candidate;
      else from += size;
    }
  }
  return kept;
}
