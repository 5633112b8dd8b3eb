import { describe, expect, test } from 'vitest';
import { defineSink, defineSource, pluginsOf } from '../src/index.ts';

const source = defineSource({ name: 'clock', version: '1.0.0', config: {}, async *run() {} });
const sink = defineSink({ name: 'console', version: '1.0.0', config: {}, put() {} });

describe('the plugins of a module', () => {
  test.each([
    ['its default export', { default: source }, [source]],
    ['the array that it exports by default', { default: [source, sink] }, [source, sink]],
    ['its export "plugins"', { plugins: [source, sink], other: 1 }, [source, sink]],
    ['its export "plugins" rather than the default', { plugins: sink, default: 1 }, [sink]],
  ])('are %s', (_title, module, plugins) => {
    expect(pluginsOf(module)).toEqual(plugins);
  });

  test.each([
    ['nothing', {}, 'it exports nothing'],
    ['other names', { clock: source }, 'it exports clock'],
    ['an empty list', { plugins: [] }, 'an empty list of plugins'],
    ['a function', { default: () => source }, 'is a function: export the result of defineSource'],
    ['a number', { default: 5 }, 'is number, not a connector'],
    ['null in a list', { default: [source, null] }, 'plugin 2 of 2 is null, not a connector'],
    ['a definition that was not defined', { default: { name: 'x' } }, 'has no type'],
    ['no class', { default: { ...source, class: '' } }, 'the exported plugin has no class'],
    ['no version', { default: { ...source, version: undefined } }, '(clock) has no version'],
    ['no aliases', { default: { ...source, aliases: 'x' } }, '(clock) has no list of aliases'],
    ['no keys', { default: { ...source, configDef: {} } }, '(clock) has no configDef'],
    [
      'a task that cannot be created',
      { default: { ...source, createTask: {} } },
      '(clock) has a createTask that is not a function',
    ],
  ])('are refused by name: %s', (_title, module, message) => {
    expect(() => pluginsOf(module)).toThrow(message);
  });

  test('are looked for in modules only', () => {
    expect(() => pluginsOf(undefined)).toThrow('not a module');
  });
});
