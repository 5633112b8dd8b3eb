/** A case: what both targets have to do, and where they are meant to differ. */
import type { TargetName } from './targets/target.ts';
import type { Trial } from './trial.ts';

export interface ConformanceCase {
  /** From the general to the special: `converters: StringConverter, source`. */
  readonly title: string;
  /** The row of docs/COMPATIBILITY.md that says so, if the targets are meant to differ. */
  readonly difference?: string;
  /** It adds, ends or restarts workers: runs after all others, and beside none. */
  readonly isAlone?: true;
  /** @throws whatever says what does not hold, or SkippedCase. */
  readonly run: (trial: Trial) => Promise<void>;
}

export interface Suite {
  readonly name: string;
  /** Run only when it is asked for by name. */
  readonly isApart?: true;
  readonly cases: readonly ConformanceCase[];
}

/** Thrown by a case that cannot be run here, with what is missing. */
export class SkippedCase extends Error {
  override readonly name = 'SkippedCase';
}

export type Outcome = 'passed' | 'failed' | 'difference' | 'skipped';

export interface CaseResult {
  readonly target: TargetName;
  readonly suite: string;
  readonly title: string;
  /** `difference`: passed, and did what the row says. */
  readonly outcome: Outcome;
  readonly difference?: string;
  readonly seconds: number;
  /** Of one that failed, or was skipped. */
  readonly error?: string;
}
