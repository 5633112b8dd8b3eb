/** The functions of Lua's own library that scripts may use. What is not here is refused by the compiler. */
import { passGuard } from '../mutations/guard-switch.ts';
import { type LuaFunction, LuaTable, type LuaValue, type LuaValues } from './lua-table.ts';
import { fail, num, str, toNumber, toText, typeName } from './operators.ts';

export interface LibraryFunction {
  readonly run: LuaFunction;
  /** `one` value, or an array of `several`. */
  readonly returns: 'one' | 'several';
}

const one = (run: (...args: LuaValue[]) => LuaValue): LibraryFunction => ({ run, returns: 'one' });
const several = (run: (...args: LuaValue[]) => LuaValues): LibraryFunction => ({
  run,
  returns: 'several',
});

/** By the name that scripts call them by. */
export const library: ReadonlyMap<string, LibraryFunction> = new Map(
  Object.entries({
    next: several((table, key) => asTable(table, 'next').next(key)),
    select: several((from, ...args) => select(from, args)),
    tonumber: one(toNumber),
    tostring: one(toText),
    type: one(typeName),
    unpack: several(unpack),
    'math.abs': one((value) => Math.abs(num(value))),
    'math.ceil': one((value) => Math.ceil(num(value))),
    'math.floor': one((value) => Math.floor(num(value))),
    'math.fmod': one((a, b) => num(a) % num(b)),
    'math.max': one((...values) => values.map(num).reduce((a, b) => (b > a ? b : a))),
    'math.min': one((...values) => values.map(num).reduce((a, b) => (b < a ? b : a))),
    'math.pow': one((a, b) => num(a) ** num(b)),
    'math.sqrt': one((value) => Math.sqrt(num(value))),
    // What instrumented scripts call, and no other: see `mutations/instrument.ts`.
    'mutation.guard': one((number, value) => passGuard(num(number), value)),
    'string.len': one((text) => str(text).length),
    'string.lower': one((text) => str(text).toLowerCase()),
    'string.rep': one((text, count) => str(text).repeat(Math.max(0, Math.trunc(num(count))))),
    'string.sub': one(sub),
    'string.upper': one((text) => str(text).toUpperCase()),
    'table.concat': one(concat),
    'table.insert': several(insert),
    'table.remove': one(remove),
  }),
);

/** Values that have a name. */
export const constants: ReadonlyMap<string, number> = new Map([
  ['math.huge', Infinity],
  ['math.pi', Math.PI],
]);

function unpack(table: LuaValue, from?: LuaValue, to?: LuaValue): LuaValues {
  const { array } = asTable(table, 'unpack');
  if (from === undefined && to === undefined) {
    return array.at(-1) === undefined ? array.slice(0, (table as LuaTable).length()) : array;
  }
  const first = from === undefined ? 1 : Math.trunc(num(from));
  const last = to === undefined ? (table as LuaTable).length() : Math.trunc(num(to));
  if (first >= 1 && last <= array.length) return array.slice(first - 1, Math.max(first - 1, last));
  if (last - first >= 8000) fail('too many results to unpack');
  const values: LuaValue[] = [];
  for (let key = first; key <= last; key++) values.push((table as LuaTable).get(key));
  return values;
}

function select(from: LuaValue, args: LuaValues): LuaValues {
  if (from === '#') return [args.length];
  const index = Math.trunc(num(from));
  if (index === 0 || index < -args.length) fail("bad argument #1 to 'select' (index out of range)");
  return args.slice(index > 0 ? index - 1 : index);
}

function sub(text: LuaValue, from: LuaValue, to?: LuaValue): string {
  const value = str(text);
  let first = Math.trunc(num(from));
  let last = to === undefined ? -1 : Math.trunc(num(to));
  if (first < 0) first = Math.max(value.length + first + 1, 1);
  else if (first === 0) first = 1;
  if (last < 0) last = value.length + last + 1;
  return last < first ? '' : value.slice(first - 1, last);
}

function concat(table: LuaValue, separator?: LuaValue, from?: LuaValue, to?: LuaValue): string {
  const items = asTable(table, 'concat');
  const first = from === undefined ? 1 : num(from);
  const last = to === undefined ? items.length() : num(to);
  const texts: string[] = [];
  for (let key = first; key <= last; key++) texts.push(str(items.get(key)));
  return texts.join(separator === undefined ? '' : str(separator));
}

function insert(table: LuaValue, ...args: LuaValue[]): LuaValues {
  const items = asTable(table, 'insert');
  const length = items.length();
  if (args.length === 1) {
    items.set(length + 1, args[0]);
    return [];
  }
  if (args.length !== 2) fail("wrong number of arguments to 'insert'");
  const at = Math.trunc(num(args[0]));
  for (let key = Math.max(length + 1, at); key > at; key--) items.set(key, items.get(key - 1));
  items.set(at, args[1]);
  return [];
}

function remove(table: LuaValue, position?: LuaValue): LuaValue {
  const items = asTable(table, 'remove');
  const length = items.length();
  const at = position === undefined ? length : Math.trunc(num(position));
  if (at < 1 || at > length) return undefined;
  const removed = items.get(at);
  for (let key = at; key < length; key++) items.set(key, items.get(key + 1));
  items.set(length, undefined);
  return removed;
}

function asTable(value: LuaValue, name: string): LuaTable {
  return value instanceof LuaTable
    ? value
    : fail(`bad argument #1 to '${name}' (table expected, got ${typeName(value)})`);
}
