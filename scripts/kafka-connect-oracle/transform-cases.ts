/**
 * What Kafka Connect's transforms and predicates are asked, to compare ours with. Data is written as
 * TransformOracle.java reads it.
 */
type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

type Config = Readonly<Record<string, string>>;

export interface TransformCase {
  readonly class: string;
  readonly config: Config;
  readonly records: readonly Json[];
}

const packageName = 'org.apache.kafka.connect.transforms';

function one(name: string, config: Config, ...records: readonly Json[]): TransformCase {
  return { class: `${packageName}.${name}`, config, records };
}

/** Both `$Key` and `$Value`, the record's parts swapped for the former. */
function both(name: string, config: Config, ...values: readonly Part[]): TransformCase[] {
  return [
    one(`${name}$Value`, config, ...values.map(asValue)),
    one(`${name}$Key`, config, ...values.slice(0, 2).map(asKey)),
  ];
}

interface Part {
  readonly schema?: Json;
  readonly value: Json;
}

function asValue({ schema, value }: Part): Json {
  return {
    topic: 'orders',
    partition: 3,
    timestampMs: 1_700_000_000_123,
    key: 'k',
    keySchema: { type: 'string' },
    ...(schema === undefined ? {} : { valueSchema: schema }),
    value,
    headers: [{ name: 'h', value: 'x', schema: { type: 'string' } }],
  };
}

function asKey({ schema, value }: Part): Json {
  return {
    topic: 'orders',
    partition: 3,
    offset: 42,
    timestampMs: 1_700_000_000_123,
    ...(schema === undefined ? {} : { keySchema: schema }),
    key: value,
    value: { other: 1 },
  };
}

function loose(value: Json): Part {
  return { value };
}

function struct(
  fields: Readonly<Record<string, Json>>,
  value: Json,
  options: Readonly<Record<string, Json>> = {},
): Part {
  return {
    schema: {
      type: 'struct',
      ...options,
      fields: Object.entries(fields).map(([field, schema]) => ({ field, schema })),
    },
    value,
  };
}

const logical = (type: string, name: string, more: Readonly<Record<string, Json>> = {}): Json => ({
  type,
  name: `org.apache.kafka.connect.data.${name}`,
  version: 1,
  ...more,
});
const date = logical('int32', 'Date');
const time = logical('int32', 'Time');
const timestamp = logical('int64', 'Timestamp');
const decimal = logical('bytes', 'Decimal', { parameters: { scale: '2' } });

/** One field of each type, the second half optional or with a default. */
const everything: Part = struct(
  {
    i8: { type: 'int8' },
    i16: { type: 'int16' },
    i32: { type: 'int32' },
    i64: { type: 'int64' },
    f32: { type: 'float32' },
    f64: { type: 'float64' },
    flag: { type: 'boolean' },
    text: { type: 'string' },
    bytes: { type: 'bytes' },
    day: date,
    clock: time,
    at: timestamp,
    price: decimal,
    tags: { type: 'array', items: { type: 'string' } },
    counts: { type: 'map', keys: { type: 'string' }, values: { type: 'int32' } },
    byNumber: { type: 'map', keys: { type: 'int32' }, values: { type: 'string' } },
    nested: { type: 'struct', fields: [{ field: 'a', schema: { type: 'int32' } }] },
    maybe: { type: 'string', optional: true },
    fallback: { type: 'int32', optional: true, default: 7 },
    filled: { type: 'string', optional: true, default: 'd' },
  },
  {
    i8: -5,
    i16: 300,
    i32: 70_000,
    i64: { $long: '9007199254740993' },
    f32: 1.5,
    f64: 1e-7,
    flag: true,
    text: 'hello',
    bytes: { $bytes: 'AAEC/w==' },
    day: { $date: 86_400_000 * 19_000 },
    clock: { $date: 3_723_004 },
    at: { $date: 1_700_000_000_123 },
    price: { $decimal: '123.45' },
    tags: ['a', 'b'],
    counts: { x: 1 },
    byNumber: { $map: [[1, 'one']] },
    nested: { a: 1 },
    maybe: null,
    fallback: null,
    filled: 'set',
  },
  { name: 'everything', version: 2, doc: 'a doc', parameters: { p: 'q' } },
);

const looseEverything = loose({
  whole: 5,
  big: { $long: '9007199254740993' },
  fraction: 1.25,
  flag: false,
  text: '42',
  list: [1, 2],
  map: { a: { b: 'deep' }, c: null },
  nothing: null,
});

const optionalStruct = struct(
  { a: { type: 'int32', optional: true, default: 3 }, b: { type: 'string', optional: true } },
  { a: null, b: 'x' },
  { optional: true, default: { a: 1, b: 'y' } },
);
const nullStruct: Part = { ...optionalStruct, value: null };
const justText: Part = { schema: { type: 'string' }, value: 'text' };
const justMap: Part = {
  schema: { type: 'map', keys: { type: 'string' }, values: { type: 'string' } },
  value: { a: 'b' },
};
const usual: readonly Part[] = [
  everything,
  looseEverything,
  optionalStruct,
  nullStruct,
  loose(null),
  loose('text'),
  justText,
  justMap,
  loose([1]),
];

const castTargets = ['int8', 'int16', 'int32', 'int64', 'float32', 'float64', 'boolean', 'string'];

const numbers: readonly Part[] = [
  ...[0, 1, -1, 127, 128, 300, -129, 70_000].map((value) => ({ schema: { type: 'int32' }, value })),
  ...['9223372036854775807', '-9223372036854775808', '9007199254740993', '4294967296'].map(
    (value) => ({
      schema: { type: 'int64' },
      value: { $long: value },
    }),
  ),
  ...[
    '0.5',
    '-0.5',
    '1.5',
    '1e10',
    '-1e20',
    '1e300',
    'NaN',
    'Infinity',
    '-Infinity',
    '127.9',
    '-0.0',
    '16777217',
    '1.0E-5',
    '1.2345678E7',
  ].map((value) => ({
    schema: { type: 'float64' },
    value: { $double: value },
  })),
  ...['0.1', '1e10', 'NaN', '3.4028235E38'].map((value) => ({
    schema: { type: 'float32' },
    value: { $double: value },
  })),
  ...[
    '0',
    '1',
    '-7',
    '+8',
    ' 5',
    '5 ',
    '127',
    '128',
    '1.5',
    '1e3',
    'NaN',
    'nan',
    'Infinity',
    '1f',
    '2D',
    '.5',
    '5.',
    '',
    'x',
    'true',
    'TRUE',
    '9223372036854775808',
    '0x10',
    '١',
  ].map((value) => ({
    schema: { type: 'string' },
    value,
  })),
  { schema: { type: 'boolean' }, value: true },
  { schema: { type: 'boolean' }, value: false },
  { schema: { type: 'bytes' }, value: { $bytes: 'aGVsbG8=' } },
  { schema: date, value: { $date: 86_400_000 * 19_000 } },
  { schema: time, value: { $date: 3_723_004 } },
  { schema: timestamp, value: { $date: 1_700_000_000_123 } },
  { schema: timestamp, value: { $date: 86_400_000 * 5 } },
  { schema: timestamp, value: { $date: -5 } },
  { schema: decimal, value: { $decimal: '123.45' } },
  { schema: decimal, value: { $decimal: '-1000000000000000000000.99' } },
  { schema: { type: 'array', items: { type: 'int32' } }, value: [1] },
  {
    schema: { type: 'int32', optional: true, default: 300, name: 'n', version: 3, doc: 'd' },
    value: 5,
  },
  { schema: { type: 'int32', optional: true }, value: null },
  loose(5),
  loose(1.5),
  loose(true),
  loose('12'),
  loose({ $bytes: 'AAE=' }),
  loose([1]),
  loose({ a: 1 }),
  loose({ $date: 5 }),
  loose({ $decimal: '7.9' }),
];

const topics = [
  'orders',
  'orders-eu',
  'a.b.c',
  'aab',
  'ab',
  'xyz',
  'Orders_1',
  'db.public.users',
  '',
  'aaa',
  'a-b-1-2',
  'ABC123',
];
const topicRecords: readonly Json[] = topics.map((topic) => ({ topic, value: 1 }));

/** Regular expression and replacement. */
const routes: readonly (readonly [string, string])[] = [
  ['orders', 'x'],
  ['(.*)', 'copy-$1'],
  ['(.*)-eu', '$1_europe'],
  ['(?<db>[^.]+)\\.(?<schema>[^.]+)\\.(.*)', '${schema}_$3_${db}'],
  ['a|ab', 'x'],
  ['(a+)(b?)', '$2$1'],
  ['(a++)b', '[$1]'],
  ['a*+a', 'never'],
  ['(?>a|ab)b', 'atomic'],
  ['(?i)orders.*', 'ci'],
  ['(?i:ORD)ers', 'ci-group'],
  ['[a-z&&[^bc]]+', 'inter'],
  ['[\\w&&[^\\d_]]+', 'letters'],
  ['[^a-c[x-z]]+', 'negated union'],
  ['\\p{Alpha}+', 'alpha'],
  ['\\p{Lower}+', 'lower'],
  ['\\p{L}+', 'letter'],
  ['\\p{IsAlphabetic}+', 'alphabetic'],
  ['\\Qa.b.c\\E', 'quoted'],
  ['\\Qa.b\\E.*', 'quoted2'],
  ['(a)\\1+', 'twice $1'],
  ['([a-z])-([a-z])-(\\d)-(\\d)', '$4$3$2$1$10'],
  ['\\w+', 'a\\$b\\\\c'],
  ['(x)?.*', '<$1>'],
  ['^orders$', 'anchored'],
  ['\\Aorders\\z', 'anchored2'],
  ['.*\\b-.*', 'boundary'],
  ['(?x) ord  ers # comment', 'comments'],
  ['\\x61\\u0061b', 'hex'],
  ['\\x{61}{2}b', 'hex repeated'],
  ['o{1}r{0,1}d{1,}.*', 'counted'],
  ['a{2}?b|x.*?z', 'lazy'],
  ['[a\\-b.]+', 'escaped dash'],
  ['[-a-c]+', 'leading dash'],
  ['[]a]+', 'leading bracket'],
  ['(?=a)..*', 'lookahead'],
  ['(?!a).*', 'negative lookahead'],
  ['.*(?<=eu)', 'lookbehind'],
  ['.*(?<!eu)', 'negative lookbehind'],
  ['[\\p{Lu}\\d]+', 'class of properties'],
  ['\\P{Lower}+', 'not lower'],
  ['[^\\W_]+', 'nested negation'],
  ['}', 'brace'],
  ['a]', 'bracket'],
  ['', 'empty'],
  ['(|a+)b?', '[$1]'],
  ['((a)|b)+', '$1'],
  ['(', 'broken'],
  [')', 'broken'],
  ['*a', 'broken'],
  ['a{,3}', 'broken'],
  ['[a', 'broken'],
  ['\\y', 'broken'],
  ['(?<1a>x)', 'broken'],
  ['[z-a]', 'broken'],
  ['a**', 'broken'],
];

/** The letter three times, which looks like a mark that something is left to do. */
const isoZone = 'X'.repeat(3);

const patterns: readonly string[] = [
  'yyyyMMdd',
  'yyyy-MM-dd HH:mm:ss',
  "yyyy-MM-dd'T'HH:mm:ss.SSSX",
  "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'",
  'EEE, d MMM yyyy HH:mm:ss Z',
  'EEEE, MMMM d, yyyy h:mm a',
  'yy/M/d K:k',
  'yyyy.DDD',
  'YYYY-ww-W-F-u',
  'G yyyyy y yyy LLL L',
  'HHmmssSSS',
  "h 'o''clock' a, zzzz z",
  `SSSSSS S ${isoZone} XX`,
  "''yyyy''",
];

const instants = [
  0,
  1_700_000_000_123,
  -1,
  951_782_400_000,
  -62_135_596_800_000,
  -12_219_292_800_000,
  -12_219_292_800_001,
  4_102_444_799_999,
  1_704_067_199_999,
  1_735_603_200_000,
  -62_167_219_200_000 - 86_400_000 * 400,
  253_402_300_800_000,
];

/** Pattern and texts to read by it. */
const readings: readonly (readonly [string, readonly string[]])[] = [
  [
    'yyyyMMdd',
    [
      '20240229',
      '20230229',
      '2024022',
      '20241301',
      'x',
      '20240101junk',
      '2024 1 1',
      '00010101',
      '15821015',
      '15821014',
    ],
  ],
  [
    'yyyy-MM-dd',
    [
      '2024-02-29',
      '2024-2-9',
      '24-2-9',
      ' 2024-02-29',
      '2024-02-29 rest',
      '2024/02/29',
      '-5-01-01',
      '12024-01-01',
      '2024-00-00',
      '0001-01-01',
    ],
  ],
  ['yy-MM-dd', ['24-02-29', '99-01-01', '2024-02-29', '00-12-31', '1-1-1']],
  [
    "yyyy-MM-dd'T'HH:mm:ss.SSSX",
    [
      '2024-02-29T12:34:56.789Z',
      '2024-02-29T12:34:56.789+02',
      '2024-02-29T12:34:56.789-0530',
      '2024-02-29T12:34:56.7Z',
      '2024-02-29T12:34:56.123456Z',
      '2024-02-29T12:34:56',
    ],
  ],
  [
    `yyyy-MM-dd HH:mm:ss ${isoZone}`,
    [
      '2024-02-29 12:34:56 +02:30',
      '2024-02-29 12:34:56 Z',
      '2024-02-29 12:34:56 +0230',
      '2024-02-29 25:61:61 Z',
    ],
  ],
  [
    'EEE, d MMM yyyy HH:mm:ss Z',
    [
      'Thu, 29 Feb 2024 12:34:56 +0100',
      'Mon, 29 february 2024 12:34:56 GMT',
      'Thu, 29 Feb 2024 12:34:56 GMT-3:30',
      'Thu, 29 Xyz 2024 12:34:56 GMT',
      'Thu, 29 Feb 2024 12:34:56 UTC',
    ],
  ],
  [
    'MMMM d, yyyy h:mm a',
    ['March 5, 2024 12:05 AM', 'MAR 5, 2024 12:05 pm', 'March 5, 2024 1:05 PM'],
  ],
  ['yyyy.DDD', ['2024.060', '2023.060', '2024.400']],
  ['HH:mm', ['12:34', '24:00', '-1:30', '1:2']],
  ['k:m', ['24:00', '1:30']],
  ['K:mm a', ['0:30 PM', '11:30 AM']],
  ['HH h a', ['13 5 AM', '13 5 PM']],
  ['h a HH', ['5 PM 13']],
  ['yyyyMMddHHmmssSSS', ['20240229123456789', '202402291234567891']],
  ["yyyy-MM-dd'T'HH:mm:ss.SSSSSS", ['2024-02-29T12:34:56.123456']],
  ['G y', ['BC 5', 'AD 2024', 'ad 1']],
  ['yyyy-MM-dd u', ['2024-02-29 4']],
];

const stamps = (): readonly Part[] => [
  { schema: timestamp, value: { $date: 1_700_000_000_123 } },
  { schema: date, value: { $date: 86_400_000 * 19_000 } },
  { schema: time, value: { $date: 3_723_004 } },
  { schema: { type: 'int64' }, value: { $long: '1700000000123' } },
  { schema: { type: 'int64', optional: true }, value: -1 },
  { schema: { type: 'int64' }, value: { $long: '9223372036854775' } },
  { schema: { type: 'string' }, value: '2024-02-29 12:34:56' },
  { schema: { type: 'string' }, value: 'no' },
  { schema: { type: 'int32' }, value: 5 },
  { schema: { type: 'int64', optional: true }, value: null },
  loose(1_700_000_000_123),
  loose({ $date: 1_700_000_000_123 }),
  loose('2024-02-29 12:34:56'),
  loose(1.5),
  loose(null),
];

const fieldStamps: readonly Part[] = [
  struct(
    {
      at: { type: 'int64', optional: true },
      other: { type: 'string', default: 'o', optional: true },
    },
    { at: 1_700_000_000_123, other: null },
    { name: 'n', optional: true },
  ),
  struct({ at: timestamp }, { at: { $date: -5 } }),
  struct({ at: { type: 'string', optional: true } }, { at: null }),
  struct({ elsewhere: { type: 'int64' } }, { elsewhere: 1 }),
  loose({ at: 1_700_000_000_123, x: 1 }),
  loose({ x: 1 }),
  loose({ at: { nested: 1 } }),
  nullStruct,
  loose(null),
  loose('text'),
];

const literals = [
  'true',
  'null',
  '5',
  '-129',
  '70000',
  '9223372036854775807',
  '92233720368547758070',
  '1.5',
  '1e400',
  '"quoted"',
  'text',
  '[1,2,3]',
  '[1,"a"]',
  '{"a":1,"b":2}',
  '[1,',
  '2024-02-29',
  '12:34:56.789Z',
  '2024-02-29T12:34:56.789Z',
  ' padded ',
  '+7',
  '.5',
  'a:b',
];

const dotted: readonly Part[] = [
  struct(
    {
      a: {
        type: 'struct',
        optional: true,
        fields: [
          { field: 'b.c', schema: { type: 'int32', optional: true, default: 9 } },
          { field: 'd', schema: { type: 'string', optional: true } },
        ],
      },
      'x.y': { type: 'string' },
    },
    { a: { 'b.c': null, d: 'deep' }, 'x.y': 'flat' },
  ),
  loose({ a: { 'b.c': 5, d: 'deep', e: [1] }, 'x.y': 'flat' }),
  loose({ a: 'no map' }),
  loose({ a: null }),
];

export const transformCases: readonly TransformCase[] = [
  ...castTargets.map((spec) => one('Cast$Value', { spec }, ...numbers.map(asValue))),
  ...both(
    'Cast',
    {
      spec: 'i8:int64,i32:string,i64:int16,f64:float32,text:boolean,flag:string,day:int32,price:float64,fallback:string,bytes:string',
    },
    everything,
    optionalStruct,
  ),
  ...both(
    'Cast',
    { spec: 'a:string', 'replace.null.with.default': 'false' },
    optionalStruct,
    struct({ a: { type: 'int32' } }, { a: 5 }, { optional: true }),
  ),
  ...both(
    'Cast',
    { spec: 'whole:string,big:float64,fraction:int8,text:int32,missing:int8,flag:int64' },
    looseEverything,
    loose(null),
    loose('x'),
  ),
  ...['', 'int32,int8', 'a:b', 'a:bytes', 'a:b:c', 'nonsense', 'array'].map((spec) =>
    one('Cast$Value', { spec }),
  ),
  one('Cast$Value', {}),
  ...['', 'h', 'h,other'].map((headers) =>
    one('DropHeaders', { headers }, ...[everything].map(asValue), {
      topic: 't',
      value: 1,
      headers: [
        { name: 'h', value: 1 },
        { name: 'keep', value: null },
        { name: 'h', value: 2 },
      ],
    }),
  ),
  ...['i8', 'nested', 'missing', 'fallback', 'at', 'a'].flatMap((field) =>
    both('ExtractField', { field }, ...usual),
  ),
  ...both('ExtractField', { field: 'fallback', 'replace.null.with.default': 'false' }, everything),
  ...[
    'a.`b.c`',
    'a.d',
    '`x.y`',
    'x.y',
    'a',
    'a.d.e',
    'a.missing',
    'missing.d',
    'a.',
    '`a`',
    'a.`d',
    '`a\\`.b`',
  ].flatMap((field) => [
    ...both('ExtractField', { field, 'field.syntax.version': 'V2' }, ...dotted),
    ...both('ExtractField', { field, 'field.syntax.version': 'v1' }, ...dotted),
  ]),
  one('ExtractField$Value', { field: 'a', 'field.syntax.version': 'V3' }),
  one('Filter', {}, asValue(everything), { topic: 't', value: null }),
  ...['.', '_', ''].flatMap((delimiter) =>
    both('Flatten', { delimiter }, ...usual.filter((part) => part !== everything), ...dotted),
  ),
  ...both(
    'Flatten',
    {},
    struct(
      {
        top: { type: 'int32', default: 1 },
        list: { type: 'array', items: { type: 'struct', fields: [] } },
        inner: {
          type: 'struct',
          optional: true,
          default: { x: 5, y: 'why' },
          fields: [
            { field: 'x', schema: { type: 'int32' } },
            { field: 'y', schema: { type: 'string', optional: true, default: 'own' } },
            {
              field: 'z',
              schema: {
                type: 'struct',
                fields: [{ field: 'q', schema: timestamp }],
                optional: true,
              },
            },
          ],
        },
      },
      { top: 2, list: [], inner: { x: 6, y: null, z: { q: { $date: 5 } } } },
      { name: 'n' },
    ),
    everything,
    struct(
      {
        inner: {
          type: 'struct',
          optional: true,
          fields: [{ field: 'x', schema: { type: 'int32', default: 4 } }],
        },
        'inner.x': { type: 'int32' },
      },
      { inner: null, 'inner.x': 1 },
    ),
    struct(
      {
        inner: {
          type: 'struct',
          optional: true,
          fields: [{ field: 'x', schema: { type: 'int32', default: 4 } }],
        },
      },
      { inner: null },
      { optional: true },
    ),
  ),
  ...['move', 'copy'].flatMap((operation) => [
    ...both(
      'HeaderFrom',
      { fields: 'i8,maybe,fallback,at', headers: 'H8,maybe,fb,h', operation },
      ...usual,
    ),
    ...both(
      'HeaderFrom',
      { fields: 'fallback', headers: 'fb', operation, 'replace.null.with.default': 'false' },
      everything,
    ),
    ...both(
      'HeaderFrom',
      { fields: 'text,missing', headers: 't,m', operation },
      looseEverything,
      everything,
    ),
  ]),
  one('HeaderFrom$Value', { fields: 'a,b', headers: 'a', operation: 'move' }),
  one('HeaderFrom$Value', { fields: 'a', headers: 'a', operation: 'other' }),
  one('HeaderFrom$Value', { fields: '', headers: 'a', operation: 'move' }),
  ...both('HoistField', { field: 'wrapped' }, ...usual),
  ...both(
    'InsertField',
    {
      'topic.field': 't',
      'partition.field': 'p!',
      'timestamp.field': 'ts?',
      'static.field': 's!',
      'static.value': ' v ',
    },
    ...usual,
  ),
  ...both('InsertField', { 'offset.field': 'o', 'replace.null.with.default': 'false' }, ...usual),
  one(
    'InsertField$Value',
    { 'topic.field': 'text' },
    asValue(everything),
    asValue(looseEverything),
  ),
  one(
    'InsertField$Value',
    { 'timestamp.field': 'ts', 'partition.field': 'p' },
    { topic: 't', value: { a: 1 } },
    {
      topic: 't',
      value: { a: 1 },
      valueSchema: struct({ a: { type: 'int32' } }, null).schema ?? null,
    },
  ),
  one('InsertField$Value', {}),
  one('InsertField$Value', { 'static.field': 'a' }),
  ...literals.map((literal) =>
    one(
      'InsertHeader',
      { header: 'new', 'value.literal': literal },
      { topic: 't', value: 1, headers: [{ name: 'new', value: 'old' }] },
    ),
  ),
  one('InsertHeader', { header: 'new' }),
  ...Object.keys((everything.value as Readonly<Record<string, Json>>) ?? {}).flatMap((fields) => [
    one('MaskField$Value', { fields }, asValue(everything)),
    one('MaskField$Value', { fields, replacement: '300.7' }, asValue(everything)),
  ]),
  ...both(
    'MaskField',
    { fields: 'whole,big,fraction,flag,text,list,map,nothing,missing' },
    ...usual,
  ),
  ...['5', '1.5', 'x', '-1e3'].flatMap((replacement) =>
    ['whole', 'fraction', 'text', 'flag', 'map', 'i8', 'f32'].map((fields) =>
      one(
        'MaskField$Value',
        { fields, replacement },
        asValue(looseEverything),
        asValue(everything),
      ),
    ),
  ),
  ...both('MaskField', { fields: 'b', 'replace.null.with.default': 'false' }, optionalStruct),
  one('MaskField$Value', { fields: '' }),
  one('MaskField$Value', { fields: 'a', replacement: '' }),
  ...routes.map(([regex, replacement]) =>
    one('RegexRouter', { regex, replacement }, ...topicRecords),
  ),
  ...routes.map(([pattern]) => one('predicates.TopicNameMatches', { pattern }, ...topicRecords)),
  ...['$', '\\', '$9', '${nope}', '$x'].map((replacement) =>
    one('RegexRouter', { regex: 'orders', replacement }, ...topicRecords),
  ),
  ...both(
    'ReplaceField',
    { exclude: 'i8,byNumber,big', renames: 'text:words,nothing:something' },
    ...usual,
  ),
  ...both('ReplaceField', { include: 'text,fallback,a', renames: 'text:t' }, ...usual),
  ...both(
    'ReplaceField',
    { include: 'fallback', 'replace.null.with.default': 'false' },
    everything,
  ),
  ...both('ReplaceField', { renames: 'i8:i16' }, everything),
  ...['a', 'a:b:c', ':b', 'a:'].map((renames) =>
    one('ReplaceField$Value', { renames }, asValue(loose({ a: 1, '': 2 }))),
  ),
  ...both('SetSchemaMetadata', { 'schema.name': 'named', 'schema.version': '9' }, ...usual),
  ...both(
    'SetSchemaMetadata',
    { 'schema.version': '9', 'replace.null.with.default': 'false' },
    ...usual,
  ),
  one('SetSchemaMetadata$Value', {}),
  ...['string', 'unix', 'Date', 'Time', 'Timestamp'].flatMap((target) => [
    one(
      'TimestampConverter$Value',
      { 'target.type': target, format: 'yyyy-MM-dd HH:mm:ss' },
      ...stamps().map(asValue),
    ),
    ...both(
      'TimestampConverter',
      { 'target.type': target, format: 'yyyy-MM-dd', field: 'at' },
      ...fieldStamps,
    ),
  ]),
  ...['seconds', 'microseconds', 'nanoseconds'].flatMap((precision) =>
    ['unix', 'Timestamp'].map((target) =>
      one(
        'TimestampConverter$Value',
        { 'target.type': target, 'unix.precision': precision },
        ...stamps().map(asValue),
      ),
    ),
  ),
  one('TimestampConverter$Value', { 'target.type': 'string' }),
  one('TimestampConverter$Value', { 'target.type': 'nothing' }),
  one('TimestampConverter$Value', { 'target.type': 'string', format: 'bad b' }),
  one('TimestampConverter$Value', { 'target.type': 'unix', 'unix.precision': 'hours' }),
  ...patterns.map((format) =>
    one(
      'TimestampRouter',
      { 'timestamp.format': format },
      ...instants.map((timestampMs) => ({ topic: 't', timestampMs, value: 1 })),
    ),
  ),
  one(
    'TimestampRouter',
    { 'topic.format': 'x_${timestamp}_${topic}_${topic}$1' },
    { topic: 'a$b${timestamp}', timestampMs: 0, value: 1 },
    { topic: 't', value: 1 },
  ),
  ...readings.map(([format, texts]) =>
    one(
      'TimestampConverter$Value',
      { 'target.type': 'unix', format },
      ...texts.map((value) => asValue({ schema: { type: 'string' }, value })),
    ),
  ),
  ...['i8,fallback', 'text', 'missing', 'a,b'].map((fields) =>
    one('ValueToKey', { fields }, ...usual.map(asValue)),
  ),
  one(
    'ValueToKey',
    { fields: 'fallback', 'replace.null.with.default': 'false' },
    asValue(everything),
  ),
  one('ValueToKey', { fields: '' }),
  one('predicates.HasHeaderKey', { name: 'h' }, asValue(everything), { topic: 't', value: 1 }),
  one('predicates.HasHeaderKey', { name: '' }),
  one(
    'predicates.RecordIsTombstone',
    {},
    asValue(everything),
    asValue(loose(null)),
    asValue(nullStruct),
  ),
];

/** Definitions whose transforms are validated. */
export const validationCases: readonly { readonly config: Config }[] = [
  {
    transforms: 'a',
    'transforms.a.type': `${packageName}.HoistField$Value`,
    'transforms.a.field': 'f',
  },
  {
    transforms: 'a,b',
    'transforms.a.type': `${packageName}.HoistField$Value`,
    'transforms.b.type': `${packageName}.Filter`,
  },
  { transforms: 'a' },
  { transforms: 'a', 'transforms.a.type': 'org.acme.Unknown' },
  { transforms: 'a', 'transforms.a.type': '' },
  { transforms: 'a', 'transforms.a.type': `${packageName}.predicates.RecordIsTombstone` },
  { transforms: 'a,a', 'transforms.a.type': `${packageName}.Filter` },
  { transforms: 'a', 'transforms.a.type': `${packageName}.Filter`, 'transforms.a.negate': 'true' },
  {
    transforms: 'a',
    'transforms.a.type': `${packageName}.Filter`,
    'transforms.a.negate': 'maybe',
    'transforms.a.predicate': 'p',
  },
  { transforms: 'a', 'transforms.a.type': `${packageName}.Filter`, 'transforms.a.predicate': 'p' },
  { predicates: 'p' },
  { predicates: 'p', 'predicates.p.type': `${packageName}.predicates.TopicNameMatches` },
  {
    predicates: 'p',
    'predicates.p.type': `${packageName}.predicates.TopicNameMatches`,
    'predicates.p.pattern': '(',
  },
  { predicates: 'p,p', 'predicates.p.type': `${packageName}.predicates.RecordIsTombstone` },
  {
    transforms: 'a',
    'transforms.a.type': `${packageName}.Cast$Value`,
    'transforms.a.spec': 'nonsense',
  },
  {
    transforms: 'a',
    'transforms.a.type': `${packageName}.TimestampConverter$Value`,
    'transforms.a.target.type': 'x',
  },
].map((config) => ({ config }));
