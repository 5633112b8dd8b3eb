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
