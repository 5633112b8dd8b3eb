import { describe, expect, test } from 'vitest';
import {
  ConnectHeaders,
  Decimal,
  headersNamed,
  lastHeader,
  latestHeaders,
  type RecordHeader,
  schemas,
} from '../src/index.ts';

const list: readonly RecordHeader[] = [
  { name: 'a', value: 1 },
  { name: 'b', value: 2 },
  { name: 'a', value: 3 },
];

const pairs = (headers: Iterable<RecordHeader>) =>
  Array.from(headers, ({ name, value }) => [name, value]);

describe('a list of headers', () => {
  test('may have a name several times: the last one counts', () => {
    expect(lastHeader(list, 'a')?.value).toBe(3);
    expect(lastHeader(list, 'c')).toBeUndefined();
    expect(lastHeader(undefined, 'a')).toBeUndefined();
    expect(pairs(headersNamed(list, 'a'))).toEqual([
      ['a', 1],
      ['a', 3],
    ]);
    expect(pairs(latestHeaders(list))).toEqual([
      ['b', 2],
      ['a', 3],
    ]);
  });
});

describe('ConnectHeaders', () => {
  test('leaves the list that it was made of as it was', () => {
    const headers = new ConnectHeaders(list).remove('a').addString('c', 'x');
    expect(pairs(headers.toArray())).toEqual([
      ['b', 2],
      ['c', 'x'],
    ]);
    expect(list).toHaveLength(3);
    expect(pairs(headers.duplicate().clear())).toEqual([]);
    expect(headers.size).toBe(2);
  });

  test('keeps the latest, of one name or of all', () => {
    const more = [...list, { name: 'b', value: 4 }];
    expect(pairs(new ConnectHeaders(more).retainLatest('a'))).toEqual([
      ['b', 2],
      ['a', 3],
      ['b', 4],
    ]);
    expect(pairs(new ConnectHeaders(more).retainLatest())).toEqual([
      ['a', 3],
      ['b', 4],
    ]);
  });

  test('changes headers, or takes them out', () => {
    const headers = new ConnectHeaders(list).apply(
      (header) => (header.value === 1 ? undefined : { ...header, name: 'z' }),
      'a',
    );
    expect(pairs(headers)).toEqual([
      ['b', 2],
      ['z', 3],
    ]);
  });

  test('adds values with their schemas', () => {
    const headers = new ConnectHeaders()
      .addInt64('long', 2n ** 60n)
      .addDecimal('price', Decimal.fromString('9.90'))
      .addString('nothing', null)
      .addBytes('raw', Buffer.from('x'))
      .add('any', { a: 1 });
    expect(headers.toArray()).toEqual([
      { name: 'long', value: 2n ** 60n, schema: schemas.int64 },
      {
        name: 'price',
        value: Decimal.fromString('9.90'),
        schema: {
          type: 'bytes',
          name: 'org.apache.kafka.connect.data.Decimal',
          version: 1,
          parameters: { scale: '2' },
        },
      },
      { name: 'nothing', value: null, schema: schemas.optionalString },
      { name: 'raw', value: Buffer.from('x'), schema: schemas.bytes },
      { name: 'any', value: { a: 1 } },
    ]);
  });

  test('refuses what does not fit', () => {
    const headers = new ConnectHeaders();
    expect(() => headers.addInt8('a', 300)).toThrow('number out of range for header');
    expect(() => headers.addDate('a', new Date(5))).toThrow('Kafka Connect Date type should not');
    expect(() => headers.addTime('a', new Date(-5))).toThrow('Kafka Connect Time type should not');
    expect(() => headers.add('a', null as never, schemas.int8)).toThrow(
      'A null value requires an optional schema but was Schema{INT8}',
    );
    expect(headers.isEmpty()).toBe(true);
  });
});
