/** Steps of a check that is run by hand: each is one line when it is done, and its figures are kept. */
import { hasCode, SluiceError, systemClock, toError } from '@sluice/kernel';
import { type Note, note, seconds } from './progress.ts';

/** A SluiceError of this code says that a check cannot be made on this machine, and why. */
export const unavailableCode = 'check.unavailable';

export type Figures = Readonly<Record<string, number | string>>;

/** What a step found: a line for whoever watches, figures for whoever computes, a value for what follows. */
export interface Found<T> {
  readonly says: string;
  readonly figures?: Figures;
  readonly value: T;
}

export interface StepResult {
  readonly step: string;
  readonly ok: boolean;
  readonly says: string;
  readonly tookMs: number;
  readonly figures: Figures;
}

export class Checklist {
  readonly results: StepResult[] = [];
  readonly #print: Note;
  readonly #isTerminal: boolean;

  /** @param print receives the lines; what is under way is shown on a terminal only. */
  constructor(print: Note, isTerminal = process.stderr.isTTY) {
    this.#print = print;
    this.#isTerminal = isTerminal;
  }

  /** Runs a step. One that fails is told, and ends the check, since what follows builds on it. */
  async step<T>(name: string, work: () => Promise<Found<T>> | Found<T>): Promise<T> {
    const startedAtMs = systemClock.monotonicMs();
    const took = (): number => Math.round(systemClock.monotonicMs() - startedAtMs);
    if (this.#isTerminal) note(`  ${name} …`);
    try {
      const { says, figures = {}, value } = await work();
      this.#add({ step: name, ok: true, says, tookMs: took(), figures });
      return value;
    } catch (error) {
      const says = toError(error).message;
      this.#add({ step: name, ok: false, says, tookMs: took(), figures: {} });
      if (hasCode(error, unavailableCode)) throw error;
      throw new SluiceError('check.failed', `${name}: ${says}`, { cause: error });
    }
  }

  #add(result: StepResult): void {
    this.results.push(result);
    const { ok, step, says, tookMs } = result;
    this.#print(`${ok ? '✓' : '✗'} ${step}: ${says} (${seconds(tookMs)})`);
  }
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 2 : 1)} MB`;
}
