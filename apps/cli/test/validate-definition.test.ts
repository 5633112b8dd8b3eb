import { expect, test } from 'vitest';

import type { LocalApi } from '../src/api-session.ts';
import { validateDefinition } from '../src/definitions/validate-definition.ts';

/** Finds nothing wrong. */
const api: LocalApi = { request: async () => ({ configs: [] }) };

function errorsOf(config: Readonly<Record<string, string>>) {
  return validateDefinition(api, {
    name: 'orders',
    config: { 'connector.class': 'Orders', ...config },
  });
}

test.each([
  { 'key.converter': 'acme.KeyConverter', 'header.converter': 'acme.HeaderConverter' },
  {
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.plugin.version': '[99.0]',
  },
])('a converter of a plugin is the API’s to judge: %j', async (config) => {
  expect(await errorsOf(config)).toEqual([]);
});

test('a converter that comes with Sluice has to be made of its keys', async () => {
  const converter = 'io.confluent.connect.avro.AvroConverter';
  expect(await errorsOf({ 'value.converter': converter })).toMatchObject([
    { key: 'value.converter', messages: [expect.stringContaining('schema.registry.url')] },
  ]);
});
