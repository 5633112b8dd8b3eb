/**
 * Work whose result must not be older than the question: all that ask while a run is under way share the next one,
 * so that many that ask at the same time cost two runs.
 */
export class SharedRun<Result> {
  readonly #work: () => Promise<Result>;
  #running: Promise<unknown> | undefined;
  #next: Promise<Result> | undefined;

  constructor(work: () => Promise<Result>) {
    this.#work = work;
  }

  /** The result of a run that begins after this call. Rejects as it does. */
  ask(): Promise<Result> {
    this.#next ??= this.#begin();
    return this.#next;
  }

  async #begin(): Promise<Result> {
    // Also without a run under way: who asks in this turn of the event loop takes part.
    await this.#running?.catch(() => {});
    this.#next = undefined;
    const run = this.#work();
    this.#running = run;
    return await run;
  }
}
