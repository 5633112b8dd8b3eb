import { defineConverter, string } from '@sluice/connector-api';
import { expect, test } from 'vitest';

import {
  converterKeys,
  converterPluginFor,
  converterPlugins,
  converterProblems,
} from '../src/index.ts';

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
        'Invalid value perhaps for configuration schemas.enable: Expected value to be either true or false',
    },
  ]);
});

test('a reference is not judged before it is resolved', () => {
  const config = { 'value.converter': json, 'value.converter.schemas.enable': '${env:SCHEMAS}' };
  expect(converterProblems(config, converterPlugins)).toEqual([]);
});

/** In two versions, with a key each. */
const lines = ['1.0.0', '2.0.0'].map((version) =>
  defineConverter({
    name: 'acme.Lines',
    version,
    types: ['converter'],
    config: { [`end.${version}`]: string() },
    create: () => ({
      toBytes: () => ({ bytes: [], failures: [] }),
      fromBytes: () => ({ values: [], failures: [] }),
    }),
  }),
);

test('the keys are those of the version that is asked for', () => {
  const ofVersion = (version: string) =>
    converterKeys(
      { 'value.converter': 'Lines', 'value.converter.plugin.version': version },
      lines,
    ).map(({ name }) => name);
  expect(ofVersion('[1.0,2.0)')).toEqual(['value.converter.end.1.0.0']);
  expect(ofVersion('latest')).toEqual(['value.converter.end.2.0.0']);
});

test('a version that is not there is told on both keys, and nothing else', () => {
  const config = { 'value.converter': 'Lines', 'value.converter.plugin.version': '3.0' };
  const message =
    'Plugin Lines not found that matches the version range [3.0], available versions: [1.0.0, 2.0.0]';
  expect(converterProblems(config, lines)).toEqual([
    { key: 'value.converter', message },
    { key: 'value.converter.plugin.version', message },
  ]);
  expect(converterProblems({ ...config, 'value.converter.plugin.version': '[3' }, lines)).toEqual(
    expect.arrayContaining([
      {
        key: 'value.converter.plugin.version',
        message:
          'Invalid value [3 for configuration value.converter.plugin.version: Unbounded range: [3',
      },
    ]),
  );
});

test('a converter is made of the version that is asked for', () => {
  const config = { 'value.converter': 'Lines', 'value.converter.plugin.version': '1.0.0' };
  const { plugin, config: own } = converterPluginFor(
    'value',
    { ...config, 'value.converter.end.1.0.0': '.' },
    {},
    lines,
  );
  expect(plugin.version).toBe('1.0.0');
  expect(own).toEqual({ 'end.1.0.0': '.' });
  expect(() =>
    converterPluginFor('value', { ...config, 'value.converter.plugin.version': '3' }, {}, lines),
  ).toThrow('Plugin Lines not found that matches the version range [3]');
});
