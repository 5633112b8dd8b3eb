/** What a database holds, in a form that is the same for the same contents: to compare, and to hash. */
import type { Database, Entry } from './database.ts';
import { never } from './database.ts';
import { idText } from './stream.ts';

export interface KeyPicture {
  readonly type: Entry['kind'];
  /** A text, or rows of texts in an order of their own. */
  readonly value: string | readonly (readonly string[])[];
  readonly expiresAtMs?: number;
}

/** By key, in the order of the keys. */
export function pictureOf(database: Database): Record<string, KeyPicture> {
  const keys = [...database.entries.keys()].toSorted();
  return Object.fromEntries(
    keys.flatMap((key) => {
      const entry = database.get(key);
      return entry ? [[key, keyPicture(entry)]] : [];
    }),
  );
}

function keyPicture(entry: Entry): KeyPicture {
  const picture = { type: entry.kind, value: contents(entry) };
  return entry.expiresAtMs === never ? picture : { ...picture, expiresAtMs: entry.expiresAtMs };
}

function contents(entry: Entry): KeyPicture['value'] {
  switch (entry.kind) {
    case 'string':
      return entry.value;
    case 'hash':
      return [...entry.value].toSorted(([a], [b]) => (a < b ? -1 : 1));
    case 'set':
      return [...entry.value].toSorted().map((member) => [member]);
    case 'zset':
      return entry.value.slice(0, Infinity).map(({ member, score }) => [member, `${score}`]);
    case 'stream':
      return entry.value.entries.map(({ id, flat }) => [idText(id), ...flat]);
  }
}

/** Hashes a database again and again, at the cost of what was written since. */
export class PictureHash {
  readonly #database: Database;
  readonly #hashes = new Map<string, number>();
  #sum = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Whole, below 2^53; independent of the order in which keys were written. */
  value(): number {
    const { changed } = this.#database;
    if (this.#database.isUnknown) {
      this.#database.isUnknown = false;
      for (const key of [...this.#hashes.keys(), ...this.#database.entries.keys()])
        changed.add(key);
    }
    for (const key of changed) this.#renew(key);
    changed.clear();
    return this.#sum;
  }

  #renew(key: string): void {
    const before = this.#hashes.get(key) ?? 0;
    const entry = this.#database.get(key);
    const now = entry ? hashOf(key + JSON.stringify(keyPicture(entry))) : 0;
    if (entry) this.#hashes.set(key, now);
    else this.#hashes.delete(key);
    this.#sum = (this.#sum - before + now + modulus) % modulus;
  }
}

/** Sums of two stay exact. */
const modulus = 2 ** 52;

/** cyrb53: two rounds of multiplication a character. */
function hashOf(text: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 2 ** 32 * (low & 0xfffff) + (high >>> 0);
}
