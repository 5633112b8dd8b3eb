/** What it does to records, and to those that it cannot handle. */
import { expect, test } from 'vitest';
import plugin from '../src/index.ts';

const transform = plugin.create({ field: 'email' });
const hash = '71d4f55f72fa128dfb468a1a3901507c804b74316488744d769d7f4b16696476';

test('hashes the field, and leaves everything else as it is', async () => {
  const record = { topic: 'users', key: 'ann', value: { id: 1, email: 'ann@example.com' } };
  const { records, failures } = await transform.apply([record]);
  expect(failures).toEqual([]);
  expect(records).toEqual([{ ...record, value: { id: 1, email: hash } }]);
  // Who else holds it sees no change.
  expect(record.value.email).toBe('ann@example.com');
});

test('records without the field, or without a value, go on as they are', async () => {
  const same = [
    { topic: 'users', value: { id: 1 } },
    { topic: 'users', value: { email: null } },
    { topic: 'users', key: 'ann', value: null },
  ];
  const { records, failures } = await transform.apply(same);
  expect(failures).toEqual([]);
  expect(records.map((record, index) => record === same[index])).toEqual([true, true, true]);
});

test('a record that it cannot handle fails alone', async () => {
  const { records, failures } = await transform.apply([
    { topic: 'users', value: 'text' },
    { topic: 'users', value: { email: 7 } },
    { topic: 'users', value: { email: 'ann@example.com' } },
  ]);
  expect(failures.map(({ error, index }) => [index, error.message])).toEqual([
    [0, 'the value has no fields'],
    [1, 'the field email is no text'],
  ]);
  expect(records).toEqual([null, null, { topic: 'users', value: { email: hash } }]);
});

test('a definition without a field is refused', () => {
  expect(() => plugin.create({})).toThrow(/field/);
});
