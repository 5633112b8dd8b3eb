import { defineConfig, string, toConfigKeyInfos } from '@sluice/connector-api';
import { expect, test } from 'vitest';

import { checkInheritedConverters } from '../src/plugins.ts';
import { readSettings } from '../src/settings.ts';

const plugins = [
  {
    class: 'com.acme.LineConverter',
    aliases: ['LineConverter'],
    type: 'converter' as const,
    version: '1.0.0',
    configKeys: toConfigKeyInfos(defineConfig({ end: string() }).keys),
  },
];

function check(environment: Record<string, string>): void {
  const { workerConfig } = readSettings(environment, { insecure: false });
  checkInheritedConverters(workerConfig, { plugins });
}

test('connectors may inherit a converter of a plugin', () => {
  check({});
  check({ SLUICE_VALUE_CONVERTER: 'com.acme.LineConverter', SLUICE_VALUE_CONVERTER_END: '!' });
  check({ SLUICE_KEY_CONVERTER: 'LineConverter', SLUICE_KEY_CONVERTER_END: '${env:END}' });
});

test.each([
  [
    { SLUICE_VALUE_CONVERTER: 'Avvro' },
    'SLUICE_VALUE_CONVERTER: Invalid value Avvro for configuration value.converter: Class Avvro could not be found.\n' +
      'A class that does not come with Sluice has to be in a module of SLUICE_PLUGINS or a package of SLUICE_PLUGIN_PATH',
  ],
  // It is no converter of headers.
  [{ SLUICE_HEADER_CONVERTER: 'LineConverter' }, 'Class LineConverter could not be found'],
  [
    { SLUICE_VALUE_CONVERTER: 'LineConverter' },
    'SLUICE_VALUE_CONVERTER_END: Missing required configuration "end" which has no default value.',
  ],
  [
    {
      SLUICE_VALUE_CONVERTER: 'LineConverter',
      SLUICE_VALUE_CONVERTER_END: '!',
      SLUICE_VALUE_CONVERTER_PLUGIN_VERSION: '[2.0,)',
    },
    'available versions: [1.0.0]',
  ],
])('%j is refused once the plugins are known', (environment, says) => {
  expect(() => check(environment)).toThrow(says);
});
