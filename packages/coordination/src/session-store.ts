/**
 * Sessions of people who signed in with a browser, so that every coordinator knows them. What is in one is its owner's
 * business; it is kept under a hash of what the browser has, so that whoever reads the store has no session by that.
 */
export interface KeptSession {
  readonly session: string;
  /** Whose it is. */
  readonly owner: string;
  readonly keptMs: number;
}

export interface SessionStore {
  /** Beyond the most that are kept, of an owner or of all, the one that would end first ends. */
  put(id: string, kept: KeptSession): Promise<void>;
  get(id: string): Promise<string | undefined>;
  remove(id: string): Promise<void>;
}

export const sessionsMax = 5_000;
/** So that nobody signs others out by signing in. */
export const sessionsOfOwnerMax = 100;
