/**
 * Which tables a snapshot still has to read, and from which key on. Pure: no I/O, no time.
 *
 *     waiting ──next──▶ open (read up to a key) ──finish──▶ done
 *
 * A large table may be split into parts by its key, each of which is read as a table is. Several may be open at once, each
 * with its own reader. The progress is one text that goes into the offset, so that a snapshot goes on where it was after a
 * crash. Tables are read in the order of their names, so that most of what is done is said by one name.
 */

/** The values of a key, or of its first columns, as texts. */
export type KeyTexts = readonly string[];

interface StoredPart {
  /** The key is greater than these values, if there are some. */
  readonly from?: KeyTexts | undefined;
  /** It is at most these. */
  readonly upTo?: KeyTexts | undefined;
  /** Of the last row that was read. */
  readonly after?: KeyTexts | null | undefined;
}

interface Progress {
  /** All tables are done. */
  readonly complete?: boolean;
  /** All tables before this one are done. */
  readonly before?: string;
  /** Those after it that are done. */
  readonly done?: readonly string[];
  /** Keys up to which tables are read; null: none yet, or a table that cannot be read in parts. */
  readonly open?: Readonly<Record<string, KeyTexts | null>>;
  /** Of split tables that were begun: the parts that are not done. */
  readonly parts?: Readonly<Record<string, readonly StoredPart[]>>;
}

/** What a reader reads next: a table, or a part of it. */
export interface TableToRead {
  readonly table: string;
  /** The key of the last row that was read, as texts. */
  readonly after: KeyTexts | undefined;
  /** Bounds of the part: more than the first one, at most the second one. */
  readonly from: KeyTexts | undefined;
  readonly upTo: KeyTexts | undefined;
}

interface Part extends TableToRead {
  lastKey: KeyTexts | null;
  /** Somebody reads it. */
  isTaken: boolean;
}

export class SnapshotPlan {
  readonly #waiting: string[];
  /** Of the tables that wait or are open: what is not done of them. */
  readonly #parts = new Map<string, Part[]>();
  readonly #split = new Set<string>();
  readonly #begun = new Set<string>();
  readonly #tables: readonly string[];
  readonly #done: Set<string>;

  /** @throws SyntaxError for a progress that is none of this plan. */
  constructor(tables: readonly string[], progress?: string) {
    this.#tables = tables.toSorted();
    const { before = '', complete = false, done = [], open = {}, parts = {} } = parse(progress);
    const isBegun = (table: string): boolean =>
      Object.hasOwn(open, table) || Object.hasOwn(parts, table);
    const isDone = (table: string): boolean =>
      complete || (!isBegun(table) && (done.includes(table) || (before !== '' && table < before)));
    this.#done = new Set(this.#tables.filter(isDone));
    this.#waiting = this.#tables.filter((table) => !this.#done.has(table));
    for (const table of this.#waiting) {
      const stored = parts[table] ?? [{ after: open[table] }];
      this.#parts.set(
        table,
        stored.map((part) => partOf(table, part)),
      );
      if (parts[table]) this.#split.add(table);
      if (isBegun(table)) this.#begun.add(table);
    }
  }

  /** Tables of which nothing was read, so that they may be split. */
  get untouched(): readonly string[] {
    return this.#waiting.filter((table) => !this.#begun.has(table));
  }

  /** So many readers have something to do. */
  get readersMax(): number {
    return this.#waiting.reduce((sum, table) => sum + (this.#parts.get(table)?.length ?? 0), 0);
  }

  /** Parts of an untouched table: up to each of the bounds, which ascend, and what comes after the last one. */
  split(table: string, bounds: readonly KeyTexts[]): void {
    if (bounds.length === 0) return;
    this.#split.add(table);
    this.#parts.set(
      table,
      [...bounds, undefined].map((upTo, index) => partOf(table, { from: bounds[index - 1], upTo })),
    );
  }

  /** The next table, or part of one, that nobody reads; undefined when there is none. */
  next(): TableToRead | undefined {
    for (const table of this.#waiting) {
      const part = this.#parts.get(table)?.find((each) => !each.isTaken);
      if (!part) continue;
      part.isTaken = true;
      this.#begun.add(table);
      return part;
    }
    return undefined;
  }

  /** Rows were read up to this key; without one they have to be read again after a crash. */
  advance(read: TableToRead, key: KeyTexts | undefined): void {
    const part = this.#parts.get(read.table)?.find((each) => each === read);
    if (part) part.lastKey = key ?? null;
  }

  finish(read: TableToRead): void {
    const { table } = read;
    const left = (this.#parts.get(table) ?? []).filter((part) => part !== read);
    this.#parts.set(table, left);
    if (left.length > 0) return;
    this.#parts.delete(table);
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
    const begun = this.#waiting.filter((table) => this.#begun.has(table));
    const open = begun
      .filter((table) => !this.#split.has(table))
      .map((table) => [table, this.#parts.get(table)?.[0]?.lastKey ?? null] as const);
    const parts = begun
      .filter((table) => this.#split.has(table))
      .map((table) => [table, (this.#parts.get(table) ?? []).map(storedOf)] as const);
    const progress: Progress = {
      ...(first === undefined ? { complete: true } : { before: first }),
      ...(done.length > 0 ? { done } : {}),
      ...(open.length > 0 ? { open: Object.fromEntries(open) } : {}),
      ...(parts.length > 0 ? { parts: Object.fromEntries(parts) } : {}),
    };
    return JSON.stringify(progress);
  }
}

/** A table has its size in bytes; smaller parts are not worth a query of their own. */
const partBytesMin = 16 * 1024 * 1024;

/** Into how many parts a table is split, so that readers end at about the same time. */
export function partsOf(bytes: number, readers: number): number {
  return readers < 2 ? 1 : Math.max(1, Math.min(readers * 2, Math.floor(bytes / partBytesMin)));
}

function partOf(table: string, { after, from, upTo }: StoredPart): Part {
  const lastKey = after ?? null;
  return { table, from, upTo, after: after ?? undefined, lastKey, isTaken: false };
}

function storedOf({ from, lastKey, upTo }: Part): StoredPart {
  return {
    ...(from ? { from } : {}),
    ...(upTo ? { upTo } : {}),
    ...(lastKey ? { after: lastKey } : {}),
  };
}

function parse(text: string | undefined): Progress {
  return text === undefined || text === '' ? {} : (JSON.parse(text) as Progress);
}
