/**
 * What was typed and is not saved yet. It outlives its page, so that a look elsewhere, or a session that ended meanwhile,
 * costs nothing; it is kept in memory only, since it may hold secrets, and for nobody but who typed it.
 */
import { useState } from 'react';

export class Drafts {
  readonly #drafts = new Map<string, unknown>();
  #owner: string | null | undefined;

  get hasAny(): boolean {
    return this.#drafts.size > 0;
  }

  /** undefined: there is none. */
  get(key: string): unknown {
    return this.#drafts.get(key);
  }

  /** undefined: there is nothing to be lost. */
  set(key: string, draft: unknown): void {
    if (draft === undefined) this.#drafts.delete(key);
    else this.#drafts.set(key, draft);
  }

  /** `user`: null where nobody has to say who they are. */
  signedIn(user: string | null): void {
    if (user !== this.#owner) this.#drafts.clear();
    this.#owner = user;
  }
}

export const drafts = new Drafts();

export function createDraft(className: string): string {
  return `create ${className}`;
}

/** State of a component of which `isWorth` says whether it would be a loss. */
export function useDraft<T>(
  key: string,
  initial: () => T,
  isWorth: (draft: T) => boolean,
): readonly [draft: T, become: (next: T) => void] {
  const [draft, setDraft] = useState(() => (drafts.get(key) as T | undefined) ?? initial());
  const become = (next: T): void => {
    drafts.set(key, isWorth(next) ? next : undefined);
    setDraft(next);
  };
  return [draft, become];
}
