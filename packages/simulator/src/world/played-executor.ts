/**
 * What runs actors in a worker. It may hang: then nothing of it runs until it goes on. Given up, its board is
 * marked, so that no effect check in it ever succeeds again; it exits some time later.
 */
export class PlayedExecutor {
  readonly name: string;
  isAbandoned = false;
  /** Resolves when no code of it is left. */
  readonly exited: Promise<void>;
  /** When it goes on, on the clock of the world; undefined: it does not hang. */
  hungUntilMs: number | undefined;
  hasExited = false;
  readonly #resolveExited: () => void;
  #kept: (() => void)[] = [];

  constructor(name: string) {
    this.name = name;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.exited = promise;
    this.#resolveExited = resolve;
  }

  get isHung(): boolean {
    return this.hungUntilMs !== undefined;
  }

  /** Runs code of an actor, now or when it goes on; never, once it was given up. */
  enter(action: () => void): void {
    if (this.isAbandoned || this.hasExited) return;
    if (this.isHung) this.#kept.push(action);
    else action();
  }

  goOn(): void {
    this.hungUntilMs = undefined;
    const kept = this.#kept;
    this.#kept = [];
    for (const action of kept) this.enter(action);
  }

  abandon(): void {
    this.isAbandoned = true;
    this.#kept = [];
  }

  exit(): void {
    this.hasExited = true;
    this.#resolveExited();
  }
}
