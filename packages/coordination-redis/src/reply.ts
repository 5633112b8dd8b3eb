/** Checked reading of a script's reply: what is not as its header says is an error that names it. */
import type { Disagreement } from '@sluice/coordination';
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

  /** A flat list of texts, from an item on. */
  texts(from = 0): string[] {
    const items = this.#items().slice(from);
    return items.every((item) => typeof item === 'string') ? items : this.#malformed('texts');
  }

  /** Fields and values in turn, or the values of the fields given; undefined if there are none. */
  hash(fields?: readonly string[]): Record<string, string> | undefined {
    const items = this.#items();
    if (items.length === 0) return undefined;
    const hash: Record<string, string> = {};
    const stride = fields ? 1 : 2;
    for (let index = 0; index < items.length; index += stride) {
      const field = fields ? fields[index] : items[index];
      const value = fields ? items[index] : items[index + 1];
      if (typeof field !== 'string') return this.#malformed('fields');
      if (typeof value === 'string') hash[field] = value;
    }
    return hash;
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

/** Of `'refused', 'protocol' | 'log', what the cluster uses`. */
export function readDisagreement(reply: Reply): Disagreement {
  const about = reply.at(1).status('protocol', 'log');
  return about === 'protocol'
    ? { about, inUse: reply.at(2).integer() }
    : { about, inUse: reply.at(2).text() };
}
