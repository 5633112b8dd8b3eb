import { withInheritedConverters } from '@sluice/converters';
import { expect, test } from 'vitest';

test('a role that the definition names no converter for has the worker’s, with its keys and no others', () => {
  const workerConfig = {
    'key.converter': 'WorkerKey',
    'key.converter.end': '!',
    'value.converter': 'WorkerValue',
    'value.converter.plugin.version': '[1.0]',
  };
  const config = {
    name: 'orders',
    'value.converter': 'OwnValue',
    'key.converter.stray': 'x',
    'header.converter.stray': 'x',
  };
  expect(withInheritedConverters(config, workerConfig)).toEqual({
    name: 'orders',
    'value.converter': 'OwnValue',
    'key.converter': 'WorkerKey',
    'key.converter.end': '!',
    'header.converter.stray': 'x',
  });
});
