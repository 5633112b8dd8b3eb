import { Decimal, type SinkRecord } from '@sluice/connector-api';
import { expect, test } from 'vitest';
import { jsonOf } from '../src/json-data.ts';
import { type JobShape, jobOf } from '../src/record-job.ts';

const record: SinkRecord = {
  topic: 'orders',
  partition: 2,
  offset: 17,
  value: { id: 1 },
  headers: [
    { name: 'kind', value: 'first' },
    { name: 'kind', value: 'ship' },
    { name: 'urgent', value: '2' },
    { name: 'later', value: 5n },
  ],
};
const shape: JobShape = {
  queue: 'q-{topic}',
  name: 'of {topic}',
  nameHeader: undefined,
  priority: undefined,
  priorityHeader: undefined,
  delayMs: undefined,
  delayHeader: undefined,
  options: { attempts: 3 },
};

test('the id is where the record was read, whatever a transform made of its topic', () => {
  const original = { topic: 'raw', partition: 1, offset: 4 };
  expect(jobOf({ ...record, original }, shape)).toEqual({
    queue: 'q-orders',
    name: 'of orders',
    data: { id: 1 },
    opts: { attempts: 3, jobId: 'raw-1-4' },
  });
});

test('headers say name, priority and delay where they are there; the last of a name counts', () => {
  const headers = { nameHeader: 'kind', priorityHeader: 'urgent', delayHeader: 'later' };
  const defaults = { priority: 9, delayMs: 1_000 };
  const { name, opts } = jobOf(record, { ...shape, ...headers, ...defaults });
  expect(name).toBe('ship');
  expect(opts).toMatchObject({ priority: 2, delay: 5 });
  const { headers: _, ...bare } = record;
  const without = jobOf(bare, { ...shape, ...headers, ...defaults });
  expect(without.name).toBe('of orders');
  expect(without.opts).toMatchObject({ priority: 9, delay: 1_000 });
});

test.each([-1, 1.5, 'soon', 2_097_153, {}])(
  'a priority of %j is refused by the name of its header',
  (value) => {
    const odd = { ...record, headers: [{ name: 'urgent', value }] };
    expect(() => jobOf(odd, { ...shape, priorityHeader: 'urgent' })).toThrow(
      'header urgent is no whole number from 0 to 2097152',
    );
  },
);

test('what is no JSON by itself becomes what readers of JSON expect', () => {
  const value = {
    bytes: new Uint8Array([1, 2, 3]),
    big: 5n,
    price: Decimal.fromString('12.30'),
    at: new Date(0),
    tags: new Map([['a', [null, undefined]]]),
  };
  expect(jsonOf(value)).toEqual({
    bytes: 'AQID',
    big: 5,
    price: '12.30',
    at: '1970-01-01T00:00:00.000Z',
    tags: { a: [null, null] },
  });
});

test.each([
  [
    'a number that JSON would round',
    { a: [2n ** 60n] },
    /value\.a\[0\] is a whole number beyond 2\^53/,
  ],
  ['no number', { a: Number.NaN }, /value\.a is NaN/],
  ['a map of other keys', new Map([[1, 2]]), /value is a map whose keys are no texts/],
  ['an invalid date', [new Date(Number.NaN)], /value\[0\] is an invalid Date/],
])('%s is refused, with where it is', (_what, value, message) => {
  expect(() => jsonOf(value)).toThrow(message);
});

test('a value that contains itself is refused instead of running out of stack', () => {
  const value: Record<string, unknown> = {};
  value['self'] = value;
  expect(() => jsonOf(value)).toThrow(/nested deeper than 1000 levels/);
});
