import { customAlphabet, nanoid } from 'nanoid';

/** Where ids come from. */
export interface IdSource {
  newId(): string;
  newShortId(): string;
}

const lowerCase = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyz', 6);
const randomIds: IdSource = { newId: () => nanoid(), newShortId: () => lowerCase() };
let source = randomIds;

/** A new globally unique id: an incarnation, a definition uid, a request id. */
export function newId(): string {
  return source.newId();
}

/** A short id for names that people read and type; unique enough within one cluster. */
export function newShortId(): string {
  return source.newShortId();
}

/**
 * For what has to be repeatable to the letter, such as a simulation; see `@sluice/kernel/testing`. Counts for
 * the whole thread. Returns what puts back the source that there was.
 */
export function replaceIds(replacement: IdSource): () => void {
  const before = source;
  source = replacement;
  return () => {
    source = before;
  };
}
