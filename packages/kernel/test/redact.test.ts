import { type Logger, silentLogger, withoutValues, withoutValuesIn } from '@sluice/kernel';
import { expect, test } from 'vitest';

const config = { password: 'hunter2', url: 'redis://u:hunter2@host', tasks: '1', empty: '' };

test('values are replaced by their keys, the longest first, and short ones stay', () => {
  expect(withoutValues('1 of hunter2: cannot reach redis://u:hunter2@host', config)).toBe(
    '1 of <password>: cannot reach <url>',
  );
});

test('a value is found without the space that it has in a file', () => {
  expect(withoutValues('with hunter2.', { password: ' hunter2\n' })).toBe('with <password>.');
});

test.each([
  ['as JSON', (value: string) => JSON.stringify({ value })],
  ['in a URL', (value: string) => `https://host/?q=${encodeURIComponent(value)}&more=1`],
])('a value is found %s', (_where, quote) => {
  for (const password of [
    'say "hunter2"',
    'C:\\hunter2',
    '-----BEGIN KEY-----\nhunter2\n-----END',
  ]) {
    const text = withoutValues(`refused: ${quote(password)}`, { password });
    expect(text).toContain('<password>');
    expect(text).not.toContain('hunter2');
  }
});

test('a value that is no proper text is found as it is', () => {
  expect(withoutValues('with a\ud800b c.', { password: 'a\ud800b c' })).toBe('with <password>.');
});

test('a logger leaves values out of errors, also in its children', () => {
  const logged: unknown[] = [];
  const logger: Logger = {
    ...silentLogger,
    warn: (fields, message) => void logged.push(fields, message),
    child: () => logger,
  };
  withoutValuesIn(logger, config).child({}).warn({ error: 'bad hunter2', code: 3 }, 'it failed');
  expect(logged).toEqual([{ error: 'bad <password>', code: 3 }, 'it failed']);
});
