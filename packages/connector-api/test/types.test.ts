/** Types that authors rely on: nothing here needs a cast, and what is wrong does not compile. */
import { describe, expectTypeOf, test } from 'vitest';
import {
  arraySchema,
  boolean,
  type ConfigOf,
  type Decimal,
  dateSchema,
  decimalSchema,
  defineConfig,
  defineSink,
  defineSource,
  double,
  type InputOf,
  int,
  list,
  mapSchema,
  oneOf,
  optionalSchema,
  type Password,
  password,
  type Schema,
  SchemaBuilder,
  type SinkPlugin,
  type SourceOffsetValue,
  type SourcePlugin,
  schemas,
  string,
  struct,
  structSchema,
  type ValueOf,
} from '../src/index.ts';

const shape = {
  topic: string(),
  file: string().optional(),
  size: int().default(1),
  limit: int().optional(),
  ratio: double().min(0),
  enabled: boolean(),
  tables: list(),
  mode: string().oneOf('fast', 'safe'),
  level: oneOf('a', 'b').optional(),
  secret: password().doc('kept'),
};

describe('the type of a configuration', () => {
  test('comes from its builders', () => {
    expectTypeOf<ConfigOf<typeof shape>>().toEqualTypeOf<{
      readonly topic: string;
      readonly file: string | undefined;
      readonly size: number;
      readonly limit: number | undefined;
      readonly ratio: number;
      readonly enabled: boolean;
      readonly tables: readonly string[];
      readonly mode: 'fast' | 'safe';
      readonly level: 'a' | 'b' | undefined;
      readonly secret: Password;
    }>();
    expectTypeOf(defineConfig(shape).parse).returns.toEqualTypeOf<ConfigOf<typeof shape>>();
  });

  test('refuses what makes no sense', () => {
    expectTypeOf(nonsense).toBeFunction();
  });
});

/** Never called: it is enough that it does not compile without the comments. */
function nonsense() {
  // @ts-expect-error a number is not a string
  string().default(1);
  // @ts-expect-error not one of the options
  oneOf('a', 'b').default('c');
  // @ts-expect-error a string has no minimum
  string().min(1);
  // @ts-expect-error a boolean has no pattern
  boolean().pattern(/a/);
  // @ts-expect-error no such importance
  int().importance('highest');
  // @ts-expect-error options are needed
  string().oneOf();
}

describe('defineSource', () => {
  test('types config, offset and signal in run', () => {
    const plugin = defineSource({
      name: 'clock',
      version: '1.0.0',
      config: { everyMs: int().default(1000), mode: oneOf('x', 'y') },
      async *run({ config, offset, signal, work }) {
        expectTypeOf(config.everyMs).toEqualTypeOf<number>();
        expectTypeOf(config.mode).toEqualTypeOf<'x' | 'y'>();
        expectTypeOf(offset).toEqualTypeOf<SourceOffsetValue | undefined>();
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        expectTypeOf(work).toEqualTypeOf<undefined>();
        // @ts-expect-error no such key
        void config.every;
        yield { topic: 't', value: 1, offset: { tick: 1 } };
      },
    });
    expectTypeOf(plugin).toEqualTypeOf<SourcePlugin>();
  });

  test('types work by what tasks returns', () => {
    defineSource({
      name: 'tables',
      version: '1.0.0',
      config: { tables: list() },
      tasks: ({ config, max }) => config.tables.slice(0, max).map((table) => ({ table })),
      sourcePartition: ({ work }) => ({ table: work.table }),
      async *run({ work }) {
        expectTypeOf(work.table).toEqualTypeOf<string>();
        yield [{ topic: work.table, value: null }];
      },
    });
  });

  test('refuses what is no record, and what no task can be told', () => {
    defineSource({
      name: 'wrong',
      version: '1.0.0',
      config: {},
      // @ts-expect-error a record needs a topic
      async *run() {
        yield { value: 1 };
      },
    });
    defineSource({
      name: 'wrong',
      version: '1.0.0',
      config: {},
      // @ts-expect-error an offset is flat
      async *run() {
        yield { topic: 't', offset: { at: { line: 1 } } };
      },
    });
    defineSource({
      name: 'wrong',
      version: '1.0.0',
      config: {},
      // @ts-expect-error work must survive JSON
      tasks: () => [new Map()],
      async *run() {},
    });
    // @ts-expect-error a source runs
    defineSource({ name: 'wrong', version: '1.0.0', config: {} });
  });
});

describe('defineSink', () => {
  test('types config and the state that setup returns', () => {
    const plugin = defineSink({
      name: 'sink',
      version: '1.0.0',
      config: { table: string() },
      setup: async ({ config }) => ({ rows: [config.table] }),
      put(records, { config, state, signal }) {
        expectTypeOf(config.table).toEqualTypeOf<string>();
        expectTypeOf(state).toEqualTypeOf<{ rows: string[] }>();
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        expectTypeOf(records[0]?.offset).toEqualTypeOf<number | undefined>();
      },
      flush({ state }) {
        expectTypeOf(state.rows).toEqualTypeOf<string[]>();
      },
    });
    expectTypeOf(plugin).toEqualTypeOf<SinkPlugin>();
  });

  test('refuses a sink that puts nothing', () => {
    // @ts-expect-error put is needed
    defineSink({ name: 'wrong', version: '1.0.0', config: {} });
  });
});

describe('a schema knows the type of its values', () => {
  const order = SchemaBuilder.struct()
    .name('com.acme.Order')
    .field('id', schemas.int64)
    .field('price', decimalSchema(2))
    .field('day', optionalSchema(dateSchema))
    .field('state', SchemaBuilder.string().defaultValue('new').build())
    .field('tags', mapSchema(schemas.string, schemas.int32))
    .field('counts', mapSchema(schemas.int32, arraySchema(schemas.boolean)))
    .build();

  interface Order {
    readonly id: number | bigint;
    readonly price: Decimal;
    readonly day?: Date | null | undefined;
    readonly state: string;
    readonly tags: Readonly<Record<string, number>>;
    readonly counts: ReadonlyMap<number, readonly boolean[]>;
  }

  test('when it is built', () => {
    expectTypeOf<ValueOf<typeof order>>().toEqualTypeOf<Order>();
    // What has a default may be left out of what is given, and is there in what is read.
    expectTypeOf<InputOf<typeof order>>().toEqualTypeOf<
      Omit<Order, 'state'> & { readonly state?: string | null | undefined } extends infer Flat
        ? { readonly [Name in keyof Flat]: Flat[Name] }
        : never
    >();
    expectTypeOf(struct<typeof order>).returns.toEqualTypeOf<Order>();
  });

  test('when it is made of an object', () => {
    const point = structSchema({ x: schemas.float64, label: schemas.optionalString });
    expectTypeOf<ValueOf<typeof point>>().toEqualTypeOf<{
      readonly x: number;
      readonly label?: string | null | undefined;
    }>();
    const points = arraySchema(point);
    expectTypeOf<ValueOf<typeof points>>().toEqualTypeOf<readonly ValueOf<typeof point>[]>();
    const maybe = optionalSchema(points);
    expectTypeOf<ValueOf<typeof maybe>>().toEqualTypeOf<
      readonly ValueOf<typeof point>[] | null | undefined
    >();
  });

  test('when it is optional', () => {
    const built = SchemaBuilder.struct().optional().field('a', schemas.string).build();
    const made = structSchema({ a: schemas.string }, { optional: true, name: 'n' });
    interface A {
      readonly a: string;
    }
    expectTypeOf<ValueOf<typeof built>>().toEqualTypeOf<A | null | undefined>();
    expectTypeOf<ValueOf<typeof made>>().toEqualTypeOf<A | null | undefined>();
    const maybe = SchemaBuilder.decimal(2).optional().build();
    expectTypeOf<ValueOf<typeof maybe>>().toEqualTypeOf<Decimal | null | undefined>();
  });

  test('and nothing about it when it is only known at run time', () => {
    expectTypeOf<ValueOf<Schema>>().toBeUnknown();
    expectTypeOf(SchemaBuilder.type('int8').build()).toExtend<Schema>();
    expectTypeOf(order).toExtend<Schema>();
  });

  test('so that what does not fit does not compile', () => {
    expectTypeOf(misfits).toBeFunction();
  });

  /** Never called. */
  function misfits() {
    // @ts-expect-error a string is no number
    struct(order, { id: 'a' });
    const point = structSchema({ x: schemas.float64 });
    // @ts-expect-error x is missing
    struct(point, {});
    // @ts-expect-error there is no y
    struct(point, { x: 1, y: 2 });
    // @ts-expect-error null is no value
    struct(point, { x: null });
    // @ts-expect-error a default of another type
    SchemaBuilder.int8().defaultValue('a');
  }
});
