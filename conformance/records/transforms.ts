/** Each transform once through the whole pipe; packages/transforms compares them one by one with thousands of records. */
import type { ConformanceCase } from '../case.ts';
import { optional, plain, structOf, text, typed } from './data.ts';
import { at, type TransformCase, transformCases } from './transform-case.ts';

const transforms = 'org.apache.kafka.connect.transforms';

/** One transform; its settings without the prefix. */
function one(type: string, settings: Readonly<Record<string, string>> = {}) {
  return {
    transforms: 't',
    'transforms.t.type': `${transforms}.${type}`,
    ...Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [`transforms.t.${key}`, value]),
    ),
  };
}

const person = { id: 'int32', name: 'string', note: 'string?' };
const ada = { id: 1, name: 'Ada', note: null };

const cases: readonly TransformCase[] = [
  {
    title: 'Cast',
    settings: one('Cast$Value', { spec: 'id:string,weight:int32' }),
    given: [
      { value: structOf({ id: 'int32', weight: 'double' }, { id: 7, weight: 9.9 }) },
      { value: plain({ id: 7, weight: 9.9, other: 'x' }) },
      { value: null },
    ],
    expected: [
      { value: structOf({ id: 'string', weight: 'int32' }, { id: '7', weight: 9 }) },
      { value: plain({ id: '7', weight: 9, other: 'x' }) },
      { value: null },
    ],
  },
  {
    title: 'Cast of a whole key',
    settings: one('Cast$Key', { spec: 'int8' }),
    given: [{ key: typed('int32', 300), value: text('v') }],
    expected: [{ key: typed('int8', 44), value: text('v') }],
  },
  {
    title: 'DropHeaders',
    settings: one('DropHeaders', { headers: 'a,c' }),
    given: [
      {
        value: text('v'),
        headers: [
          ['a', text('1')],
          ['b', text('2')],
          ['a', text('3')],
        ],
      },
      { value: text('w') },
    ],
    expected: [{ value: text('v'), headers: [['b', text('2')]] }, { value: text('w') }],
  },
  {
    title: 'ExtractField',
    settings: one('ExtractField$Value', { field: 'name' }),
    given: [
      { value: structOf(person, ada) },
      { value: plain({ name: 'Bob' }) },
      { value: plain({ other: 1 }) },
      { value: null },
    ],
    expected: [{ value: text('Ada') }, { value: plain('Bob') }, { value: null }, { value: null }],
  },
  {
    title: 'ExtractField of a nested field',
    settings: one('ExtractField$Key', { field: 'a.`b.c`', 'field.syntax.version': 'V2' }),
    given: [{ key: plain({ a: { 'b.c': 'deep' } }), value: text('v') }],
    expected: [{ key: plain('deep'), value: text('v') }],
  },
  {
    title: 'Flatten',
    settings: one('Flatten$Value', { delimiter: '_' }),
    given: [
      { value: plain({ a: { b: 1, c: { d: true } }, e: 'x' }) },
      {
        value: JSON.stringify({
          schema: {
            type: 'struct',
            fields: [
              {
                type: 'struct',
                fields: [{ type: 'int32', optional: false, field: 'inner' }],
                optional: true,
                field: 'outer',
              },
            ],
            optional: false,
          },
          payload: { outer: { inner: 5 } },
        }),
      },
    ],
    expected: [
      { value: plain({ a_b: 1, a_c_d: true, e: 'x' }) },
      { value: structOf({ outer_inner: 'int32?' }, { outer_inner: 5 }) },
    ],
  },
  {
    title: 'HeaderFrom',
    settings: one('HeaderFrom$Value', { fields: 'id,name', headers: 'h1,h2', operation: 'move' }),
    given: [{ value: structOf(person, ada), headers: [['h0', text('x')]] }],
    expected: [
      {
        value: structOf({ note: 'string?' }, { note: null }),
        headers: [
          ['h0', text('x')],
          ['h1', typed('int32', 1)],
          ['h2', text('Ada')],
        ],
      },
    ],
  },
  {
    title: 'HoistField',
    settings: one('HoistField$Value', { field: 'line' }),
    given: [{ value: text('a') }, { value: plain(5) }, { value: null }],
    expected: [
      { value: structOf({ line: 'string' }, { line: 'a' }) },
      { value: plain({ line: 5 }) },
      { value: plain({ line: null }) },
    ],
  },
  {
    title: 'InsertField',
    settings: one('InsertField$Value', {
      'topic.field': 'topic!',
      'partition.field': 'partition',
      'timestamp.field': 'time',
      'static.field': 'origin',
      'static.value': 'test',
    }),
    given: [{ value: plain({ a: 1 }) }, { value: null }],
    expected: [
      { value: plain({ a: 1, topic: '{in}', partition: 0, time: at, origin: 'test' }) },
      { value: null },
    ],
  },
  {
    title: 'InsertField with the offset',
    sides: ['sink'],
    settings: one('InsertField$Value', { 'offset.field': 'offset!' }),
    given: [{ value: plain({ a: 1 }) }],
    expected: [{ value: plain({ a: 1, offset: '{offset}' }) }],
  },
  {
    title: 'InsertHeader',
    settings: one('InsertHeader', { header: 'h', 'value.literal': '[1, 2]' }),
    given: [{ value: text('v'), headers: [['h', text('x')]] }],
    expected: [
      {
        value: text('v'),
        headers: [
          ['h', text('x')],
          [
            'h',
            typed(
              { type: 'array', items: { type: 'int8', optional: false }, optional: false },
              [1, 2],
            ),
          ],
        ],
      },
    ],
  },
  {
    title: 'MaskField',
    settings: one('MaskField$Value', { fields: 'id,name' }),
    given: [{ value: structOf(person, ada) }, { value: plain({ id: 5, name: 'Bob', x: 1 }) }],
    expected: [
      { value: structOf(person, { id: 0, name: '', note: null }) },
      { value: plain({ id: 0, name: '', x: 1 }) },
    ],
  },
  {
    title: 'MaskField with a replacement',
    settings: one('MaskField$Value', { fields: 'name', replacement: '***' }),
    given: [{ value: structOf(person, ada) }],
    expected: [{ value: structOf(person, { ...ada, name: '***' }) }],
  },
  {
    title: 'RegexRouter',
    settings: one('RegexRouter', { regex: '(in)-(.*)', replacement: 'routed-$2' }),
    given: [{ value: text('v') }, { value: null }],
    expected: [
      { topic: 'routed-{id}', value: text('v') },
      { topic: 'routed-{id}', value: null },
    ],
  },
  {
    title: 'ReplaceField',
    settings: one('ReplaceField$Value', { exclude: 'note', renames: 'name:first' }),
    given: [
      { value: structOf(person, ada) },
      { value: plain({ name: 'Bob', note: 1, x: 2 }) },
      { value: null },
    ],
    expected: [
      { value: structOf({ id: 'int32', first: 'string' }, { id: 1, first: 'Ada' }) },
      { value: plain({ first: 'Bob', x: 2 }) },
      { value: null },
    ],
  },
  {
    title: 'SetSchemaMetadata',
    settings: one('SetSchemaMetadata$Value', {
      'schema.name': 'com.acme.P',
      'schema.version': '3',
    }),
    given: [{ value: structOf(person, ada) }],
    expected: [{ value: structOf(person, ada, { name: 'com.acme.P', version: 3 }) }],
  },
  {
    title: 'TimestampConverter',
    settings: one('TimestampConverter$Value', {
      field: 'when',
      'target.type': 'string',
      format: "yyyy-MM-dd'T'HH:mm:ss.SSS",
    }),
    given: [{ value: plain({ when: at }) }, { value: structOf({ when: 'int64' }, { when: at }) }],
    expected: [
      { value: plain({ when: '2023-11-14T22:13:20.123' }) },
      { value: structOf({ when: 'string' }, { when: '2023-11-14T22:13:20.123' }) },
    ],
  },
  {
    title: 'TimestampRouter',
    settings: one('TimestampRouter', {
      'topic.format': 'day-${topic}-${timestamp}',
      'timestamp.format': 'yyyy.MM.dd',
    }),
    given: [{ value: text('v') }, { value: text('w'), timestamp: at + 86_400_000 }],
    expected: [
      { topic: 'day-{in}-2023.11.14', value: text('v') },
      { topic: 'day-{in}-2023.11.15', value: text('w'), timestamp: at + 86_400_000 },
    ],
  },
  {
    title: 'ValueToKey',
    settings: one('ValueToKey', { fields: 'id' }),
    given: [{ value: structOf(person, ada) }, { key: text('old'), value: plain({ id: 2, x: 1 }) }],
    expected: [
      { key: structOf({ id: 'int32' }, { id: 1 }), value: structOf(person, ada) },
      { key: plain({ id: 2 }), value: plain({ id: 2, x: 1 }) },
    ],
  },
  {
    title: 'Filter with RecordIsTombstone',
    settings: {
      ...one('Filter', { predicate: 'p' }),
      predicates: 'p',
      'predicates.p.type': `${transforms}.predicates.RecordIsTombstone`,
    },
    given: [
      { key: text('a'), value: null },
      { key: text('b'), value: text('v') },
      { key: text('c'), value: optional('string', null) },
      { key: text('d'), value: text('w') },
    ],
    expected: [
      { key: text('b'), value: text('v') },
      { key: text('d'), value: text('w') },
    ],
  },
  {
    title: 'Filter with HasHeaderKey, negated',
    settings: {
      ...one('Filter', { predicate: 'p', negate: 'true' }),
      predicates: 'p',
      'predicates.p.type': `${transforms}.predicates.HasHeaderKey`,
      'predicates.p.name': 'keep',
    },
    given: [
      { value: text('no') },
      { value: text('yes'), headers: [['keep', null]] },
      { value: text('no'), headers: [['kept', text('x')]] },
      {
        value: text('yes'),
        headers: [
          ['a', text('x')],
          ['keep', text('y')],
        ],
      },
      { value: text('no') },
    ],
    expected: [
      { value: text('yes'), headers: [['keep', null]] },
      {
        value: text('yes'),
        headers: [
          ['a', text('x')],
          ['keep', text('y')],
        ],
      },
    ],
  },
  {
    title: 'TopicNameMatches, for one transform of a chain and not for the next',
    settings: {
      transforms: 'route,hoist,mark',
      'transforms.route.type': 'RegexRouter',
      'transforms.route.regex': 'in-(.*)',
      'transforms.route.replacement': 'routed-$1',
      'transforms.hoist.type': `${transforms}.HoistField$Value`,
      'transforms.hoist.field': 'v',
      'transforms.hoist.predicate': 'isRouted',
      'transforms.mark.type': 'InsertHeader',
      'transforms.mark.header': 'never',
      'transforms.mark.value.literal': 'x',
      'transforms.mark.predicate': 'isRouted',
      'transforms.mark.negate': 'true',
      predicates: 'isRouted',
      'predicates.isRouted.type': 'TopicNameMatches',
      'predicates.isRouted.pattern': 'routed-.*',
    },
    given: [{ value: text('a') }],
    expected: [{ topic: 'routed-{id}', value: structOf({ v: 'string' }, { v: 'a' }) }],
  },
];

export const transformSuite: readonly ConformanceCase[] = cases.flatMap(transformCases);
