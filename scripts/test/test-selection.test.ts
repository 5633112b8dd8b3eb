import { expect, test } from 'vitest';
import { matchesAny } from '../test-selection.ts';

const files = ['packages/testkit/test/kafka.kafka.test.ts', 'tests/kill.test.ts'];

test('without a filter all test files are asked for', () => {
  expect(matchesAny(files, [])).toBe(true);
  expect(matchesAny([], [])).toBe(false);
});

test('a filter asks for files by a part of their path, with or without a line', () => {
  expect(matchesAny(files, ['packages/testkit'])).toBe(true);
  expect(matchesAny(files, ['./tests/kill.test.ts:12'])).toBe(true);
  expect(matchesAny(files, ['assignment', 'kill'])).toBe(true);
  expect(matchesAny(files, ['packages/assignment'])).toBe(false);
});
