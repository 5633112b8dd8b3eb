/** A hash of text that can be continued: two traces with the same hash are taken for the same. */

/** FNV-1a, 32 bits, as a signed number. */
export function hashText(text: string, start = 0): number {
  let hash = 0x811c9dc5 ^ start;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  // Short texts that differ little would else give seeds that differ little.
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return hash ^ (hash >>> 12);
}

/** 64 bits of two such sums over the same text, which start and multiply differently. */
export class TraceHash {
  #first = 0x811c9dc5;
  #second = 0x5bd1e995;

  add(text: string): void {
    let first = this.#first;
    let second = this.#second;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      first = Math.imul(first ^ code, 0x01000193);
      second = Math.imul(second ^ code, 0x2c1b3c6d);
    }
    // Where one line ends and the next begins counts, too.
    this.#first = Math.imul(first ^ 0x0a, 0x01000193) ^ (first >>> 15);
    this.#second = Math.imul(second ^ 0x0a, 0x2c1b3c6d) ^ (second >>> 13);
  }

  /** 16 hexadecimal digits. */
  get text(): string {
    return [this.#first, this.#second]
      .map((half) => (half >>> 0).toString(16).padStart(8, '0'))
      .join('');
  }
}
