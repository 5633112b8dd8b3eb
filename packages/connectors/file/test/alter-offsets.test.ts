import type { AlteredSourceOffset } from '@sluice/connector-api';
import { expect, test } from 'vitest';

import { fileStreamSink, fileStreamSource } from '../src/index.ts';

const ignore = (): void => {};
const context = {
  logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  signal: new AbortController().signal,
};
const partition = { filename: '/in.txt' };

function alter(offset: AlteredSourceOffset, config: Record<string, string> = { file: '/in.txt' }) {
  return fileStreamSource.alterOffsets?.({ topic: 'lines', ...config }, [offset], context);
}

test('a place in a file is an offset, and anything may be forgotten', () => {
  expect(alter({ partition, offset: { position: 0 } })).toBe(true);
  expect(alter({ partition, offset: { position: 18_014_398_509_481_985n } })).toBe(true);
  expect(alter({ partition: { what: 'ever' }, offset: null })).toBe(true);
  expect(fileStreamSink.alterOffsets?.({}, [], context)).toBe(true);
});

const refused: readonly (readonly [says: string, offset: AlteredSourceOffset])[] = [
  ["contain the key 'position'", { partition, offset: { line: 1 } }],
  ['expected to be a Long value', { partition, offset: { position: '1' } }],
  ['expected to be a Long value', { partition, offset: { position: 1.5 } }],
  ['expected to be a Long value', { partition, offset: { position: null } }],
  ['should be a non-negative value', { partition, offset: { position: -1 } }],
  ['should be a non-negative value', { partition, offset: { position: -1n } }],
  ["should contain the key 'filename'", { partition: { file: 'x' }, offset: { position: 1 } }],
];

test.each(refused)('what is none is refused: it %s', (says, offset) => {
  expect(() => alter(offset)).toThrow(says);
});

test('without a file there are none', () => {
  expect(() => alter({ partition, offset: { position: 1 } }, {})).toThrow(
    "Offsets cannot be modified if the 'file' configuration is unspecified",
  );
});
