import { expect, test } from 'vitest';

import { readSettings, settingsHelp } from '../src/settings.ts';

const flags = { insecure: false };
const goesOn = { SLUICE_ON_REDIS_LOSS: 'continue-if-fenced' };
const kafka = { KAFKA_BROKERS: 'kafka:9092' };

test('without Redis tasks pause, unless the settings say otherwise', () => {
  expect(readSettings(kafka, flags).continueFencedMs).toBe(0);
  expect(readSettings({ ...kafka, ...goesOn }, flags).continueFencedMs).toBe(300_000);
  const limited = { ...kafka, ...goesOn, SLUICE_ON_REDIS_LOSS_LIMIT_SECONDS: '30' };
  expect(readSettings(limited, flags).continueFencedMs).toBe(30_000);
  expect(settingsHelp).toMatch(/SLUICE_ON_REDIS_LOSS +pause /);
  expect(settingsHelp).toMatch(/SLUICE_ON_REDIS_LOSS_LIMIT_SECONDS +300 /);
});

test.each([
  [goesOn, 'SLUICE_ON_REDIS_LOSS=continue-if-fenced needs a log outside Redis: set KAFKA_BROKERS'],
  [{ ...kafka, SLUICE_ON_REDIS_LOSS: 'hope' }, 'SLUICE_ON_REDIS_LOSS'],
])('%j is refused with the remedy', (environment, says) => {
  expect(() => readSettings(environment, flags)).toThrow(says);
});
