/**
 * What a record looks like, as JSON, and the generator that it is compiled to:
 *
 *     {"type":"struct","name":"order","fields":{
 *       "id":{"type":"sequence"},
 *       "customer":{"type":"name"},
 *       "state":{"type":"string","options":["new","paid","sent"]},
 *       "amount":{"type":"decimal","scale":2,"min":1,"max":500},
 *       "at":{"type":"timestamp"},
 *       "note":{"type":"string","words":4,"nulls":0.5}}}
 *
 * Each type has a schema; `nulls`, a share from 0 to 1, makes it optional.
 */
import {
  arraySchema,
  ConnectError,
  Decimal,
  decimalSchema,
  optionalSchema,
  type Schema,
  schemas,
  structSchema,
  timestampSchema,
} from '@sluice/connector-api';
import type { Random } from './random.ts';
import { cities, countries, familyNames, givenNames, words } from './words.ts';

export interface Generator {
  readonly schema: Schema;
  /** Of record number `n`. */
  make(random: Random, n: number): unknown;
}

/** A hostile or mistaken schema must not take the thread down. */
const depthMax = 16;
const itemsMax = 1_000;

/** @throws ConnectError that names the path, e.g. `order.state`. */
export function parseGenerator(json: string): Generator {
  let spec: unknown;
  try {
    spec = JSON.parse(json);
  } catch (cause) {
    throw new ConnectError(`"schema" is not JSON: ${String(cause)}`, { cause });
  }
  return compile(new Spec(spec, 'schema'), 0);
}

/** A JSON object that is read property by property, and complains with its path. */
class Spec {
  readonly #object: Readonly<Record<string, unknown>>;
  readonly path: string;

  constructor(value: unknown, path: string) {
    this.path = path;
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new ConnectError(`${path} must be an object such as {"type":"string"}`);
    this.#object = value as Readonly<Record<string, unknown>>;
  }

  number(name: string, byDefault: number, { min, max }: { min: number; max: number }): number {
    const value = this.#object[name] ?? byDefault;
    if (typeof value !== 'number' || !(value >= min && value <= max))
      this.refuse(`"${name}" must be a number from ${String(min)} to ${String(max)}`);
    return value;
  }

  text(name: string): string | undefined {
    const value = this.#object[name];
    if (value !== undefined && typeof value !== 'string') this.refuse(`"${name}" must be a text`);
    return value;
  }

  texts(name: string): readonly string[] | undefined {
    const value = this.#object[name];
    if (value === undefined) return undefined;
    const isTexts = Array.isArray(value) && value.every((one) => typeof one === 'string');
    if (!isTexts || value.length === 0) this.refuse(`"${name}" must be a list of texts`);
    return value;
  }

  child(name: string): Spec {
    return new Spec(this.#object[name], `${this.path}.${name}`);
  }

  children(name: string): (readonly [string, Spec])[] {
    return Object.entries(this.child(name).#object).map(
      ([key, value]) => [key, new Spec(value, `${this.path}.${key}`)] as const,
    );
  }

  refuse(problem: string): never {
    throw new ConnectError(`${this.path}: ${problem}`);
  }
}

function compile(spec: Spec, depth: number): Generator {
  if (depth > depthMax) spec.refuse(`nested deeper than ${String(depthMax)}`);
  const type = spec.text('type') ?? 'missing';
  const make = types.get(type);
  if (!make) spec.refuse(`"type" is ${type}, but must be one of: ${[...types.keys()].join(', ')}`);
  const generator = make(spec, depth);
  const nulls = spec.number('nulls', 0, { min: 0, max: 1 });
  if (nulls === 0) return generator;
  return {
    schema: optionalSchema(generator.schema),
    make: (random, n) => {
      // Drawn in any case, so that what follows does not depend on it.
      const value = generator.make(random, n);
      return random.next() < nulls ? null : value;
    },
  };
}

type Compile = (spec: Spec, depth: number) => Generator;
const int32Max = 2 ** 31 - 1;

function text(make: (random: Random) => string): Compile {
  return () => ({ schema: schemas.string, make });
}

function whole(schema: Schema, limit: number): Compile {
  return (spec) => {
    const { min, max } = rangeOf(spec, { min: 0, max: 100 }, limit);
    return { schema, make: (random) => random.whole(Math.ceil(min), Math.floor(max)) };
  };
}

function rangeOf(spec: Spec, byDefault: { min: number; max: number }, limit: number) {
  const min = spec.number('min', Math.min(byDefault.min, spec.number('max', byDefault.max, all)), {
    min: -limit,
    max: limit,
  });
  const max = spec.number('max', Math.max(byDefault.max, min), { min, max: limit });
  return { min, max };
}
const all = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };

function fullName(random: Random): string {
  return `${String(random.pick(givenNames))} ${String(random.pick(familyNames))}`;
}

function uuid(random: Random): string {
  const hex = Array.from({ length: 32 }, () => random.whole(0, 15).toString(16));
  hex[12] = '4';
  hex[16] = random.whole(8, 11).toString(16);
  const digits = hex.join('');
  return [0, 8, 12, 16, 20].map((at, i, starts) => digits.slice(at, starts[i + 1])).join('-');
}

/** The default of a timestamp's `start`; each record is a second later. */
const startDefault = '2026-01-01T00:00:00Z';

const types = new Map<string, Compile>([
  [
    'sequence',
    (spec) => {
      const start = spec.number('start', 0, { min: 0, max: Number.MAX_SAFE_INTEGER });
      return { schema: schemas.int64, make: (_random, n) => start + n };
    },
  ],
  ['int32', whole(schemas.int32, int32Max)],
  ['int64', whole(schemas.int64, Number.MAX_SAFE_INTEGER)],
  [
    'float64',
    (spec) => {
      const { min, max } = rangeOf(spec, { min: 0, max: 1 }, Number.MAX_VALUE / 2);
      return { schema: schemas.float64, make: (random) => min + random.next() * (max - min) };
    },
  ],
  [
    'decimal',
    (spec) => {
      const scale = Math.floor(spec.number('scale', 2, { min: 0, max: 9 }));
      const unit = 10 ** scale;
      const limit = Math.floor(Number.MAX_SAFE_INTEGER / unit);
      const { min, max } = rangeOf(spec, { min: 0, max: 100 }, limit);
      return {
        schema: decimalSchema(scale),
        make: (random) =>
          new Decimal(BigInt(random.whole(Math.ceil(min * unit), Math.floor(max * unit))), scale),
      };
    },
  ],
  [
    'boolean',
    (spec) => {
      const share = spec.number('share', 0.5, { min: 0, max: 1 });
      return { schema: schemas.boolean, make: (random) => random.next() < share };
    },
  ],
  [
    'string',
    (spec) => {
      const options = spec.texts('options');
      const count = spec.number('words', 3, { min: 0, max: itemsMax });
      return {
        schema: schemas.string,
        make: options
          ? (random) => random.pick(options)
          : (random) => Array.from({ length: count }, () => random.pick(words)).join(' '),
      };
    },
  ],
  ['uuid', text(uuid)],
  ['name', text(fullName)],
  ['email', text((random) => `${fullName(random).toLowerCase().replace(' ', '.')}@example.com`)],
  ['city', text((random) => String(random.pick(cities)))],
  ['country', text((random) => String(random.pick(countries)))],
  // Addresses kept for documentation: they lead nowhere.
  ['ip', text((random) => `203.0.113.${String(random.whole(1, 254))}`)],
  [
    'timestamp',
    (spec) => {
      const startMs = Date.parse(spec.text('start') ?? startDefault);
      if (Number.isNaN(startMs)) spec.refuse(`"start" must be a time such as ${startDefault}`);
      const stepMs = spec.number('step.ms', 1_000, { min: 0, max: 31_536_000_000 });
      return { schema: timestampSchema, make: (_random, n) => new Date(startMs + n * stepMs) };
    },
  ],
  [
    'array',
    (spec, depth) => {
      const items = compile(spec.child('items'), depth + 1);
      const min = spec.number('length.min', 0, { min: 0, max: itemsMax });
      const max = spec.number('length.max', Math.max(min, 3), { min, max: itemsMax });
      return {
        schema: arraySchema(items.schema),
        make: (random, n) =>
          Array.from({ length: random.whole(min, max) }, () => items.make(random, n)),
      };
    },
  ],
  [
    'struct',
    (spec, depth) => {
      const name = spec.text('name');
      const fields = spec
        .children('fields')
        .map(([field, of]) => [field, compile(of, depth + 1)] as const);
      const shape = Object.fromEntries(fields.map(([field, { schema }]) => [field, schema]));
      return {
        schema: structSchema(shape, name === undefined ? {} : { name }),
        make: (random, n) =>
          Object.fromEntries(fields.map(([field, of]) => [field, of.make(random, n)])),
      };
    },
  ],
]);
