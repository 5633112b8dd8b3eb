/** Text cut where Kafka Connect's parser of values cuts it: at `: , { } [ ] "`, unless after a backslash. */
export class Tokens {
  readonly #tokens: readonly string[];
  #next = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  hasNext(): boolean {
    return this.#next < this.#tokens.length;
  }

  /** Whether anything but whitespace is left. */
  hasMore(): boolean {
    return this.#tokens.slice(this.#next).some((token) => !isBlank(token));
  }

  next(): string {
    const token = this.#tokens[this.#next] ?? '';
    this.#next += 1;
    return token;
  }

  /** The next token if it is that one. */
  take(expected: string): boolean {
    if (this.#tokens[this.#next] !== expected) return false;
    this.#next += 1;
    return true;
  }

  /** The next token but for whitespace if it is that one; whitespace before another one is skipped, too. */
  takeTrimmed(expected: string): boolean {
    if (!this.hasNext()) return false;
    while (isBlank(this.#tokens[this.#next] ?? '') && this.#next + 1 < this.#tokens.length)
      this.#next += 1;
    if (trimmed(this.#tokens[this.#next] ?? '') !== expected) return false;
    this.#next += 1;
    return true;
  }

  /** So many tokens as one text; undefined when there are not as many, and then none is taken. */
  takeAll(count: number): string | undefined {
    if (this.#next + count > this.#tokens.length) return undefined;
    const text = this.#tokens.slice(this.#next, this.#next + count).join('');
    this.#next += count;
    return text;
  }

  mark(): number {
    return this.#next;
  }

  rewindTo(mark: number): void {
    this.#next = mark;
  }
}

const delimiters = new Set(':,{}[]"');

/** A loop, since regular expressions run out of stack on long texts. */
function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  let start = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (character === '\\') {
      index += 1;
    } else if (delimiters.has(character)) {
      if (index > start) tokens.push(text.slice(start, index));
      tokens.push(character);
      start = index + 1;
    }
  }
  if (start < text.length) tokens.push(text.slice(start));
  return tokens;
}

/** As Java trims: controls too, but no other whitespace than the blank. */
export function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 0x20) start += 1;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end -= 1;
  return text.slice(start, end);
}

export function isBlank(text: string): boolean {
  return trimmed(text) === '';
}
