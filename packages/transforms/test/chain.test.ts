import { readFileSync } from 'node:fs';
import type {
  PredicatePlugin,
  SinkRecord,
  SourceRecord,
  TransformedBatch,
  TransformPlugin,
} from '@sluice/connector-api';
import { ConfigError } from '@sluice/connector-api';
import { expect, test } from 'vitest';
import {
  builtInTransformations,
  TransformationChain,
  type TransformationStage,
  transformationChain,
  transformationProblems,
} from '../src/index.ts';

function source(value: unknown, topic = 't'): SourceRecord {
  return { topic, value };
}

test('transforms run in the order of their names in transforms', async () => {
  const chain = transformationChain({
    transforms: 'hoist, insert,route',
    'transforms.insert.type': 'InsertField$Value',
    'transforms.insert.static.field': 'b',
    'transforms.insert.static.value': '2',
    'transforms.hoist.type': 'HoistField$Value',
    'transforms.hoist.field': 'a',
    'transforms.route.type': 'org.apache.kafka.connect.transforms.RegexRouter',
    'transforms.route.regex': '(.*)',
    'transforms.route.replacement': '$1-x',
  });
  const record = source(1);
  const { failures, records } = await chain.apply([record]);
  expect(records).toEqual([{ topic: 't-x', value: { a: 1, b: '2' } }]);
  expect(failures).toEqual([]);
  expect(record).toEqual({ topic: 't', value: 1 });
});

test('a predicate chooses the records, and negate the others', async () => {
  const config = {
    transforms: 'drop',
    'transforms.drop.type': 'Filter',
    'transforms.drop.predicate': 'isTombstone',
    predicates: 'isTombstone',
    'predicates.isTombstone.type': 'RecordIsTombstone',
  };
  const records = [source(1), source(null), source(3)];
  const dropped = await transformationChain(config).apply(records);
  expect(dropped.records).toEqual([records[0], null, records[2]]);
  const kept = await transformationChain({ ...config, 'transforms.drop.negate': 'true' }).apply(
    records,
  );
  expect(kept.records).toEqual([null, records[1], null]);
});

test('fields are replaced by their names in each record of a batch, whatever the others have', async () => {
  const chain = transformationChain({
    transforms: 'replace',
    'transforms.replace.type': 'ReplaceField$Value',
    'transforms.replace.exclude': 'x',
    'transforms.replace.renames': 'a:b,c:__proto__',
  });
  const { failures, records } = await chain.apply([
    source({ a: 1, x: 2 }),
    source({ a: null, x: 2 }),
    source({ x: 2, a: undefined, d: 3 }),
    source({ a: 1, b: 2 }),
    source({ b: 2, a: 1 }),
    source({ c: 1 }),
  ]);
  expect(failures).toEqual([]);
  expect(records.map((record) => Object.entries(record?.value as object))).toEqual([
    [['b', 1]],
    [['b', null]],
    [
      ['b', undefined],
      ['d', 3],
    ],
    [['b', 2]],
    [['b', 1]],
    [['__proto__', 1]],
  ]);
});

test('a field called __proto__ gets its default as any other', async () => {
  const int = { type: 'int32', default: 7, optional: true } as const;
  const chain = transformationChain({
    transforms: 'insert',
    'transforms.insert.type': 'InsertField$Value',
    'transforms.insert.static.field': 'a',
    'transforms.insert.static.value': '1',
  });
  const valueSchema = {
    type: 'struct',
    fields: ['__proto__', 'toString'].map((field) => ({ field, schema: int })),
  } as const;
  const given = [{}, JSON.parse('{"__proto__":null,"toString":null}') as object];
  const { failures, records } = await chain.apply(
    given.map((value) => ({ ...source(value), valueSchema })),
  );
  expect(failures).toEqual([]);
  for (const record of records)
    expect(Object.entries(record?.value as object)).toEqual([
      ['__proto__', 7],
      ['toString', 7],
      ['a', '1'],
    ]);
});

test('a record that fails is listed with its transform, goes no further and harms no other', async () => {
  const chain = transformationChain({
    transforms: 'extract,hoist',
    'transforms.extract.type': 'ExtractField$Value',
    'transforms.extract.field': 'a',
    'transforms.hoist.type': 'HoistField$Value',
    'transforms.hoist.field': 'h',
  });
  const { failures, records } = await chain.apply([
    source({ a: 1 }),
    source('x'),
    source({ a: 3 }),
  ]);
  expect(records.map((record) => record?.value)).toEqual([{ h: 1 }, undefined, { h: 3 }]);
  expect(failures).toHaveLength(1);
  expect(failures[0]).toMatchObject({
    index: 1,
    alias: 'extract',
    class: 'org.apache.kafka.connect.transforms.ExtractField$Value',
  });
  expect(failures[0]?.error.message).toMatch(/Only Map objects supported .* found: string/);
});

test('indexes of failures are those of the batch, also behind a filter and a predicate', async () => {
  const chain = transformationChain({
    transforms: 'drop,extract',
    'transforms.drop.type': 'Filter',
    'transforms.drop.predicate': 'other',
    'transforms.extract.type': 'ExtractField$Value',
    'transforms.extract.field': 'a',
    'transforms.extract.predicate': 'other',
    'transforms.extract.negate': 'true',
    predicates: 'other',
    'predicates.other.type': 'TopicNameMatches',
    'predicates.other.pattern': 'o.*',
  });
  const batch = [source({ a: 1 }, 'other'), source('x'), source({ a: 2 }, 'o'), source({ a: 3 })];
  const { failures, records } = await chain.apply(batch);
  expect(records.map((record) => record?.value ?? null)).toEqual([null, null, null, 3]);
  expect(failures.map(({ index }) => index)).toEqual([1]);
});

test('a transform that throws, or answers for other records, fails those that it was given', async () => {
  const broken = (className: string, apply: () => never[]): TransformPlugin => ({
    class: className,
    aliases: [],
    version: '1',
    type: 'transformation',
    configDef: { keys: [] },
    create: () => ({ apply: () => ({ records: apply(), failures: [] }) }),
  });
  const plugins = {
    ...builtInTransformations,
    transforms: [
      broken('Throws', () => {
        throw new Error('out of order');
      }),
      broken('Loses', () => []),
    ],
  };
  for (const [type, message] of [
    ['Throws', 'out of order'],
    ['Loses', 'answers for each of 1 records, not for 0'],
  ] as const) {
    const chain = transformationChain({ transforms: 'a', 'transforms.a.type': type }, plugins);
    const { failures, records } = await chain.apply([source(1), source(2)]);
    expect(records).toEqual([null, null]);
    expect(failures.map(({ error, index }) => [index, error.message])).toEqual([
      [0, expect.stringContaining(message)],
      [1, expect.stringContaining(message)],
    ]);
  }
});

test('who looks on sees what comes to each stage and what goes on, and no stage that nothing reaches', async () => {
  const chain = transformationChain({
    transforms: 'drop, hoist, rest',
    'transforms.drop.type': 'Filter',
    'transforms.drop.predicate': 'isTombstone',
    'transforms.hoist.type': 'HoistField$Value',
    'transforms.hoist.field': 'a',
    'transforms.rest.type': 'Filter',
    predicates: 'isTombstone',
    'predicates.isTombstone.type': 'RecordIsTombstone',
  });
  const seen: string[] = [];
  const observer = {
    began: ({ alias }: TransformationStage, records: number) =>
      void seen.push(`> ${alias} ${records}`),
    ended: ({ alias }: TransformationStage, records: number) =>
      void seen.push(`${alias} > ${records}`),
  };
  await chain.apply([source(1), source(null), source(3)], undefined, observer);
  await chain.apply([source(null)], undefined, observer);
  const whole = ['> drop 3', 'drop > 2', '> hoist 2', 'hoist > 2', '> rest 2', 'rest > 0'];
  expect(seen).toEqual([...whole, '> drop 1', 'drop > 0']);
  expect(
    chain.stages.map(({ alias, class: name, predicatePlugin }) => [
      alias,
      name,
      predicatePlugin?.alias,
    ]),
  ).toEqual([
    ['drop', 'org.apache.kafka.connect.transforms.Filter', 'isTombstone'],
    ['hoist', 'org.apache.kafka.connect.transforms.HoistField$Value', undefined],
    ['rest', 'org.apache.kafka.connect.transforms.Filter', undefined],
  ]);
});

function chainOf(apply: (records: readonly SourceRecord[]) => TransformedBatch<SourceRecord>) {
  return new TransformationChain([
    {
      alias: 'a',
      class: 'Test',
      version: '1',
      transform: { apply: apply as TransformationStage['transform']['apply'] },
    },
  ]);
}

test('a transform that throws at one record of a batch loses no other', async () => {
  const chain = chainOf((records) => {
    if (records.some(({ value }) => value === 2)) throw new Error('not 2');
    return { records, failures: [] };
  });
  const { failures, records } = await chain.apply([source(1), source(2), source(3)]);
  expect(records).toEqual([source(1), null, source(3)]);
  expect(failures.map(({ error, index }) => [index, error.message])).toEqual([[1, 'not 2']]);
});

test('what failed is tried again alone, and the rest is not transformed twice', async () => {
  const seen: unknown[][] = [];
  const chain = chainOf((records) => {
    seen.push(records.map(({ value }) => value));
    const failures = records.flatMap(({ value }, index) =>
      value === 2 && seen.length === 1 ? [{ index, error: new Error('later') }] : [],
    );
    return { records: records.map((each) => ({ ...each, topic: 'x' })), failures };
  });
  const { failures, records } = await chain.apply(
    [source(1), source(2), source(3)],
    (_stage, failed, redo) => redo(failed.map(({ index }) => index)),
  );
  expect(seen).toEqual([[1, 2, 3], [2]]);
  expect(failures).toEqual([]);
  expect(records.map((each) => each?.value)).toEqual([1, 2, 3]);
});

test('asynchronous transforms and predicates are awaited and closed', async () => {
  const closed: string[] = [];
  const transform: TransformPlugin = {
    class: 'Later',
    aliases: [],
    version: '1',
    type: 'transformation',
    configDef: { keys: [] },
    create: () => ({
      apply: async (records) => {
        await Promise.resolve();
        return { records: records.map((record) => ({ ...record, topic: 'later' })), failures: [] };
      },
      close: () => {
        closed.push('transform');
        throw new Error('close failed');
      },
    }),
  };
  const predicate: PredicatePlugin = {
    ...transform,
    class: 'Some',
    type: 'predicate',
    create: () => ({
      test: async (records) => {
        await Promise.resolve();
        return {
          matches: records.map(({ value }) => value === 1),
          failures: [{ index: 2, error: new Error('unknown') }],
        };
      },
      close: () => void closed.push('predicate'),
    }),
  };
  const chain = transformationChain(
    {
      transforms: 'a',
      'transforms.a.type': 'Later',
      'transforms.a.predicate': 'p',
      predicates: 'p',
      'predicates.p.type': 'Some',
    },
    { transforms: [transform], predicates: [predicate] },
  );
  const { failures, records } = await chain.apply([source(1), source(2), source(3)]);
  expect(records.map((record) => record?.topic)).toEqual(['later', 't', undefined]);
  expect(failures.map(({ index }) => index)).toEqual([2]);
  await expect(chain.close()).rejects.toThrow('close failed');
  expect(closed).toEqual(['transform', 'predicate']);
});

test('sink records keep what only they have', async () => {
  const chain = transformationChain({
    transforms: 'a',
    'transforms.a.type': 'ValueToKey',
    'transforms.a.fields': 'id',
  });
  const record: SinkRecord = { topic: 't', partition: 1, offset: 7, key: null, value: { id: 5 } };
  const { records } = await chain.apply([record]);
  expect(records).toEqual([{ ...record, key: { id: 5 } }]);
});

test('every problem is told, with the key as the definition has it', () => {
  const config = {
    transforms: 'a,b,c,d',
    'transforms.a.type': 'Cast$Value',
    'transforms.a.spec': 'x:nothing',
    'transforms.b.type': 'RegexRouter',
    'transforms.b.regex': '(?m)x',
    'transforms.b.replacement': 'y',
    'transforms.c.type': 'Filter',
    'transforms.c.predicate': 'missing',
    'transforms.d.type': 'io.sluice.transforms.Expression$Value',
    'transforms.d.filter': 'value.a >',
  };
  const problems = transformationProblems(config);
  expect(problems.map(({ key }) => key)).toEqual([
    'transforms.a.spec',
    'transforms.b.regex',
    'transforms.c.predicate',
    'transforms.d.filter',
  ]);
  expect(problems[1]?.message).toMatch(
    /^Invalid value \(\?m\)x for configuration transforms\.b\.regex: Invalid regex: the flag m/,
  );
  expect(problems[2]?.message).toContain('add it to predicates');
  expect(() => transformationChain(config)).toThrow(ConfigError);
});

test('a predicate that no transform uses is checked all the same', () => {
  expect(
    transformationProblems({
      predicates: 'p',
      'predicates.p.type': 'TopicNameMatches',
      'predicates.p.pattern': '(',
    }).map(({ key }) => key),
  ).toEqual(['predicates.p.pattern']);
});

test('a definition without transforms has an empty chain', async () => {
  const chain = transformationChain({ transforms: ' ' });
  expect(chain.isEmpty).toBe(true);
  expect(await chain.apply([source(1)])).toEqual({ records: [source(1)], failures: [] });
});

test('a transform with a reference is judged once that is resolved', () => {
  const definition = {
    transforms: 'f',
    'transforms.f.type': 'Flatten$Value',
    'transforms.f.delimiter': '${env:DELIMITER}',
    'transforms.f.predicate': 'p',
    predicates: 'p',
    'predicates.p.type': 'TopicNameMatches',
    'predicates.p.pattern': '${env:PATTERN}',
  };
  expect(transformationProblems(definition)).toEqual([]);
  const resolved = { ...definition, 'transforms.f.delimiter': '.', 'predicates.p.pattern': '(' };
  expect(transformationProblems(resolved).map(({ key }) => key)).toEqual(['predicates.p.pattern']);
  expect(() => transformationChain(resolved)).toThrow(ConfigError);
  // A chain is made of what is given: none of it is left out.
  const chain = transformationChain({ ...definition, 'predicates.p.pattern': '.*' });
  expect(chain.isEmpty).toBe(false);
});

test('the examples of the reference are valid', () => {
  const page = readFileSync(
    new URL('../../../docs/reference/transforms.md', import.meta.url),
    'utf8',
  );
  const examples = Array.from(page.matchAll(/```yaml\n([^`]*)```/g), ([, yaml]) =>
    Object.fromEntries(
      (yaml ?? '')
        .trim()
        .split('\n')
        .map((line) => {
          const [, key = '', value = ''] = /^([^:]+): (.*)$/.exec(line) ?? [];
          return [key, value.replace(/^'(.*)'$/, '$1')];
        }),
    ),
  );
  expect(examples).toHaveLength(3);
  for (const example of examples) expect(transformationProblems(example)).toEqual([]);
});
