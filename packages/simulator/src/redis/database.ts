/**
 * The keys of one Redis. Every write goes through one of its methods, which note how to undo it and that the
 * key's picture has changed. A key whose time is up is deleted at the beginning of the next command, whatever
 * key that is about; time stands still within a command and a script, as in Redis.
 */
import type { History, Undo } from './history.ts';
import { wrongType } from './reply-error.ts';
import { SortedSet } from './sorted-set.ts';
import { idText, type Stream, type StreamEntry, type StreamId } from './stream.ts';

interface Contents {
  readonly string: string;
  readonly hash: Map<string, string>;
  readonly set: Set<string>;
  readonly zset: SortedSet;
  readonly stream: Stream;
}

export type Kind = keyof Contents;

export type Entry = {
  [K in Kind]: { readonly kind: K; readonly value: Contents[K]; readonly expiresAtMs: number };
}[Kind];

/** Of a key that does not expire. */
export const never = Infinity;

export class Database {
  nowMicros = 0;
  nowMs = 0;
  /** In [0, 1). */
  readonly random: () => number;
  /** Keys written since somebody looked, and cleared this. */
  readonly changed = new Set<string>();
  /** Any key may have changed. */
  isUnknown = true;
  readonly #history: History;
  readonly #entries = new Map<string, Entry>();
  #nextExpiryMs = never;
  #ageMs = 0;

  constructor(history: History, random: () => number) {
    this.#history = history;
    this.random = random;
  }

  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries;
  }

  /** `micros` may jump; `ageMs` is the time by which the history forgets, and only grows. */
  beginCommand(micros: number, ageMs: number): void {
    this.nowMicros = micros;
    this.nowMs = Math.floor(micros / 1_000);
    this.#ageMs = ageMs;
    if (this.nowMs > this.#nextExpiryMs) this.#expire();
  }

  revertTo(point: number): void {
    this.#history.revertTo(point);
    this.isUnknown = true;
    // Keys may be back whose time is up.
    this.#nextExpiryMs = -Infinity;
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  string(key: string): string | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.kind !== 'string') throw wrongType();
    return entry.value;
  }

  hash(key: string): Map<string, string> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.kind !== 'hash') throw wrongType();
    return entry.value;
  }

  set(key: string): Set<string> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.kind !== 'set') throw wrongType();
    return entry.value;
  }

  sortedSet(key: string): SortedSet | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.kind !== 'zset') throw wrongType();
    return entry.value;
  }

  stream(key: string): Stream | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.kind !== 'stream') throw wrongType();
    return entry.value;
  }

  put(key: string, entry: Entry): void {
    const before = this.#entries.get(key);
    this.#entries.set(key, entry);
    if (entry.expiresAtMs < this.#nextExpiryMs) this.#nextExpiryMs = entry.expiresAtMs;
    this.#note(
      key,
      before ? () => this.#entries.set(key, before) : () => this.#entries.delete(key),
    );
  }

  putString(key: string, value: string, expiresAtMs: number): void {
    this.put(key, { kind: 'string', value, expiresAtMs });
  }

  delete(key: string): boolean {
    const before = this.#entries.get(key);
    if (!before) return false;
    this.#entries.delete(key);
    this.#note(key, () => this.#entries.set(key, before));
    return true;
  }

  clear(): void {
    for (const key of this.#entries.keys()) this.delete(key);
  }

  /** Whether the field is new. */
  setField(key: string, field: string, value: string): boolean {
    let hash = this.hash(key);
    if (!hash) {
      hash = new Map();
      this.put(key, { kind: 'hash', value: hash, expiresAtMs: never });
    }
    const fields = hash;
    const before = fields.get(field);
    if (before === value) return false;
    fields.set(field, value);
    this.#note(
      key,
      before === undefined ? () => fields.delete(field) : () => fields.set(field, before),
    );
    return before === undefined;
  }

  deleteField(key: string, field: string): boolean {
    const hash = this.hash(key);
    const before = hash?.get(field);
    if (!hash || before === undefined) return false;
    hash.delete(field);
    this.#note(key, () => hash.set(field, before));
    if (hash.size === 0) this.delete(key);
    return true;
  }

  addMember(key: string, member: string): boolean {
    let set = this.set(key);
    if (!set) {
      set = new Set();
      this.put(key, { kind: 'set', value: set, expiresAtMs: never });
    }
    const members = set;
    if (members.has(member)) return false;
    members.add(member);
    this.#note(key, () => members.delete(member));
    return true;
  }

  deleteMember(key: string, member: string): boolean {
    const set = this.set(key);
    if (!set?.delete(member)) return false;
    this.#note(key, () => set.add(member));
    if (set.size === 0) this.delete(key);
    return true;
  }

  /** Whether the member is new. */
  setScore(key: string, member: string, score: number): boolean {
    let set = this.sortedSet(key);
    if (!set) {
      set = new SortedSet();
      this.put(key, { kind: 'zset', value: set, expiresAtMs: never });
    }
    const members = set;
    const before = members.score(member);
    if (before === score) return false;
    members.set(member, score);
    this.#note(
      key,
      before === undefined ? () => members.delete(member) : () => members.set(member, before),
    );
    return before === undefined;
  }

  deleteScore(key: string, member: string): boolean {
    const set = this.sortedSet(key);
    const before = set?.score(member);
    if (!set || before === undefined) return false;
    set.delete(member);
    this.#note(key, () => set.set(member, before));
    if (set.size === 0) this.delete(key);
    return true;
  }

  /** A stream stays when it is empty. */
  appendEntry(key: string, entry: StreamEntry): void {
    let stream = this.stream(key);
    if (!stream) {
      stream = { entries: [], lastId: { ms: 0, number: 0 } };
      this.put(key, { kind: 'stream', value: stream, expiresAtMs: never });
    }
    const target = stream;
    const before: StreamId = target.lastId;
    target.entries.push(entry);
    target.lastId = entry.id;
    this.#note(key, () => {
      target.entries.pop();
      target.lastId = before;
    });
  }

  deleteEntry(key: string, id: string): boolean {
    const stream = this.stream(key);
    const place = stream?.entries.findIndex((entry) => idText(entry.id) === id) ?? -1;
    if (!stream || place < 0) return false;
    const removed = stream.entries.splice(place, 1);
    this.#note(key, () => stream.entries.splice(place, 0, ...removed));
    return true;
  }

  /** Removes the oldest entries. */
  trimStream(key: string, count: number): void {
    const stream = this.stream(key);
    if (!stream || count <= 0) return;
    const removed = stream.entries.splice(0, count);
    this.#note(key, () => stream.entries.unshift(...removed));
  }

  #note(key: string, undo: Undo): void {
    this.changed.add(key);
    this.#history.note(undo, this.#ageMs);
  }

  #expire(): void {
    this.#nextExpiryMs = never;
    for (const [key, entry] of this.#entries) {
      if (this.nowMs > entry.expiresAtMs) this.delete(key);
      else if (entry.expiresAtMs < this.#nextExpiryMs) this.#nextExpiryMs = entry.expiresAtMs;
    }
  }
}
