import { expect, test } from 'vitest';
import { letterRow, replayedText } from '../src/state/letters.ts';

const bare = {
  partition: 2,
  offset: 7,
  timestampMs: 5,
  replayed: false,
  errors: {},
  key: null,
  value: 'x',
};

test('a letter says where it is from, at which stage it was left out, and why', () => {
  const errors = {
    topic: 'orders',
    partition: '1',
    offset: '41',
    stage: 'TASK_PUT',
    'exception.message': 'does not fit',
    'exception.stacktrace': 'Error: does not fit',
  };
  expect(letterRow({ ...bare, errors, key: { base64: '/w==' } })).toEqual({
    id: '2/7',
    place: { partition: 2, offset: 7 },
    atMs: 5,
    isReplayed: false,
    from: 'orders/1/41',
    stage: 'TASK_PUT',
    error: 'does not fit',
    trace: 'Error: does not fit',
    key: 'base64:/w==',
    value: 'x',
  });
});

test('a letter without context headers says that it does not know', () => {
  expect(letterRow(bare)).toMatchObject({ from: null, stage: null, error: null, key: null });
});

test('a replay says what was written, what was passed over, and whether it is whole', () => {
  expect(replayedText({ topics: { orders: 2 }, passed_over: [], is_whole: true })).toBe(
    'Replayed 2 records to orders',
  );
  const passed_over = [{ letter: '0/1', reason: 'its value is not here' }];
  expect(replayedText({ topics: {}, passed_over, is_whole: false })).toBe(
    'Replayed nothing; 1 letter passed over: its value is not here; time was up: replay the rest again',
  );
});
