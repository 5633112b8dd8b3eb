/**
 * Which tables a snapshot still has to read, and from which key on. Pure: no I/O, no time.
 *
 *     waiting ──next──▶ open (read up to a key) ──finish──▶ done
 *
 * Several tables may be open at once, each with its own reader. The progress is one text that goes into the offset,
 * so that a snapshot goes on where it was after a crash. Tables are read in the order of their names, so that most of
 * what is done is said by one name.
 */

interface Progress {
  /** All tables are done. */
  readonly complete?: boolean;
  /** All tables before this one are done. */
  readonly before?: string;
  /** Those after it that are done. */
  readonly done?: readonly string[];
  /** Keys up to which tables are read; null: none yet, or a table that cannot be read in parts. */
  readonly open?: Readonly<Record<string, readonly string[] | null>>;
}

/** What a reader reads next. */
export interface TableToRead {
  readonly table: string;
  /** The values of the key of the last row that was read, as texts. */
  readonly after: readonly string[] | undefined;
}

export class SnapshotPlan {
  readonly #waiting: string[];
  readonly #open = new Map<string, readonly string[] | null>();
  readonly #taken = new Set<string>();
  readonly #tables: readonly string[];
  readonly #done: Set<string>;

  /** @throws SyntaxError for a progress that is none of this plan. */
  constructor(tables: readonly string[], progress?: string) {
    this.#tables = tables.toSorted();
    const { before = '', complete = false, done = [], open = {} } = parseProgress(progress);
    for (const [table, key] of Object.entries(open)) this.#open.set(table, key);
    const isDone = (table: string): boolean =>
      complete ||
      (!this.#open.has(table) && (done.includes(table) || (before !== '' && table < before)));
    this.#done = new Set(this.#tables.filter(isDone));
    this.#waiting = this.#tables.filter((table) => !this.#done.has(table));
  }

  /** The next table that nobody reads; undefined when there is none. */
  next(): TableToRead | undefined {
    const table = this.#waiting.find((each) => !this.#taken.has(each));
    if (table === undefined) return undefined;
    this.#taken.add(table);
    const key = this.#open.get(table) ?? null;
    this.#open.set(table, key);
    return { table, after: key ?? undefined };
  }

  /** Rows were read up to this key; without one they have to be read again after a crash. */
  advance(table: string, key: readonly string[] | undefined): void {
    this.#open.set(table, key ?? null);
  }

  finish(table: string): void {
    this.#open.delete(table);
    this.#done.add(table);
    this.#waiting.splice(this.#waiting.indexOf(table), 1);
  }

  get isDone(): boolean {
    return this.#waiting.length === 0;
  }

  /** For the constructor of another plan. */
  progress(): string {
    const [first] = this.#waiting;
    const done = [...this.#done].filter((table) => first !== undefined && table > first);
    const progress: Progress = {
      ...(first === undefined ? { complete: true } : { before: first }),
      ...(done.length > 0 ? { done } : {}),
      ...(this.#open.size > 0 ? { open: Object.fromEntries(this.#open) } : {}),
    };
    return JSON.stringify(progress);
  }
}

function parseProgress(text: string | undefined): Progress {
  return text === undefined || text === '' ? {} : (JSON.parse(text) as Progress);
}
