/**
 * Lua's values in JavaScript: nil is undefined, strings are JavaScript's (scripts see text only, so nobody
 * minds that lengths are in UTF-16 units), several values at once are an array, which is no value itself.
 */
import { LuaError } from './lua-error.ts';

export type LuaValue = undefined | boolean | number | string | LuaTable | LuaFunction;
export type LuaValues = readonly LuaValue[];
/** Returns one value as it is, and none or several in an array. */
export type LuaFunction = (...args: LuaValue[]) => LuaValue | LuaValues;

/** A table: a sequence is an array, everything else is beside it. */
export class LuaTable {
  /** Of the keys 1, 2, …; may contain nil. */
  readonly array: LuaValue[];
  #others: Map<LuaValue, LuaValue> | undefined;

  /** Takes the array for its own. */
  constructor(array: LuaValue[] = []) {
    this.array = array;
  }

  get(key: LuaValue): LuaValue {
    if (typeof key === 'number') {
      const item = this.array[key - 1];
      if (item !== undefined) return item;
    }
    return this.#others?.get(key);
  }

  set(key: LuaValue, value: LuaValue): void {
    const { array } = this;
    if (typeof key === 'number' && key > 0 && key <= array.length && Number.isInteger(key)) {
      array[key - 1] = value;
      if (value === undefined && key === array.length) this.#trim();
    } else if (key === array.length + 1 && value !== undefined) {
      array.push(value);
      this.#moveFromOthers();
    } else {
      this.#setOther(key, value);
    }
  }

  /** `t[#t + 1] = value` */
  append(value: LuaValue): void {
    const { array } = this;
    const isSequence = array.length === 0 || array[array.length - 1] !== undefined;
    if (isSequence && !this.#others && value !== undefined) array.push(value);
    else this.set(this.length() + 1, value);
  }

  /** A border: where there are holes, the one that Lua's own search finds. */
  length(): number {
    const { array } = this;
    let border = array.length;
    if (border === 0 || array[border - 1] !== undefined) return border;
    let filled = 0;
    while (border - filled > 1) {
      const middle = (filled + border) >> 1;
      if (array[middle - 1] === undefined) border = middle;
      else filled = middle;
    }
    return filled;
  }

  /** Of `next`: in the order of the sequence, then in the order in which keys were first set. */
  *pairs(): Generator<readonly [key: LuaValue, value: LuaValue]> {
    for (let index = 0; index < this.array.length; index++) {
      const value = this.array[index];
      if (value !== undefined) yield [index + 1, value];
    }
    if (this.#others) yield* this.#others;
  }

  /** Of the pair after a key, or of the first; none after the last. */
  next(key: LuaValue): LuaValues {
    let isReached = key === undefined;
    for (const pair of this.pairs()) {
      if (isReached) return pair;
      isReached = pair[0] === key;
    }
    if (isReached) return [undefined];
    throw new LuaError("invalid key to 'next'");
  }

  #setOther(key: LuaValue, value: LuaValue): void {
    if (key === undefined) throw new LuaError('table index is nil');
    if (Number.isNaN(key)) throw new LuaError('table index is NaN');
    if (value === undefined) {
      this.#others?.delete(key);
    } else {
      this.#others ??= new Map();
      this.#others.set(key, value);
    }
  }

  #trim(): void {
    while (this.array.length > 0 && this.array[this.array.length - 1] === undefined) {
      this.array.pop();
    }
  }

  #moveFromOthers(): void {
    if (!this.#others) return;
    for (;;) {
      const next = this.#others.get(this.array.length + 1);
      if (next === undefined) break;
      this.#others.delete(this.array.length + 1);
      this.array.push(next);
    }
  }
}
