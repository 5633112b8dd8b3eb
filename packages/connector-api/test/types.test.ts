/** Types that authors rely on: nothing here needs a cast, and what is wrong does not compile. */
import { describe, expectTypeOf, test } from 'vitest';
import {
  boolean,
  type ConfigOf,
  defineConfig,
  defineSink,
  defineSource,
  double,
  int,
  list,
  oneOf,
  type Password,
  password,
  type SinkPlugin,
  type SourceOffsetValue,
  type SourcePlugin,
  string,
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
