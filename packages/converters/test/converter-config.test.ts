import { expect, test } from 'vitest';

import { converterKeys, converterPlugins, converterProblems } from '../src/index.ts';

const json = 'org.apache.kafka.connect.json.JsonConverter';

test('the keys of the converters that a definition names have their prefix', () => {
  const keys = converterKeys(
    { 'value.converter': 'JsonConverter', 'header.converter': 'StringConverter' },
    converterPlugins,
  );
  const names = keys.map(({ name }) => name);
  expect(names).toContain('value.converter.schemas.enable');
  expect(names[0]).toMatch(/^header\.converter\./);
  expect(names.some((name) => name.startsWith('key.'))).toBe(false);
  // What it inherits is the worker's.
  expect(converterKeys({ 'value.converter.schemas.enable': 'x' }, converterPlugins)).toEqual([]);
});

test('what is wrong with them is told at their keys', () => {
  expect(
    converterProblems(
      {
        'key.converter': 'None',
        'value.converter': json,
        'value.converter.schemas.enable': 'perhaps',
      },
      converterPlugins,
    ),
  ).toEqual([
    {
      key: 'key.converter',
      message: 'Invalid value None for configuration key.converter: Class None could not be found.',
    },
    {
      key: 'value.converter.schemas.enable',
      message:
        'Invalid value perhaps for configuration value.converter.schemas.enable: Expected value to be either true or false',
    },
  ]);
});

test('a reference is not judged before it is resolved', () => {
  const config = { 'value.converter': json, 'value.converter.schemas.enable': '${env:SCHEMAS}' };
  expect(converterProblems(config, converterPlugins)).toEqual([]);
});
