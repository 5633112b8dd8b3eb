import type { ConfigInfo, ConfigInfos } from '@sluice/rest-api/shapes';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, test } from 'vitest';
import { configDiff, formatConfig, parseConfig, takesOver } from '../src/state/config-diff.ts';
import { fieldGroups, isReference, keysWithoutField } from '../src/state/config-form.ts';
import { nameProblem, pluginTiles } from '../src/state/create.ts';
import { definitionText } from '../src/state/definition-texts.ts';
import { transformRates, transformsOf } from '../src/state/flow.ts';
import { ConfigForm } from '../src/ui/config-form.tsx';
import { load } from './views.ts';

test('a difference has each key that is not as it was', () => {
  expect(configDiff({ a: '1', b: '2', c: '3' }, { a: '1', b: '20', d: '4' })).toEqual([
    { key: 'b', kind: 'changed', before: '2', after: '20' },
    { key: 'c', kind: 'removed', before: '3', after: undefined },
    { key: 'd', kind: 'added', before: undefined, after: '4' },
  ]);
});

test.each([
  ['nothing was changed here', { a: '1' }, true],
  ['the same was changed here', { a: '2' }, true],
  ['something else was changed here', { a: '3' }, false],
])('what others saved is shown where %s', (_where, edited, isShown) => {
  expect(takesOver({ a: '2' }, { a: '1' }, edited)).toBe(isShown);
});

describe('JSON that is typed', () => {
  test('becomes texts, as the API makes them; null is unset', () => {
    expect(parseConfig('{"a": 1, "b": true, "c": null, "d": "x"}')).toEqual({
      config: { a: '1', b: 'true', d: 'x' },
    });
  });

  test.each(['[1]', '3', '{"a": {}}', '{"a": ', 'null'])('%s is refused with why', (text) => {
    expect(parseConfig(text)).toHaveProperty('problem');
  });

  test('what is shown can be read again', () => {
    const config = { b: '2', a: 'line\n"quoted"' };
    expect(parseConfig(formatConfig(config))).toEqual({ config });
  });
});

function key(name: string, changes: Partial<ConfigInfo['definition']> = {}): ConfigInfo {
  return {
    definition: {
      name,
      type: 'STRING',
      required: false,
      default_value: null,
      importance: 'LOW',
      documentation: '',
      group: 'Common',
      order: 1,
      order_in_group: 1,
      width: 'NONE',
      display_name: name,
      dependents: [],
      ...changes,
    },
    value: { name, value: null, recommended_values: [], errors: [], visible: true },
  };
}

describe('a form', () => {
  const infos: ConfigInfos = {
    name: 'X',
    error_count: 0,
    groups: ['Common', 'Connection'],
    configs: [
      key('name'),
      key('connector.class'),
      key('poll.ms'),
      key('tasks.max', { importance: 'HIGH' }),
      key('url', { group: 'Connection', required: true, importance: 'HIGH' }),
      { ...key('hidden'), value: { ...key('hidden').value, visible: false } },
    ],
  };

  test('begins with the group in which something must be filled in', () => {
    const groups = fieldGroups(infos, {});
    expect(groups.map(({ name, fields }) => [name, fields.map((field) => field.name)])).toEqual([
      ['Connection', ['url']],
      ['Common', ['tasks.max', 'poll.ms']],
    ]);
  });

  test.each(['TRUE', '${env:IS_ON}', 'false'])('shows %s of a boolean as it is set', (value) => {
    const on: ConfigInfos = { ...infos, configs: [key('on', { type: 'BOOLEAN' })] };
    const props = { infos: on, config: { on: value }, onChange: () => undefined };
    const text = renderToStaticMarkup(createElement(ConfigForm, props));
    expect(text.match(/<option[^>]* selected[^>]*>[^<]*/g)).toEqual([
      expect.stringContaining(`>${value}`) as string,
    ]);
  });

  test('shows at first what is important, required, set or wrong', () => {
    const foremost = (config: Record<string, string>): string[] =>
      fieldGroups(infos, config)
        .flatMap(({ fields }) => fields)
        .filter(({ isForemost }) => isForemost)
        .map(({ name }) => name);
    expect(foremost({})).toEqual(['url', 'tasks.max']);
    expect(foremost({ 'poll.ms': '5' })).toEqual(['url', 'tasks.max', 'poll.ms']);
  });

  test('keys that nobody defines are not lost', () => {
    expect(keysWithoutField(infos, { name: 'x', url: 'u', 'my.key': '1' })).toEqual(['my.key']);
  });

  test('a reference is known from a secret', () => {
    expect(isReference('${env:DB_PASSWORD}')).toBe(true);
    expect(isReference('pa$${word')).toBe(false);
  });
});

describe('a definition as text', () => {
  const definition = {
    name: "o'brien",
    config: { 'connector.class': 'X', note: 'say "no"', 'odd key': 'yes' },
  };
  const at = { origin: 'http://127.0.0.1:8083' };

  test('JSON is what POST /connectors takes', () => {
    expect(JSON.parse(definitionText('JSON', definition, at))).toEqual(definition);
  });

  test('YAML has every value in quotes, so that `yes` stays a text', () => {
    expect(definitionText('YAML', definition, at)).toBe(
      [
        `name: "o'brien"`,
        'config:',
        '  connector.class: "X"',
        String.raw`  note: "say \"no\""`,
        '  "odd key": "yes"',
      ].join('\n'),
    );
  });

  test('a quote does not end the text of a shell', () => {
    const curl = definitionText('cURL', { name: 'x', config: { a: "it's" } }, at);
    expect(curl).toContain(String.raw`it'\''s`);
    expect(curl).toContain("'http://127.0.0.1:8083/connectors/x/config'");
  });

  test('the command line takes the YAML from its standard input', () => {
    const text = definitionText('CLI', definition, at);
    expect(text.split('\n')[0]).toBe("sluice apply -f - <<'END'");
    expect(text.endsWith('\nEND')).toBe(true);
  });
});

test('a name must be one that is free', () => {
  expect(nameProblem('', [])).toBe('It needs a name');
  expect(nameProblem('orders', ['orders'])).toBe('There is a connector orders already');
  expect(nameProblem(' orders', [])).toBeDefined();
  expect(nameProblem('..', [])).toBeDefined();
  expect(nameProblem('...', [])).toBeUndefined();
  expect(nameProblem('orders', ['clicks'])).toBeUndefined();
});

test('tiles are one a class with the newest version first, sources before sinks', () => {
  const plugins = [
    { class: 'FileStreamSink', type: 'sink', version: '1.0.0' },
    { class: 'a.b.MySqlConnector', type: 'source', version: '1.9.0' },
    { class: 'a.b.MySqlConnector', type: 'source', version: '1.10.0' },
    { class: 'JsonConverter', type: 'converter', version: '1.0.0' },
  ];
  expect(pluginTiles(plugins, '')).toEqual([
    { class: 'a.b.MySqlConnector', title: 'MySql', type: 'source', versions: ['1.10.0', '1.9.0'] },
    { class: 'FileStreamSink', title: 'FileStream', type: 'sink', versions: ['1.0.0'] },
  ]);
  expect(pluginTiles(plugins, 'sink file')).toHaveLength(1);
});

test('transforms are in the order in which they run', () => {
  const config = {
    transforms: 'route, mask',
    'transforms.mask.type': 'org.apache.kafka.connect.transforms.MaskField$Value',
    'transforms.route.type': 'a.RegexRouter',
    'transforms.route.predicate': 'isOrder',
  };
  expect(transformsOf(config)).toEqual([
    { name: 'route', type: 'RegexRouter', predicate: 'isOrder' },
    { name: 'mask', type: 'MaskField$Value', predicate: undefined },
  ]);
});

test('what passes a transform is added up over the tasks that tell', () => {
  const told = (records_in: number, busy: number) => ({
    ...load(),
    transforms: [{ name: 'drop', records_in, records_out: records_in / 2, busy }],
  });
  const rates = transformRates([told(10, 0.2), load(), told(30, 0.4)]);
  expect([...rates.keys()]).toEqual(['drop']);
  expect(rates.get('drop')).toMatchObject({ recordsIn: 40, recordsOut: 20 });
  expect(rates.get('drop')?.busy).toBeCloseTo(0.3);
});
