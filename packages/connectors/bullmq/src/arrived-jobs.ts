/** Jobs that readers hand over, in the order in which they come, until `take` hands them on. Bounded by what readers may hold. */
import type { HeldJob } from './queue-reader.ts';

export class ArrivedJobs {
  #jobs: HeldJob[] = [];
  #wake: (() => void) | undefined;

  add(job: HeldJob): void {
    this.#jobs.push(job);
    this.#wake?.();
  }

  /** Waits for the first; empty when the signal was aborted. */
  async take(max: number, signal: AbortSignal): Promise<readonly HeldJob[]> {
    const onAbort = (): void => this.#wake?.();
    signal.addEventListener('abort', onAbort, { once: true });
    while (this.#jobs.length === 0 && !signal.aborted)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    signal.removeEventListener('abort', onAbort);
    this.#wake = undefined;
    return signal.aborted ? [] : this.#jobs.splice(0, max);
  }
}
