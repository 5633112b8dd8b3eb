import { settlingDefaults } from '@sluice/coordination';
import { expect, test } from 'vitest';

import { readSettings, settingsHelp } from '../src/settings.ts';

const flags = { insecure: false };

test('policies have the defaults that the help states', () => {
  expect(readSettings({}, flags).settling).toEqual(settlingDefaults);
  for (const [name, value] of [
    ['SLUICE_BALANCE_QUIET_MS', settlingDefaults.quietMs],
    ['SLUICE_BALANCE_WAIT_MAX_MS', settlingDefaults.maxMs],
    ['SLUICE_BALANCE_ROUND_PERCENT', settlingDefaults.roundShare * 100],
    ['SLUICE_FLAPPING_HALF_LIFE_SECONDS', settlingDefaults.penaltyHalfLifeMs / 1_000],
  ]) {
    expect(settingsHelp).toMatch(new RegExp(`${name} +${value} `));
  }
});

test('policies are what the settings say', () => {
  const environment = {
    SLUICE_BALANCE_QUIET_MS: '500',
    SLUICE_BALANCE_WAIT_MAX_MS: '2000',
    SLUICE_BALANCE_ROUND_PERCENT: '25',
    SLUICE_FLAPPING_HALF_LIFE_SECONDS: '60',
  };
  expect(readSettings(environment, flags).settling).toEqual({
    quietMs: 500,
    maxMs: 2_000,
    roundShare: 0.25,
    penaltyHalfLifeMs: 60_000,
  });
});

test.each([
  [{ SLUICE_BALANCE_ROUND_PERCENT: '0' }, 'SLUICE_BALANCE_ROUND_PERCENT'],
  [{ SLUICE_BALANCE_QUIET_MS: 'soon' }, 'SLUICE_BALANCE_QUIET_MS'],
  [
    { SLUICE_BALANCE_QUIET_MS: '20000' },
    'SLUICE_BALANCE_WAIT_MAX_MS must not be less than SLUICE_BALANCE_QUIET_MS',
  ],
])('%j is refused by name', (environment, says) => {
  expect(() => readSettings(environment, flags)).toThrow(says);
});
