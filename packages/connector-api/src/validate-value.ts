/**
 * Whether a value fits a schema, in Kafka Connect's words and with the path to what does not. A schema is
 * compiled once into a function that allocates nothing for a value that fits.
 */
import { entriesOf, isNullish, isPlainObject, kindOf, propertyReader } from './data-values.ts';
import { Decimal } from './decimal.ts';
import { DataError } from './errors.ts';
import { logicalTypeOf } from './logical-types.ts';
import type { Schema } from './schema.ts';

/**
 * Null and undefined are the same. What has a default may be absent in a struct. A struct has no other
 * fields than its schema's. The scale of a Decimal and the day of a Date are judged when they are converted.
 * @throws DataError, for example `Invalid value: null used for required field: "price", schema type: INT32 (at value.lines[3].price)`
 */
export function validateValue(schema: Schema, value: unknown, path = 'value'): void {
  const problem = checkOf(schema)(value);
  if (problem) throw new DataError(messageOf(problem, path));
}

/** One step from a value to what is in it. */
type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'element'; readonly index: number }
  | { readonly kind: 'key' }
  | { readonly kind: 'entry'; readonly key: unknown };

interface Problem {
  readonly words: (location: string) => string;
  /** Innermost first. */
  readonly steps: Step[];
}

type Check = (value: unknown) => Problem | undefined;

const compiled = new WeakMap<Schema, Check>();

function checkOf(schema: Schema): Check {
  let check = compiled.get(schema);
  if (!check) {
    check = nullable(schema, compile(schema), schema.optional ?? false);
    compiled.set(schema, check);
  }
  return check;
}

function nullable(schema: Schema, check: Check, isOptional: boolean): Check {
  const type = schema.type.toUpperCase();
  const words = (location: string): string =>
    `Invalid value: null used for required ${location}, schema type: ${type}`;
  return (value) => {
    if (!isNullish(value)) return check(value);
    return isOptional ? undefined : { words, steps: [] };
  };
}

function compile(schema: Schema): Check {
  const logical = logicalTypeOf(schema);
  if (logical === 'Decimal') return leaf(schema, (value) => value instanceof Decimal);
  if (logical !== undefined)
    return leaf(schema, (value) => value instanceof Date && !Number.isNaN(value.getTime()));
  switch (schema.type) {
    case 'int8':
      return integer(schema, 8);
    case 'int16':
      return integer(schema, 16);
    case 'int32':
      return integer(schema, 32);
    case 'int64':
      return integer(schema, 64);
    case 'float32':
    case 'float64':
      return leaf(schema, (value) => typeof value === 'number');
    case 'boolean':
      return leaf(schema, (value) => typeof value === 'boolean');
    case 'string':
      return leaf(schema, (value) => typeof value === 'string');
    case 'bytes':
      return leaf(schema, (value) => value instanceof Uint8Array);
    case 'array':
      return array(schema);
    case 'map':
      return map(schema);
    case 'struct':
      return struct(schema);
    default:
      return schema.type satisfies never;
  }
}

function leaf(schema: Schema, fits: (value: unknown) => boolean): Check {
  return (value) => (fits(value) ? undefined : mismatch(schema, kindOf(value)));
}

function mismatch(schema: Schema, found: string): Problem {
  const named = schema.name === undefined ? '' : ` "${schema.name}"`;
  const type = schema.type.toUpperCase();
  return {
    words: (location) =>
      `Invalid JavaScript value for schema${named} with type ${type}: ${found} for ${location}`,
    steps: [],
  };
}

function integer(schema: Schema, bits: number): Check {
  const limit = 2 ** (bits - 1);
  return (value) => {
    if (typeof value === 'number') {
      if (Number.isInteger(value) && value >= -limit && value < limit) return undefined;
      return mismatch(schema, Number.isInteger(value) ? 'number out of range' : kindOf(value));
    }
    if (typeof value !== 'bigint') return mismatch(schema, kindOf(value));
    return BigInt.asIntN(bits, value) === value
      ? undefined
      : mismatch(schema, 'bigint out of range');
  };
}

function array(schema: Schema): Check {
  const { items } = schema;
  const check = items ? checkOf(items) : noSchemaFor('element of array');
  return (value) => {
    if (!Array.isArray(value)) return mismatch(schema, kindOf(value));
    for (let index = 0; index < value.length; index += 1) {
      const problem = check(value[index]);
      if (problem) return within(problem, { kind: 'element', index });
    }
    return undefined;
  };
}

function map(schema: Schema): Check {
  const checkKey = schema.keys ? checkOf(schema.keys) : noSchemaFor('key of map');
  const checkOne = schema.values ? checkOf(schema.values) : noSchemaFor('value of map');
  return (value) => {
    if (!(value instanceof Map || isPlainObject(value))) return mismatch(schema, kindOf(value));
    for (const [key, one] of entriesOf(value)) {
      const keyProblem = checkKey(key);
      if (keyProblem) return within(keyProblem, { kind: 'key' });
      const problem = checkOne(one);
      if (problem) return within(problem, { kind: 'entry', key });
    }
    return undefined;
  };
}

function noSchemaFor(part: string): Check {
  return () => ({ words: () => `No schema defined for ${part}`, steps: [] });
}

function struct(schema: Schema): Check {
  const fields = (schema.fields ?? []).map(({ field, schema: of }) => ({
    name: field,
    read: propertyReader(field),
    // Absent is fine where a default stands for it.
    check: isNullish(of.default) ? checkOf(of) : nullable(of, checkOf(of), true),
  }));
  const names = new Set(fields.map(({ name }) => name));
  return (value) => {
    if (!isPlainObject(value)) return mismatch(schema, kindOf(value));
    for (const { name, read, check } of fields) {
      const problem = check(read(value));
      if (problem) return within(problem, { kind: 'field', name });
    }
    for (const name in value)
      if (!names.has(name) && Object.hasOwn(value, name))
        return { words: () => `${name} is not a valid field name`, steps: [] };
    return undefined;
  };
}

function within(problem: Problem, step: Step): Problem {
  problem.steps.push(step);
  return problem;
}

function messageOf({ words, steps }: Problem, path: string): string {
  const outermostFirst = steps.toReversed();
  const message = words(locationOf(outermostFirst, path));
  const full = outermostFirst.reduce((text, step) => text + stepText(step), path);
  return steps.length === 0 ? message : `${message} (at ${full})`;
}

/** In Kafka Connect's words: the innermost field, and where in it. */
function locationOf(steps: readonly Step[], path: string): string {
  return steps.reduce((location, step) => {
    switch (step.kind) {
      case 'field':
        return `field: "${step.name}"`;
      case 'element':
        return `element of array ${location}`;
      case 'key':
        return `key of map ${location}`;
      case 'entry':
        return `value of map ${location}`;
      default:
        return step satisfies never;
    }
  }, path);
}

function stepText(step: Step): string {
  switch (step.kind) {
    case 'field':
      return /^[A-Za-z_$][\w$]*$/.test(step.name)
        ? `.${step.name}`
        : `[${JSON.stringify(step.name)}]`;
    case 'element':
      return `[${String(step.index)}]`;
    case 'key':
      return '[a key]';
    case 'entry':
      return typeof step.key === 'number' || typeof step.key === 'bigint'
        ? `[${String(step.key)}]`
        : '[an entry]';
    default:
      return step satisfies never;
  }
}
