import type { PreviewedRecord } from '@sluice/preview';
import { expect, test } from 'vitest';

import { recordText } from '../src/commands/preview.ts';

const record: PreviewedRecord = {
  task: 0,
  before: { topic: 't', key: '"k1"', value: '{"n":1}', headers: '[]' },
  offset: '{"n":1}',
  steps: [
    {
      name: 'name',
      kind: 'transform',
      result: 'changed',
      after: { topic: 'numbers', key: '"k1"', value: '{"n":1}', headers: '[]' },
    },
    { name: 'key', kind: 'converter', result: 'changed', bytes: { length: 2, text: 'k1' } },
    {
      name: 'value',
      kind: 'converter',
      result: 'changed',
      bytes: { length: 6, hex: '000000000002' },
      registers: [{ subject: 'numbers-value', type: 'AVRO', schema: '"int"' }],
    },
  ],
};

test('a record is shown with what each step made of it', () => {
  expect(recordText(record, 1).split('\n')).toEqual([
    'record 1  task 0, offset {"n":1}',
    '  polled        t  "k1"  {"n":1}',
    '  name          numbers  "k1"  {"n":1}',
    '  key bytes     k1  (2 bytes)',
    '  value schema  not registered yet (id 0), for numbers-value: AVRO "int"',
    '  value bytes   0x000000000002  (6 bytes)',
  ]);
});
