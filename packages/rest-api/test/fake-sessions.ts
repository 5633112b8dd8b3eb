import type { KeptSession, SessionStore } from '@sluice/coordination';

export class FakeSessions implements SessionStore {
  readonly kept = new Map<string, string>();
  /** As a store that does not answer. */
  failure: Error | undefined;

  async put(id: string, { session }: KeptSession): Promise<void> {
    this.#answer();
    this.kept.set(id, session);
  }

  async get(id: string): Promise<string | undefined> {
    this.#answer();
    return this.kept.get(id);
  }

  async remove(id: string): Promise<void> {
    this.#answer();
    this.kept.delete(id);
  }

  #answer(): void {
    if (this.failure) throw this.failure;
  }
}
