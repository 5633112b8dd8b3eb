/** What Lua's operators do with values of whatever type: coercion, and the errors where there is none. */
import { LuaError } from './lua-error.ts';
import { type LuaFunction, LuaTable, type LuaValue, type LuaValues } from './lua-table.ts';
import { numberToArgument, numberToText, textToNumber } from './numbers.ts';

/** No value at all, which is not one nil. */
export const none: LuaValues = [];

export function typeName(value: LuaValue): string {
  if (value === undefined) return 'nil';
  return value instanceof LuaTable ? 'table' : typeof value;
}

export function first(values: LuaValue | LuaValues): LuaValue {
  return Array.isArray(values) ? (values as LuaValues)[0] : (values as LuaValue);
}

export function all(values: LuaValue | LuaValues): LuaValues {
  return Array.isArray(values) ? (values as LuaValues) : [values as LuaValue];
}

/** `tonumber` */
export function toNumber(value: LuaValue): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? textToNumber(value) : undefined;
}

/** `tostring` of what has a text; tables and functions would show their address. */
export function toText(value: LuaValue): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return numberToText(value);
    case 'undefined':
      return 'nil';
    case 'boolean':
      return `${value}`;
    default:
      throw new LuaError(
        `the text of a ${typeName(value)} is its address, which nothing can rely on`,
      );
  }
}

/** An operand of arithmetic. */
export function num(value: LuaValue): number {
  if (typeof value === 'number') return value;
  return toNumber(value) ?? fail(`attempt to perform arithmetic on a ${typeName(value)} value`);
}

/** An operand of `..`. */
export function str(value: LuaValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return numberToText(value);
  return fail(`attempt to concatenate a ${typeName(value)} value`);
}

export function mod(a: number, b: number): number {
  return a - Math.floor(a / b) * b;
}

export function lessThan(a: LuaValue, b: LuaValue): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a < b;
  if (typeof a === 'string' && typeof b === 'string') return a < b;
  return incomparable(a, b);
}

export function lessOrEqual(a: LuaValue, b: LuaValue): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a <= b;
  if (typeof a === 'string' && typeof b === 'string') return a <= b;
  return incomparable(a, b);
}

export function greaterThan(a: LuaValue, b: LuaValue): boolean {
  return lessThan(b, a);
}

export function greaterOrEqual(a: LuaValue, b: LuaValue): boolean {
  return lessOrEqual(b, a);
}

export function lengthOf(value: LuaValue): number {
  if (value instanceof LuaTable) return value.length();
  return typeof value === 'string'
    ? value.length
    : fail(`attempt to get length of a ${typeName(value)} value`);
}

export function index(table: LuaValue, key: LuaValue): LuaValue {
  return table instanceof LuaTable
    ? table.get(key)
    : fail(`attempt to index a ${typeName(table)} value`);
}

export function setIndex(table: LuaValue, key: LuaValue, value: LuaValue): void {
  if (table instanceof LuaTable) table.set(key, value);
  else fail(`attempt to index a ${typeName(table)} value`);
}

/** `table[#table + 1] = value` */
export function append(table: LuaValue, value: LuaValue): void {
  if (table instanceof LuaTable) table.append(value);
  else setIndex(table, lengthOf(table) + 1, value);
}

export function callee(value: LuaValue): LuaFunction {
  return typeof value === 'function' ? value : fail(`attempt to call a ${typeName(value)} value`);
}

export function makeTable(items: LuaValue[], pairs: [LuaValue, LuaValue][]): LuaTable {
  const table = new LuaTable(items);
  // What has no key of its own wins, as in Lua.
  for (const [key, value] of pairs) {
    const isItem = typeof key === 'number' && key >= 1 && key <= items.length;
    if (!isItem) table.set(key, value);
  }
  return table;
}

/** An argument of `redis.call`. */
export function argument(value: LuaValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return numberToArgument(value);
  return fail('Lua redis lib command arguments must be strings or integers');
}

export function fail(message: string): never {
  throw new LuaError(message);
}

function incomparable(a: LuaValue, b: LuaValue): never {
  const [left, right] = [typeName(a), typeName(b)];
  return left === right
    ? fail(`attempt to compare two ${left} values`)
    : fail(`attempt to compare ${left} with ${right}`);
}
