/** Checked reading of a script's reply: what is not as its header says is an error that names it. */
import { SluiceError } from '@sluice/kernel';

export class Reply {
  readonly #source: string;
  readonly #value: unknown;

  constructor(source: string, value: unknown) {
    this.#source = source;
    this.#value = value;
  }

  is(status: string): boolean {
    return this.#value === status;
  }

  /** One of the named statuses. */
  status<const Status extends string>(...known: readonly Status[]): Status {
    return known.find((status) => status === this.#value) ?? this.#malformed(known.join(' | '));
  }

  text(): string {
    return typeof this.#value === 'string' ? this.#value : this.#malformed('a text');
  }

  optionalText(): string | undefined {
    return this.#value === null ? undefined : this.text();
  }

  integer(): number {
    const value = typeof this.#value === 'string' ? Number(this.#value) : this.#value;
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    return this.#malformed('an integer');
  }

  isList(): boolean {
    return Array.isArray(this.#value);
  }

  list(): Reply[] {
    return this.#items().map((item) => new Reply(this.#source, item));
  }

  /** Item of a list that must be there. */
  at(index: number): Reply {
    const items = this.#items();
    return index < items.length
      ? new Reply(this.#source, items[index])
      : this.#malformed(`a list of ${index + 1} or more`);
  }

  /** A flat list, cut into rows; from an item on. */
  rows(width: number, from = 0): Reply[] {
    const items = this.#items();
    if ((items.length - from) % width !== 0) this.#malformed(`a list in rows of ${width}`);
    const rows: Reply[] = [];
    for (let start = from; start < items.length; start += width) {
      rows.push(new Reply(this.#source, items.slice(start, start + width)));
    }
    return rows;
  }

  #items(): readonly unknown[] {
    return Array.isArray(this.#value) ? this.#value : this.#malformed('a list');
  }

  json(): unknown {
    try {
      return JSON.parse(this.text());
    } catch {
      return this.#malformed('JSON');
    }
  }

  #malformed(expected: string): never {
    // Not the reply itself: it may contain configuration values.
    const kind = Array.isArray(this.#value)
      ? `a list of ${this.#value.length}`
      : typeof this.#value;
    throw new SluiceError(
      'store.malformed_reply',
      `script ${this.#source} answered ${kind} where ${expected} was expected: ` +
        'is another version of Sluice at work in this Redis?',
      { details: { script: this.#source } },
    );
  }
}
