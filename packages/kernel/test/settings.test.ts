import { expect, test } from 'vitest';

import { SettingsReader } from '../src/index.ts';

test('all problems are reported at once, each with the variable and what is allowed', () => {
  const settings = new SettingsReader({ PORT: 'eighty', PROFILE: 'slow' });
  settings.integer('PORT', 8083, { min: 0, max: 65_535 });
  settings.oneOf('PROFILE', ['default', 'fast'], 'default');
  expect(() => settings.check()).toThrow(
    'PORT=eighty is not a whole number from 0 to 65535\nPROFILE=slow is not one of default, fast',
  );
});

test('an empty variable counts as unset', () => {
  const settings = new SettingsReader({ PORT: ' ', NAME: '' });
  expect(settings.integer('PORT', 8083, { min: 0, max: 65_535 })).toBe(8083);
  expect(settings.string('NAME', 'worker')).toBe('worker');
  expect(() => settings.check()).not.toThrow();
});

test('a list is split at commas, without blanks', () => {
  expect(new SettingsReader({ PLUGINS: 'a.ts, b.ts,,' }).list('PLUGINS')).toEqual(['a.ts', 'b.ts']);
});

test('variables with a common beginning are found by the rest of their names', () => {
  const settings = new SettingsReader({ KEY: 'a', KEY_URL: ' b ', KEY_EMPTY: '', OTHER: 'c' });
  expect(settings.startingWith('KEY')).toEqual({ '': 'a', _URL: 'b' });
});
