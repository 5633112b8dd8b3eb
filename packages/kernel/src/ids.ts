import { customAlphabet, nanoid } from 'nanoid';

/** A new globally unique id: an incarnation, a definition uid, a request id. */
export function newId(): string {
  return nanoid();
}

const lowerCase = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyz', 6);

/** A short id for names that people read and type; unique enough within one cluster. */
export function newShortId(): string {
  return lowerCase();
}
