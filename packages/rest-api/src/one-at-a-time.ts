/**
 * Work on the same name, one piece after the other: none has to be tried again because of the others. Who gives up
 * waiting has begun nothing, and lets nobody pass those before.
 */
export class OneAtATime {
  readonly #last = new Map<string, Promise<unknown>>();

  /** `wait` bounds how long is waited for those before; what it rejects with is the answer then. */
  async run<Result>(
    name: string,
    wait: (before: Promise<unknown>) => Promise<unknown>,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const before = this.#last.get(name) ?? Promise.resolve();
    const mine = wait(before).then(work);
    const all = Promise.allSettled([before, mine]);
    this.#last.set(name, all);
    void all.then(() => {
      if (this.#last.get(name) === all) this.#last.delete(name);
    });
    return await mine;
  }
}
