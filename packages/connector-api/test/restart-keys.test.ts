import { expect, test } from 'vitest';

import {
  defaultRestartSettings,
  restartSettingsOf,
  validateConnectorConfig,
} from '../src/index.ts';

test('a definition says how often, after which delays and how long what fails is restarted', () => {
  expect(
    restartSettingsOf({
      'restart.max.attempts': ' 7 ',
      'restart.backoff.initial.ms': '10',
      'restart.backoff.max.ms': '20',
      'restart.reset.after.ms': '30',
    }),
  ).toEqual({ attemptsMax: 7, initialMs: 10, maxMs: 20, resetAfterMs: 30 });
  expect(restartSettingsOf({})).toEqual(defaultRestartSettings);
  expect(restartSettingsOf({ 'restart.max.attempts': '0' }).attemptsMax).toBe(0);
  expect(restartSettingsOf({ 'restart.max.attempts': '-1' }).attemptsMax).toBe(
    Number.POSITIVE_INFINITY,
  );
});

test.each([
  ['restart.max.attempts', '-2', 'Value must be at least -1'],
  ['restart.max.attempts', 'often', 'Not a number of type INT'],
  ['restart.backoff.initial.ms', '0', 'Value must be at least 1'],
  ['restart.backoff.max.ms', '3000000000', 'Not a number of type INT'],
  ['restart.reset.after.ms', '', 'Not a number of type INT'],
])('%s=%s is refused', (key, value, why) => {
  const config = { name: 'n', 'connector.class': 'c', topics: 't', [key]: value };
  for (const type of ['source', 'sink'] as const) {
    const problems = validateConnectorConfig(type, [], config);
    expect(problems).toEqual([
      { key, message: `Invalid value ${value} for configuration ${key}: ${why}` },
    ]);
  }
});
