/**
 * What the goldens ask: every type, both ways, with every setting. `npm run goldens` asks Kafka Connect and
 * writes its answers down. Where ours differs on purpose, `ours` is what we answer, and `why` says why.
 */
import {
  arraySchema,
  Decimal,
  dateSchema,
  decimalSchema,
  mapSchema,
  optionalSchema,
  type Schema,
  SchemaBuilder,
  schemas,
  structSchema,
  timeSchema,
  timestampSchema,
} from '@sluice/connector-api';
import type { Request } from './oracle.ts';
import { schemaToWire, valueToWire } from './wire-data.ts';

export interface GoldenCase {
  readonly title: string;
  readonly request: Request;
  /** What we read instead, or that we refuse. */
  readonly ours?: { readonly schema?: Schema | undefined; readonly value: unknown } | 'refused';
  readonly why?: string;
}

const json = 'org.apache.kafka.connect.json.JsonConverter';
const string = 'org.apache.kafka.connect.storage.StringConverter';
const header = 'org.apache.kafka.connect.storage.SimpleHeaderConverter';
const byteArray = 'org.apache.kafka.connect.converters.ByteArrayConverter';
const primitive = (name: string): string => `org.apache.kafka.connect.converters.${name}Converter`;

const noSchemas = { 'schemas.enable': 'false' };

const line = structSchema(
  { sku: schemas.string, price: decimalSchema(2) },
  { name: 'com.acme.Line' },
);

/** Values of every type: written with an envelope, without one, and as headers. */
const values: readonly (readonly [string, Schema | undefined, unknown])[] = [
  ['int8', schemas.int8, -128],
  ['int16', schemas.int16, 32_767],
  ['int32', schemas.int32, -2_147_483_648],
  ['int64', schemas.int64, 5],
  ['int64 beyond 2^53', schemas.int64, 9_223_372_036_854_775_807n],
  ['int64, the smallest', schemas.int64, -9_223_372_036_854_775_808n],
  ['float32', schemas.float32, Math.fround(12.34)],
  ['float32, whole', schemas.float32, 16_777_216],
  ['float32, small', schemas.float32, Math.fround(1e-5)],
  ['float64', schemas.float64, 1 / 3],
  ['float64, whole', schemas.float64, 12],
  ['float64, large', schemas.float64, 1.25e21],
  ['float64, small', schemas.float64, 1.5e-7],
  ['float64, negative zero', schemas.float64, -0],
  ['boolean', schemas.boolean, true],
  ['string', schemas.string, 'foo "bar" \\ / ü'],
  ['string, empty', schemas.string, ''],
  ['string with controls', schemas.string, '\0\b\t\n\v\f\r\u001f\u007f\u0085\u2028'],
  ['string beyond 16 bits', schemas.string, 'zażółć 😀 𝒳'],
  ['string with half a character', schemas.string, 'a\ud83db\ude00'],
  ['bytes', schemas.bytes, Buffer.from([0, 1, 0xfe, 0xff])],
  ['bytes, empty', schemas.bytes, Buffer.alloc(0)],
  ['array', arraySchema(schemas.int32), [1, 2, 3]],
  ['array, empty', arraySchema(schemas.string), []],
  ['array of arrays', arraySchema(arraySchema(schemas.boolean)), [[true], []]],
  ['map with string keys', mapSchema(schemas.string, schemas.int32), { key1: 12, 'a"b': 15 }],
  ['map with other keys', mapSchema(schemas.int64, schemas.string), new Map([[2, 'x']])],
  ['map, empty', mapSchema(schemas.string, schemas.int8), {}],
  [
    'map of maps',
    mapSchema(schemas.boolean, mapSchema(schemas.string, schemas.float64)),
    new Map([[true, { a: 1 }]]),
  ],
  ['struct, empty', structSchema({}), {}],
  [
    'struct in a struct',
    structSchema({
      id: schemas.int64,
      line,
      lines: arraySchema(line),
      by: mapSchema(schemas.string, line),
    }),
    {
      id: 1,
      line: { sku: 'a', price: Decimal.fromString('9.90') },
      lines: [{ sku: 'b', price: Decimal.fromString('-0.01') }],
      by: { c: { sku: 'c', price: Decimal.fromString('0.00') } },
    },
  ],
  ['optional', schemas.optionalString, 'x'],
  ['optional, null', schemas.optionalString, null],
  [
    'named, with a version, documentation and parameters',
    SchemaBuilder.string()
      .name('com.acme.Name')
      .version(7)
      .doc('what it "is" 😀')
      .parameter('a', '1')
      .parameter('b', 'ü')
      .build(),
    'x',
  ],
  ['decimal', decimalSchema(2), Decimal.fromString('-12.50')],
  ['decimal of scale 0', decimalSchema(0), Decimal.fromString('123456789012345678901234567890')],
  ['decimal of negative scale', decimalSchema(-3), new Decimal(12n, -3)],
  ['decimal of many digits', decimalSchema(20), new Decimal(2n ** 100n, 20)],
  ['decimal, small', decimalSchema(10), new Decimal(1n, 10)],
  ['decimal, zero', decimalSchema(8), new Decimal(0n, 8)],
  ['date', dateSchema, new Date('2020-02-29')],
  ['time', timeSchema, new Date(45_296_789)],
  ['timestamp', timestampSchema, new Date('2020-02-29T12:34:56.789Z')],
  ['timestamp at midnight', timestampSchema, new Date('2020-02-29')],
  ['optional timestamp', optionalSchema(timestampSchema), new Date(86_400_001)],
  ['plain data', undefined, { a: [1, 'x', true, null], b: { c: 9_007_199_254_740_993n } }],
  ['plain fractions', undefined, [1.5, 1e21, 1.5e-7, 123_456_789.125]],
  [
    'a plain Map',
    undefined,
    new Map<unknown, unknown>([
      [1, 'a'],
      ['b', 2],
    ]),
  ],
  ['plain bytes', undefined, { raw: Buffer.from('raw') }],
];

/** Written only: Kafka Connect reads them back as something else, or they have no value in it. */
const defaults = structSchema({
  a: { type: 'int32', default: 7, optional: true },
  b: { type: 'string', default: 'x' },
  c: schemas.optionalInt8,
  price: { ...decimalSchema(2), default: Decimal.fromString('1.10') },
  day: { ...dateSchema, default: new Date('2020-02-29') },
});

function write(
  title: string,
  converter: string,
  schema: Schema | undefined,
  value: unknown,
  more: Partial<Pick<Request, 'config' | 'header'>> = {},
): GoldenCase {
  const { config = {} } = more;
  const request: Request = {
    op: 'write',
    converter,
    ...more,
    config,
    schema: schemaToWire(schema),
    value: valueToWire(schema, value),
  };
  return { title, request };
}

function read(
  title: string,
  converter: string,
  bytes: string | Buffer | null,
  more: Partial<Pick<Request, 'config' | 'header'>> & Omit<GoldenCase, 'title' | 'request'> = {},
): GoldenCase {
  const { ours, why, config = {}, ...rest } = more;
  const request: Request = {
    op: 'read',
    converter,
    ...rest,
    config,
    bytes: bytes === null ? null : Buffer.from(bytes as string).toString('base64'),
  };
  return {
    title,
    request,
    ...(ours === undefined ? {} : { ours }),
    ...(why === undefined ? {} : { why }),
  };
}

const refusesWhat = 'Kafka Connect makes zero, false or an empty list of what does not fit';
const rounds = 'Kafka Connect rounds it to 32 bits';
const leavesBackslashes = 'Kafka Connect does not take out the backslashes that it has put in';
const cutOff = 'Kafka Connect forgets what comes after the first token';

/** Plain maps of Kafka Connect are HashMaps, whose order is no order. */
const jsonCases: readonly GoldenCase[] = [
  ...values.map(([title, schema, value]) => write(title, json, schema, value)),
  ...values.map(([title, schema, value]) =>
    write(`${title}, without envelope`, json, schema, value, { config: noSchemas }),
  ),
  ...values
    .filter(([title]) => /decimal|struct in/.test(title))
    .map(([title, schema, value]) =>
      write(`${title}, numeric`, json, schema, value, { config: { 'decimal.format': 'numeric' } }),
    ),
  write('nothing', json, undefined, null),
  write('null of a required type', json, schemas.int8, null),
  write('null of an optional type, without envelope', json, schemas.optionalInt8, null, {
    config: noSchemas,
  }),
  write('defaults for null', json, defaults, { a: null, b: null, c: null }),
  write(
    'defaults for null, not asked for',
    json,
    defaults,
    { a: null, b: 'y', c: 5, price: Decimal.fromString('2.00'), day: new Date(0) },
    {
      config: { 'replace.null.with.default': 'false' },
    },
  ),
  write(
    'a default that is not asked for in a required field',
    json,
    defaults,
    { a: 1, b: null },
    {
      config: { 'replace.null.with.default': 'false' },
    },
  ),
  write(
    'defaults of decimals as numbers',
    json,
    defaults,
    { a: 1 },
    {
      config: { 'decimal.format': 'NUMERIC' },
    },
  ),
  write('a decimal of another scale', json, decimalSchema(3), Decimal.fromString('1.5')),
  write('a decimal of another scale, numeric', json, decimalSchema(3), Decimal.fromString('1.5'), {
    config: { 'decimal.format': 'NUMERIC' },
  }),
  write('a date with a time', json, dateSchema, new Date(5)),
  write('a time with a date', json, timeSchema, new Date(86_400_001)),
  write('a time of a whole day', json, timeSchema, new Date(86_400_000)),
  ...(['NaN', 'Infinity', '-Infinity'] as const).flatMap((text) => [
    write(`float64 ${text}`, json, schemas.float64, Number(text), { config: noSchemas }),
    write(`float32 ${text}`, json, schemas.float32, Number(text), { config: noSchemas }),
    read(`float64 ${text}`, json, `{"schema":{"type":"double"},"payload":"${text}"}`, {
      ours: { schema: schemas.float64, value: Number(text) },
      why: 'Kafka Connect reads what it writes as 0',
    }),
  ]),
  read('a tombstone', json, null),
  read('a tombstone, without envelope', json, null, { config: noSchemas }),
  read('no bytes, without envelope', json, '', { config: noSchemas }),
  read('null, without envelope', json, 'null', { config: noSchemas }),
  read('an envelope of null', json, '{"schema":null,"payload":null}'),
  read('plain JSON for an envelope', json, '{"a":1}'),
  read('an envelope with more', json, '{"schema":null,"payload":1,"more":2}'),
  read('no JSON', json, '{"a"', { config: noSchemas }),
  read('no UTF-8', json, Buffer.from([0x22, 0xc3, 0x28, 0x22]), { config: noSchemas }),
  read('a byte order mark', json, '\ufeff{"a":1}', { config: noSchemas }),
  read('leading zeros', json, '[007,-00.5]', { config: noSchemas }),
  read('escapes', json, '"\\u00e9\\ud83d\\ude00\\/"', { config: noSchemas }),
  read('numbers', json, '[0,-1,2147483648,9223372036854775807,1.5,1e3,1E-3]', {
    config: noSchemas,
  }),
  read('an integer beyond 64 bits', json, '9223372036854775808', {
    config: noSchemas,
    ours: { value: 9_223_372_036_854_775_808n },
    why: 'Kafka Connect wraps it around',
  }),
  read('more after the JSON', json, '1 2', {
    config: noSchemas,
    ours: 'refused',
    why: 'Kafka Connect forgets what comes after it',
  }),
  read(
    'defaults for what is missing',
    json,
    `{"schema":{"type":"struct","fields":[{"type":"int32","default":7,"field":"a"}]},"payload":{}}`,
  ),
  read(
    'null where a default is not asked for',
    json,
    `{"schema":{"type":"struct","fields":[{"type":"int32","optional":true,"default":7,"field":"a"}]},"payload":{"a":null}}`,
    { config: { 'replace.null.with.default': 'false' } },
  ),
  read(
    'a required field that is missing',
    json,
    `{"schema":{"type":"struct","fields":[{"type":"int32","field":"a"}]},"payload":{}}`,
  ),
  read(
    'fields that the schema has not',
    json,
    `{"schema":{"type":"struct","fields":[{"type":"int32","field":"a"}]},"payload":{"a":1,"b":2}}`,
  ),
  read(
    'a field given twice',
    json,
    `{"schema":{"type":"struct","fields":[{"type":"int32","field":"a"},{"type":"int32","field":"a"}]},"payload":{"a":1}}`,
  ),
  read('empty parameters', json, '{"schema":{"type":"int8","parameters":{}},"payload":1}'),
  read('text for a number', json, '{"schema":{"type":"int32"},"payload":"5"}', {
    ours: 'refused',
    why: refusesWhat,
  }),
  read('a number out of range', json, '{"schema":{"type":"int8"},"payload":300}', {
    ours: 'refused',
    why: 'Kafka Connect wraps it around',
  }),
  read('text for a boolean', json, '{"schema":{"type":"boolean"},"payload":"true"}', {
    ours: 'refused',
    why: refusesWhat,
  }),
  read('no base64 for bytes', json, '{"schema":{"type":"bytes"},"payload":"a!b"}'),
  read('half of base64 for bytes', json, '{"schema":{"type":"bytes"},"payload":"AQI"}'),
  read(
    'a decimal as a number',
    json,
    '{"schema":{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"}},"payload":1234567890123456789.10}',
  ),
  read(
    'a decimal as an integer',
    json,
    '{"schema":{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"}},"payload":5}',
  ),
  read(
    'a decimal with an exponent',
    json,
    '{"schema":{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"}},"payload":12E+3}',
  ),
  read(
    'text for a date',
    json,
    '{"schema":{"type":"int32","name":"org.apache.kafka.connect.data.Date"},"payload":"x"}',
  ),
  read(
    'a time of two days',
    json,
    '{"schema":{"type":"int32","name":"org.apache.kafka.connect.data.Time"},"payload":86400001}',
  ),
  ...['{}', '{"type":"int128"}', '{"type":"array"}', '{"type":"map"}', '{"type":"struct"}'].map(
    (schema) => read(`the schema ${schema}`, json, `{"schema":${schema},"payload":1}`),
  ),
  ...[
    ['a value', '{"id":5,"price":9.90}'],
    ['an envelope', '{"schema":null,"payload":1}'],
    ['nothing', null],
    ['no bytes', ''],
  ].map(([title, text]) =>
    read(`${String(title)} by schema.content`, json, text ?? null, {
      config: {
        'schema.content':
          '{"type":"struct","fields":[{"type":"int64","field":"id"},{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"},"field":"price"}]}',
      },
    }),
  ),
];

const textCases: readonly GoldenCase[] = [
  ...values
    // Java prints where bytes are in its memory.
    .filter(([title]) => !title.includes('bytes'))
    .map(([title, schema, value]) => write(`${title} as text`, string, schema, value)),
  ...['UTF-8', 'UTF-16', 'UTF-16BE', 'UTF-16LE', 'ISO-8859-1', 'US-ASCII'].flatMap((encoding) => {
    const config = { 'converter.encoding': encoding };
    return [
      write(`text in ${encoding}`, string, schemas.string, 'aé€😀', { config }),
      read(`text of ${encoding}`, string, Buffer.from([0xfe, 0xff, 0, 0x61, 0, 0xe9]), { config }),
    ];
  }),
  read('text of UTF-16, little-endian', string, Buffer.from([0xff, 0xfe, 0x61, 0]), {
    config: { 'converter.encoding': 'UTF-16' },
  }),
  write('nothing as text', string, schemas.optionalString, null),
  read('nothing as text', string, null),
  read('empty text', string, ''),
];

const primitiveCases: readonly GoldenCase[] = [
  ...(
    [
      ['Short', schemas.int16, [0, -32_768, 32_767], 2],
      ['Integer', schemas.int32, [0, -2_147_483_648, 2_147_483_647], 4],
      ['Long', schemas.int64, [0, -(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n], 8],
      ['Float', schemas.float32, [0, -0, 0.5, Number.NaN, -Infinity, Math.fround(1e-45)], 4],
      ['Double', schemas.float64, [0, -0, 1 / 3, Number.NaN, Infinity, 5e-324], 8],
      ['Boolean', schemas.boolean, [true, false], 1],
    ] as const
  ).flatMap(([name, schema, list, size]) => [
    ...list.map((value) =>
      write(
        `${name} ${Object.is(value, -0) ? '-0' : String(value)}`,
        primitive(name),
        schema,
        value,
      ),
    ),
    write(`${name} null`, primitive(name), optionalSchema(schema), null),
    write(`${name} of text`, primitive(name), schemas.string, 'x'),
    read(`${name} of nothing`, primitive(name), null),
    read(`${name} of no bytes`, primitive(name), ''),
    read(`${name} of too many bytes`, primitive(name), Buffer.alloc(size + 1)),
  ]),
  read('Boolean of another byte', primitive('Boolean'), Buffer.from([2])),
  write('bytes as they are', byteArray, schemas.bytes, Buffer.from([0, 1, 0xff])),
  write('no bytes as they are', byteArray, schemas.optionalBytes, null),
  write('text as bytes', byteArray, schemas.string, 'x'),
  read('bytes as they are', byteArray, Buffer.from([0, 1, 0xff])),
  read('nothing as bytes', byteArray, null),
];

const asHeader = { header: true } as const;

const headerCases: readonly GoldenCase[] = [
  ...values.map(([title, schema, value]) =>
    write(`${title} as a header`, header, schema, value, asHeader),
  ),
  write('NaN as a header', header, schemas.float64, Number.NaN, asHeader),
  write('a list of text as a header', header, undefined, ['a"b', 'c\\d', '', null], asHeader),
  read('a header of nothing', header, null, asHeader),
  ...[
    '',
    ' ',
    'text',
    'two words',
    'null',
    ' null ',
    'nullable',
    'true',
    'false',
    'TRUE',
    'true}',
    '0',
    '-1',
    '+5',
    '007',
    '127',
    '128',
    '-32769',
    '2147483648',
    '9223372036854775807',
    '9223372036854775808',
    '1e20',
    '1e3',
    '1.0',
    '1.5',
    '-0.1',
    '.5',
    '5.',
    '1.1',
    '1e39',
    '1e400',
    '0x10',
    '1_000',
    '12abc',
    '-',
    '--1',
    '2020-02-29',
    '12:34:56.789Z',
    '2020-02-29T12:34:56.789Z',
    '12\\:34\\:56.789Z',
    '2020-02-29T12:34:56Z',
    '"quoted"',
    '"quoted',
    '[]',
    '[1]',
    '[1,2,3]',
    '[ 1 , 2 ]',
    '[1,300]',
    '[1,1.5]',
    '[1,"a"]',
    '[1,null]',
    '[null,null]',
    '[true,false]',
    '["a","b c"]',
    '["2020-02-29"]',
    '[2020-02-29,2020-03-01]',
    '[1,2',
    '[1,]',
    '[,1]',
    '[a]',
    '[1 2]',
    '[[1],[2]]',
    '[{"a":1},{"b":2}]',
    '{}',
    '{"a":1}',
    '{"a":1,"b":300}',
    '{"a":"x"}',
    '{"a":null}',
    '{"a":1,"b":"x"}',
    '{1:2,3:4}',
    '{"a":[1,2]}',
    '{"a":{"b":1}}',
    '{a:1}',
    '{"a"}',
    '{"a":1',
    '{null:1}',
    'http://example.com/',
    'a:b',
    'ключ',
  ].map((text) => read(`the header ${JSON.stringify(text)}`, header, text, asHeader)),
  ...(
    [
      ['123,456', cutOff],
      ['12:30', cutOff],
      ['10.0.0.1:9092', undefined],
      ['[1,2] and more', cutOff],
      ['{"a":1}x', cutOff],
      [' : x', undefined],
      ['2020-02-30', 'Kafka Connect takes it for 1 March'],
      ['2020-2-29T', 'Kafka Connect forgets what comes after the date'],
      ['25:00:00.000Z', 'Kafka Connect takes it for 1 o’clock of the next day'],
    ] as const
  ).map(([text, why]) =>
    read(`the header ${JSON.stringify(text)}`, header, text, {
      ...asHeader,
      ...(why === undefined ? {} : { why, ours: { schema: schemas.string, value: text } }),
    }),
  ),
  read('a header with many digits', header, '3.14159265358979', {
    ...asHeader,
    ours: { schema: schemas.float64, value: 3.14159265358979 },
    why: rounds,
  }),
  read('a header with a tiny number', header, '1e-60', {
    ...asHeader,
    ours: { schema: schemas.float64, value: 1e-60 },
    why: 'Kafka Connect makes 0 of it',
  }),
  read('a header of quotes in quotes', header, '["a\\"b","c\\\\d"]', {
    ...asHeader,
    ours: { schema: arraySchema(schemas.string), value: ['a"b', 'c\\d'] },
    why: leavesBackslashes,
  }),
  read('a header of blanks in quotes', header, '["a, "," "]', {
    ...asHeader,
    ours: { schema: arraySchema(schemas.string), value: ['a, ', ' '] },
    why: 'Kafka Connect forgets blanks before the end of quotes',
  }),
  read('a header that is no text', header, Buffer.from([0xff, 0xfe]), {
    ...asHeader,
    ours: { schema: schemas.bytes, value: Buffer.from([0xff, 0xfe]) },
    why: 'Kafka Connect puts question marks in their place',
  }),
];

/** What is written alike, and read differently. */
const readDifferently: Readonly<Record<string, Pick<GoldenCase, 'ours' | 'why'>>> = {
  'float64, negative zero': { ours: { value: -0 }, why: 'Kafka Connect loses the sign' },
  'float64, negative zero, without envelope': {
    ours: { value: -0 },
    why: 'Kafka Connect loses the sign',
  },
  'float64 as a header': { ours: { value: 1 / 3 }, why: rounds },
  'map with string keys as a header': {
    ours: { value: { key1: 12, 'a"b': 15 } },
    why: leavesBackslashes,
  },
  'decimal of many digits as a header': { ours: { value: 12_676_506_002.282_293 }, why: rounds },
  'plain fractions as a header': {
    ours: { value: [1.5, 1e21, 1.5e-7, 123_456_789.125] },
    why: rounds,
  },
};

export const goldenCases: readonly GoldenCase[] = [
  ...jsonCases,
  ...textCases,
  ...primitiveCases,
  ...headerCases,
].map((golden) => ({ ...golden, ...readDifferently[golden.title] }));
