/** One seed, from its scenario to what it showed; in a thread of its own, or not. */
import type { ReplacedFiles } from './redis/script-book.ts';
import { generateScenario } from './world/generate-scenario.ts';
import type { Scenario } from './world/scenario.ts';
import { shrink } from './world/shrink.ts';
import { type SimulationResult, simulate } from './world/simulate.ts';

export interface SeedFailure {
  readonly result: SimulationResult;
  /** The shortest that was found to violate the same invariant. */
  readonly scenario: Scenario;
}

export interface SeedRun {
  readonly seed: number;
  readonly result: SimulationResult;
  readonly failure: SeedFailure | undefined;
}

export interface SeedOptions {
  readonly seed: number;
  readonly minutes: number;
  /** Runs to make a failing scenario shorter; 0: leave it as it is. */
  readonly shrinkRunsMax: number;
  readonly scripts?: ReplacedFiles;
  readonly keepsTrace?: boolean;
}

export async function runSeed(options: SeedOptions): Promise<SeedRun> {
  const { seed, minutes, shrinkRunsMax, keepsTrace = false } = options;
  const simulation = {
    forMs: minutes * 60_000,
    ...(options.scripts ? { scripts: options.scripts } : {}),
  };
  const scenario = generateScenario(seed, minutes);
  const result = await simulate(scenario, { ...simulation, keepsTrace });
  const { violation } = result;
  if (!violation) return { seed, result, failure: undefined };
  const shortest = await shrink(
    scenario,
    async (candidate) =>
      (await simulate(candidate, simulation)).violation?.invariant === violation.invariant,
    shrinkRunsMax,
  );
  const shown = await simulate(shortest, simulation);
  return { seed, result, failure: { result: shown, scenario: shortest } };
}
