import { toConfigKeyInfos } from '@sluice/connector-api';
import type { ConfigInfos, ConfigParts } from '@sluice/rest-api';
import { expect, test } from 'vitest';

import { type ApiUnderTest, apiUnderTest } from './api-under-test.ts';
import { plugin } from './fake-cluster.ts';

const className = 'com.acme.OrdersSourceConnector';
const ownKeys = toConfigKeyInfos([
  {
    name: 'url',
    type: 'STRING',
    required: true,
    defaultValue: null,
    importance: 'HIGH',
    documentation: 'Where the orders are.',
    group: 'Orders',
    dependents: ['password'],
    width: 'LONG',
    displayName: 'URL',
    rules: { nonEmpty: true },
  },
  {
    name: 'password',
    type: 'PASSWORD',
    required: false,
    defaultValue: null,
    importance: 'HIGH',
    documentation: '',
    group: 'Orders',
  },
  {
    name: 'mode',
    type: 'STRING',
    required: false,
    defaultValue: 'slow',
    importance: 'LOW',
    documentation: '',
    rules: { oneOf: ['slow', 'fast'] },
  },
]);
const parts: ConfigParts = {
  builtIn: [
    plugin('com.acme.Mask', { type: 'transformation', aliases: ['Mask'], configKeys: [] }),
    plugin('com.acme.IsOld', { type: 'predicate' }),
    plugin('com.acme.Json', { type: 'converter', configKeys: ownKeys }),
    plugin('com.acme.Json', { type: 'header_converter', aliases: ['Json'], configKeys: ownKeys }),
  ],
  inherited: { 'key.converter': 'com.acme.Json' },
  keys: (config) =>
    (config['transforms'] ?? '') === ''
      ? []
      : [
          {
            name: 'transforms.m.type',
            type: 'CLASS',
            required: true,
            defaultValue: null,
            importance: 'HIGH',
            documentation: '',
            group: 'Transforms: m',
          },
        ],
  problems: (config) =>
    config['transforms'] === 'm' && config['transforms.m.type'] === undefined
      ? [{ key: 'transforms.m.type', message: 'it has no type' }]
      : [],
};
const good = { name: 'orders', 'connector.class': className, url: 'http://localhost' };

function under(): ApiUnderTest {
  const made = apiUnderTest({ parts });
  made.cluster.plugins = [
    plugin(className, { aliases: ['OrdersSourceConnector', 'OrdersSource'], configKeys: ownKeys }),
    plugin('com.acme.OrdersSink', { type: 'sink', aliases: ['OrdersSink'] }),
    plugin('./broken.ts', { error: 'does not load' }),
  ];
  return made;
}

async function validate(config: object, name = 'OrdersSource'): Promise<ConfigInfos> {
  const response = await under().call(`PUT /connector-plugins/${name}/config/validate`, config);
  expect(response.statusCode).toBe(200);
  return response.json<ConfigInfos>();
}

function valueOf(infos: ConfigInfos, name: string): ConfigInfos['configs'][number]['value'] {
  const found = infos.configs.filter(({ value }) => value.name === name);
  expect(found).toHaveLength(1);
  return found[0]?.value ?? expect.fail();
}

test('transforms, predicates and converters are listed when they are asked for', async () => {
  const { call } = under();
  const connectors = [
    { class: className, type: 'source', version: '1.0.0' },
    { class: 'com.acme.OrdersSink', type: 'sink', version: '1.0.0' },
  ];
  expect((await call('GET /connector-plugins/')).json()).toEqual(connectors);
  expect((await call('GET /connector-plugins?connectorsOnly=FALSE')).json()).toEqual([
    ...connectors,
    { class: 'com.acme.Mask', type: 'transformation', version: '1.0.0' },
    { class: 'com.acme.IsOld', type: 'predicate', version: '1.0.0' },
    { class: 'com.acme.Json', type: 'converter', version: '1.0.0' },
    { class: 'com.acme.Json', type: 'header_converter', version: '1.0.0' },
  ]);
});

test.each([className, 'OrdersSourceConnector', 'OrdersSource'])(
  'the keys of %s are its own, then those of every source',
  async (name) => {
    const response = await under().call(`GET /connector-plugins/${name}/config`);
    const keys = response.json<{ name: string }[]>();
    expect(keys[0]).toEqual({
      name: 'url',
      type: 'STRING',
      required: true,
      default_value: null,
      importance: 'HIGH',
      documentation: 'Where the orders are.',
      group: 'Orders',
      order: 1,
      order_in_group: 1,
      width: 'LONG',
      display_name: 'URL',
      dependents: ['password'],
    });
    const names = keys.map((key) => key.name);
    expect(names.slice(0, 6)).toEqual([
      'url',
      'password',
      'mode',
      'name',
      'connector.class',
      'connector.plugin.version',
    ]);
    expect(names).toContain('exactly.once.support');
    expect(names).not.toContain('topics.regex');
    expect(keys.some((key) => 'rules' in key)).toBe(false);
  },
);

test('the keys of what is no connector are its own alone', async () => {
  const response = await under().call('GET /connector-plugins/com.acme.Json/config');
  expect(response.json<object[]>()).toHaveLength(3);
});

test.each(['None', './broken.ts'])('the keys of %s are not found', async (name) => {
  const response = await under().call(`GET /connector-plugins/${encodeURIComponent(name)}/config`);
  expect(response.json()).toEqual({ error_code: 404, message: `Unknown plugin ${name}.` });
});

test('a good configuration has no errors, and a value for each key', async () => {
  const infos = await validate({ ...good, password: 'hunter2', 'tasks.max': 2 });
  expect(infos).toMatchObject({ name: className, error_count: 0 });
  expect(infos.groups).toEqual([
    'Common',
    'Transforms',
    'Predicates',
    'Error Handling',
    'Topic Creation',
    'Exactly Once Support',
    'offsets.topic',
    'Orders',
  ]);
  expect(valueOf(infos, 'tasks.max')).toEqual({
    name: 'tasks.max',
    value: '2',
    recommended_values: [],
    errors: [],
    visible: true,
  });
  expect(valueOf(infos, 'errors.tolerance').value).toBe('none');
  expect(valueOf(infos, 'mode')).toMatchObject({
    value: 'slow',
    recommended_values: ['slow', 'fast'],
  });
  expect(valueOf(infos, 'password').value).toBe('[hidden]');
  expect(JSON.stringify(infos)).not.toContain('hunter2');
  expect(infos.configs.every(({ definition }) => !('rules' in definition))).toBe(true);
});

test('what may be chosen is recommended', async () => {
  const infos = await validate({ ...good, transforms: 'm', 'transforms.m.type': 'Mask' });
  expect(valueOf(infos, 'key.converter').recommended_values).toEqual(['com.acme.Json']);
  expect(valueOf(infos, 'header.converter').recommended_values).toEqual(['com.acme.Json']);
  expect(valueOf(infos, 'transforms.m.type')).toMatchObject({
    value: 'com.acme.Mask',
    recommended_values: ['com.acme.Mask'],
  });
  expect(infos.groups).toContain('Transforms: m');
});

test('what a form need not ask has the value that it will have', async () => {
  const { configs } = await validate({ ...good, 'header.converter': 'Json' });
  const shown = new Map(
    configs.map(({ definition, value }) => [value.name, [definition.default_value, value.value]]),
  );
  expect(shown.get('connector.plugin.version')).toEqual(['1.0.0', '1.0.0']);
  expect(shown.get('key.converter')).toEqual(['com.acme.Json', 'com.acme.Json']);
  expect(shown.get('key.converter.plugin.version')).toEqual(['1.0.0', '1.0.0']);
  expect(shown.get('header.converter')).toEqual([null, 'com.acme.Json']);
  expect(shown.get('header.converter.plugin.version')).toEqual(['1.0.0', '1.0.0']);
});

test('a class that is not there has no value', async () => {
  const infos = await validate({ ...good, 'key.converter': 'NoSuch' });
  expect(valueOf(infos, 'key.converter').value).toBeNull();
  expect(valueOf(infos, 'key.converter.plugin.version').value).toBeNull();
});

test('all that is wrong is told at its key, and counted', async () => {
  const infos = await validate({
    'connector.class': 'OrdersSource',
    'tasks.max': 0,
    mode: 'medium',
    transforms: 'm',
    'topic.creation.default.partitions': 3,
  });
  const wrong = infos.configs.filter(({ value }) => value.errors.length > 0);
  expect(Object.fromEntries(wrong.map(({ value }) => [value.name, value.errors]))).toEqual({
    name: ['Missing required configuration "name" which has no default value.'],
    'tasks.max': ['Invalid value 0 for configuration tasks.max: Value must be at least 1'],
    url: ['Missing required configuration "url" which has no default value.'],
    mode: ['Invalid value medium for configuration mode: String must be one of: slow, fast'],
    'transforms.m.type': ['it has no type'],
    'topic.creation.default.partitions': [
      'Configuration topic.creation.default.partitions is not supported yet: remove it',
    ],
  });
  expect(infos.error_count).toBe(6);
  expect(valueOf(infos, 'url').value).toBeNull();
});

test('an error between two keys counts on both', async () => {
  const infos = await validate({ name: 's', 'connector.class': 'OrdersSink' }, 'OrdersSink');
  expect(infos.error_count).toBe(2);
  expect(valueOf(infos, 'topics').errors).toEqual(['Must configure one of topics or topics.regex']);
});

test('what a form asks first, with hardly anything in it, is answered', async () => {
  const infos = await validate({ 'connector.class': className, topics: 'getPlugins' }, className);
  expect(infos.error_count).toBe(2);
});

test.each([
  [
    'OrdersSource',
    { ...good, 'connector.class': undefined },
    400,
    'Connector config {name, url} contains no connector type',
  ],
  [
    'OrdersSink',
    good,
    400,
    `Included connector type ${className} does not match request type OrdersSink`,
  ],
  [
    'None',
    { 'connector.class': 'None' },
    400,
    `Failed to find any class that implements Connector and which name matches None, available connectors are: ${className}, com.acme.OrdersSink`,
  ],
  ['Mask', { 'connector.class': 'Mask' }, 400, '"Mask" is a transformation, not a connector'],
  [
    'OrdersSource',
    [],
    400,
    'Invalid connector configuration: must be an object of keys and values',
  ],
])('a validation of %s with %j is refused', async (name, config, status, message) => {
  const response = await under().call(`PUT /connector-plugins/${name}/config/validate`, config);
  expect(response.statusCode).toBe(status);
  expect(response.json()).toEqual({ error_code: status, message });
});

const version2Keys = ownKeys.map((key) => ({ ...key, name: `${key.name}.v2` }));

function withVersions(): ApiUnderTest {
  const made = under();
  made.cluster.plugins = [
    ...made.cluster.plugins,
    plugin(className, { aliases: ['OrdersSource'], version: '2.0.0', configKeys: version2Keys }),
    plugin('com.acme.Upper', { type: 'transformation', aliases: ['Upper'], version: '3.0.0' }),
  ];
  return made;
}

test('each version of a plugin is listed', async () => {
  const listed = (await withVersions().call('GET /connector-plugins')).json<object[]>();
  expect(listed).toContainEqual({ class: className, type: 'source', version: '1.0.0' });
  expect(listed).toContainEqual({ class: className, type: 'source', version: '2.0.0' });
  const all = (await withVersions().call('GET /connector-plugins?connectorsOnly=false')).json();
  expect(all).toContainEqual({ class: 'com.acme.Upper', type: 'transformation', version: '3.0.0' });
});

test.each([
  ['', 'url.v2'],
  ['?version=latest', 'url.v2'],
  ['?version=1.0.0', 'url'],
  [`?version=${encodeURIComponent('[1.0,2.0)')}`, 'url'],
])('the keys of a version%s', async (query, first) => {
  const response = await withVersions().call(`GET /connector-plugins/OrdersSource/config${query}`);
  expect(response.json<{ name: string }[]>()[0]?.name).toBe(first);
});

test.each([
  [
    '3.0',
    'Plugin OrdersSource not found that matches the version range [3.0], available versions: [1.0.0, 2.0.0]',
  ],
  ['[1', 'Invalid version specification: [1: Unbounded range: [1'],
])('the keys of version %s are not found', async (version, message) => {
  const query = `?version=${encodeURIComponent(version)}`;
  const response = await withVersions().call(`GET /connector-plugins/OrdersSource/config${query}`);
  expect(response.json()).toEqual({ error_code: 400, message });
});

test('a configuration is validated as of the version that it asks for', async () => {
  const validated = async (config: object) => {
    const path = `PUT /connector-plugins/OrdersSource/config/validate`;
    return (await withVersions().call(path, config)).json<ConfigInfos>();
  };
  const pinned = await validated({ ...good, 'connector.plugin.version': '[1.0,2.0)' });
  expect(pinned.error_count).toBe(0);
  expect(valueOf(pinned, 'connector.plugin.version')).toMatchObject({
    value: '[1.0,2.0)',
    recommended_values: ['1.0.0', '2.0.0'],
  });
  const newest = await validated(good);
  expect(valueOf(newest, 'url.v2').errors).toHaveLength(1);
  const missing = await validated({ ...good, 'connector.plugin.version': '3.0' });
  const message =
    'Plugin com.acme.OrdersSourceConnector not found that matches the version range [3.0], available versions: [1.0.0, 2.0.0]';
  expect(missing.error_count).toBe(2);
  expect(valueOf(missing, 'connector.class').errors).toEqual([message]);
  expect(valueOf(missing, 'connector.plugin.version').errors).toEqual([message]);
});
