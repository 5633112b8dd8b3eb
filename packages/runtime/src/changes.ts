/** Lets loops wait for "something changed" without losing a change that came before they began to wait. */
export class Changes {
  #version = 0;
  #next: PromiseWithResolvers<void> | undefined;

  /** To be read before the state is looked at. */
  get version(): number {
    return this.#version;
  }

  notify(): void {
    this.#version += 1;
    const next = this.#next;
    this.#next = undefined;
    next?.resolve();
  }

  /** Resolves after the next change, at once if there was one since `version`. */
  after(version: number): Promise<void> {
    if (version !== this.#version) return Promise.resolve();
    this.#next ??= Promise.withResolvers<void>();
    return this.#next.promise;
  }
}
