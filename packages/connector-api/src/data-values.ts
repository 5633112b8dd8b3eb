/** What the values of schemas look like in JavaScript: small facts that all that walks data share. */
import { Decimal } from './decimal.ts';
import type { Schema } from './schema.ts';

/** A struct, or a map with string keys: a plain object. */
export type PlainObject = Readonly<Record<string, unknown>>;

export function isPlainObject(value: unknown): value is PlainObject {
  if (typeof value !== 'object' || value === null) return false;
  // Nearly all are; those of an author's own class may be, too.
  if (Object.getPrototypeOf(value) === Object.prototype) return true;
  return !(
    Array.isArray(value) ||
    value instanceof Uint8Array ||
    value instanceof Map ||
    value instanceof Date ||
    value instanceof Decimal
  );
}

export function isNullish(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/**
 * Reads one property that is the object's own: a field may be called `constructor`. Compiled, since most
 * names need no such care.
 */
export function propertyReader(name: string): (value: PlainObject) => unknown {
  return name in Object.prototype
    ? (value) => (Object.hasOwn(value, name) ? value[name] : undefined)
    : (value) => value[name];
}

type ObjectMaker = (values: readonly unknown[]) => Record<string, unknown>;

/** Objects that are made one property after another, before it pays to compile. */
const compiledAfter = 100;

/** Makes objects of these properties, in order; a property may even be called `__proto__`. */
export function objectMaker(names: readonly string[]): ObjectMaker {
  let make = assigningMaker(names);
  let untilCompiled = compiledAfter;
  return (values) => {
    if (untilCompiled > 0) {
      untilCompiled -= 1;
      if (untilCompiled === 0) make = compiledMaker(names) ?? make;
    }
    return make(values);
  };
}

function assigningMaker(names: readonly string[]): ObjectMaker {
  if (names.includes(proto))
    return (values) => Object.fromEntries(names.map((name, index) => [name, values[index]]));
  return (values) => {
    const made: Record<string, unknown> = {};
    for (let index = 0; index < names.length; index += 1)
      made[names[index] as string] = values[index];
    return made;
  };
}

/**
 * An object literal, which V8 evaluates in a tenth of the time. Names come from anywhere, so they are quoted: what JSON
 * writes as a string is a string in JavaScript. Undefined where Node was told not to compile texts.
 */
function compiledMaker(names: readonly string[]): ObjectMaker | undefined {
  const properties = names.map((name, index) => {
    const quoted = JSON.stringify(name);
    // Only in brackets it is a name like others.
    return `${name === proto ? `[${quoted}]` : quoted}: values[${String(index)}]`;
  });
  try {
    // oxlint-disable-next-line typescript/no-implied-eval
    return new Function('values', `return { ${properties.join(', ')} };`) as ObjectMaker;
  } catch {
    return undefined;
  }
}

const proto = '__proto__';

/** The entries of a map, whether it is a Map or a plain object. */
export function entriesOf(map: object): Iterable<[unknown, unknown]> {
  return map instanceof Map ? (map as Map<unknown, unknown>) : Object.entries(map);
}

/** An integer as a number where it is one exactly, else as a bigint. */
export function exactInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** For messages: what a value is, never which one. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid Date' : 'Date';
  if (value instanceof Map) return 'Map';
  if (value instanceof Decimal) return 'Decimal';
  return typeof value === 'number' && !Number.isInteger(value) ? 'fractional number' : typeof value;
}

/** As Kafka Connect prints it: `Schema{com.acme.Order:STRUCT}`. */
export function schemaText(schema: Schema): string {
  const type = schema.type.toUpperCase();
  return schema.name === undefined ? `Schema{${type}}` : `Schema{${schema.name}:${type}}`;
}
