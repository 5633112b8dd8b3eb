/**
 * V8 13.6 (Node 24) reads a wrong key where a key has an escape: after `{"\\":1}`, `{"\"":1}` is read as
 * `{"\\":1}`, since the key that came before at this place is compared with the text before its escapes are
 * resolved. A text with such a key, and only such a text, is read by hand.
 */

import { depthMax } from './json-depth.ts';

/** Whether an object in a JSON text has a key with an escape; may be wrong for what is no JSON. */
export function hasEscapedKey(text: string): boolean {
  let at = text.indexOf('\\');
  while (at !== -1) {
    const end = endOfString(text, at);
    if (text.charCodeAt(skipSpace(text, end)) === colon) return true;
    at = text.indexOf('\\', end);
  }
  return false;
}

/**
 * Reads a text that JSON.parse takes.
 * @param toNumber what a number in the text becomes
 * @throws RangeError when it is nested deeper than Jackson allows
 */
export function parseByHand(text: string, toNumber: (source: string) => unknown): unknown {
  return new HandParser(text, toNumber).value(0);
}

const colon = 0x3a;
const quote = 0x22;
const backslash = 0x5c;

class HandParser {
  readonly #text: string;
  readonly #toNumber: (source: string) => unknown;
  #at = 0;

  constructor(text: string, toNumber: (source: string) => unknown) {
    this.#text = text;
    this.#toNumber = toNumber;
  }

  value(depth: number): unknown {
    if (depth > depthMax)
      throw new RangeError(`JSON that is nested deeper than ${String(depthMax)}`);
    switch (this.#peek()) {
      case '{':
        return this.#object(depth + 1);
      case '[':
        return this.#array(depth + 1);
      case '"':
        return this.#string();
      default:
        return this.#literal();
    }
  }

  #object(depth: number): unknown {
    const entries: [string, unknown][] = [];
    this.#at += 1;
    while (this.#peek() !== '}') {
      if (this.#peek() === ',') this.#at += 1;
      this.#peek();
      const key = this.#string();
      // The colon.
      this.#peek();
      this.#at += 1;
      entries.push([key, this.value(depth)]);
    }
    this.#at += 1;
    return Object.fromEntries(entries);
  }

  #array(depth: number): unknown {
    const elements: unknown[] = [];
    this.#at += 1;
    while (this.#peek() !== ']') {
      if (this.#peek() === ',') this.#at += 1;
      elements.push(this.value(depth));
    }
    this.#at += 1;
    return elements;
  }

  #string(): string {
    const end = endOfString(this.#text, this.#at + 1);
    const text = JSON.parse(this.#text.slice(this.#at, end)) as string;
    this.#at = end;
    return text;
  }

  #literal(): unknown {
    const start = this.#at;
    while (this.#at < this.#text.length && /[\w+.-]/.test(this.#text.charAt(this.#at)))
      this.#at += 1;
    const source = this.#text.slice(start, this.#at);
    return /^[-\d]/.test(source) ? this.#toNumber(source) : JSON.parse(source);
  }

  #peek(): string {
    this.#at = skipSpace(this.#text, this.#at);
    return this.#text.charAt(this.#at);
  }
}

/** Behind the quote that ends the string in which `at` is. */
function endOfString(text: string, at: number): number {
  let index = at;
  while (index < text.length && text.charCodeAt(index) !== quote)
    index += text.charCodeAt(index) === backslash ? 2 : 1;
  return index + 1;
}

function skipSpace(text: string, at: number): number {
  let index = at;
  while (index < text.length && text.charCodeAt(index) <= 0x20) index += 1;
  return index;
}
