/** What is done to a cluster under load, and what has to hold besides that nothing is lost. */
import type { ChaosWorld, LogKind, WorldOptions } from './world.ts';

export interface Scenario {
  /** In small letters: `kill-worker`. */
  readonly name: string;
  /** One line, for `--list` and the documentation. */
  readonly does: string;
  /** Logs on which it is another thing. */
  readonly logs: readonly LogKind[];
  /** Where it is part of `npm test`: it takes seconds, and no other test shows it. */
  readonly quickOn?: readonly LogKind[];
  /** A world of its own, unlike the one that the others share. */
  readonly world?: WorldOptions;
  /** Why it cannot run here, if it cannot. */
  readonly obstacle?: () => string | undefined;
  /** @throws when something does not hold. Afterwards the world is mended and checked. */
  readonly run: (world: ChaosWorld) => Promise<ScenarioFacts>;
}

export interface ScenarioFacts {
  /** Tasks that may have moved, or begun anew; more is a failure. Default: any. */
  readonly movesMax?: number;
  /** What is worth a word in the report. */
  readonly note?: string;
}

/** Aim of the default profile is 5 s; with room for a machine that does other things. */
export const failoverMsMax = 8_000;

export function expectThat(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}
