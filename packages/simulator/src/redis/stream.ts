/** Entries in the order of their ids, `<ms>-<number>`. */

export interface StreamId {
  readonly ms: number;
  readonly number: number;
}

export interface StreamEntry {
  readonly id: StreamId;
  /** Fields and values in turn. */
  readonly flat: readonly string[];
}

export interface Stream {
  /** In order. */
  readonly entries: StreamEntry[];
  /** Of the last entry that there ever was. */
  lastId: StreamId;
}

export function compareIds(a: StreamId, b: StreamId): number {
  return a.ms - b.ms || a.number - b.number;
}

export function idText({ ms, number }: StreamId): string {
  return `${ms}-${number}`;
}

/** Undefined for what is no id. Without its number, an id means the first or last of its time. */
export function parseId(text: string, numberDefault: number): StreamId | undefined {
  const [, ms, number] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  if (ms === undefined) return undefined;
  return { ms: Number(ms), number: number === undefined ? numberDefault : Number(number) };
}

/** Of an entry that comes now: the time, unless the clock went back or the millisecond has one already. */
export function nextId(last: StreamId, nowMs: number): StreamId {
  return nowMs > last.ms ? { ms: nowMs, number: 0 } : { ms: last.ms, number: last.number + 1 };
}
