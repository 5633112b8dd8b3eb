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

test('converters that connectors inherit have keys of their own', () => {
  const { workerConfig } = readSettings(
    {
      SLUICE_VALUE_CONVERTER: 'io.confluent.connect.avro.AvroConverter',
      SLUICE_VALUE_CONVERTER_SCHEMA_REGISTRY_URL: 'http://registry:8081',
      SLUICE_KEY_CONVERTER_SCHEMAS_ENABLE: 'false',
    },
    flags,
  );
  expect(workerConfig).toEqual({
    'value.converter': 'io.confluent.connect.avro.AvroConverter',
    'value.converter.schema.registry.url': 'http://registry:8081',
    'key.converter.schemas.enable': 'false',
  });
});

test.each([
  [
    { SLUICE_VALUE_CONVERTER: 'AvroConverter' },
    'SLUICE_VALUE_CONVERTER: Missing required configuration "schema.registry.url"',
  ],
  [
    { SLUICE_KEY_CONVERTER_SCHEMAS_ENABLE: 'perhaps' },
    'SLUICE_KEY_CONVERTER: Invalid value perhaps for configuration schemas.enable',
  ],
])('%j is refused when the worker starts', (environment, says) => {
  expect(() => readSettings(environment, flags)).toThrow(says);
});
