import { defineConfig, int, string, toConfigKeyInfos } from '@sluice/connector-api';
import {
  ApiError,
  type CodeValidation,
  type ConfigInfos,
  type RunValidations,
} from '@sluice/rest-api';
import { expect, test } from 'vitest';

import { apiUnderTest } from './api-under-test.ts';
import { plugin } from './fake-cluster.ts';

const configKeys = toConfigKeyInfos(
  defineConfig({ topic: string(), speed: int().default(1) }).keys,
);
const config = { 'connector.class': 'Checked', topic: 't' };
const fine: CodeValidation = { problems: [], recommendations: {} };

function under(run: RunValidations) {
  const asked: object[] = [];
  const made = apiUnderTest({
    runValidations: async (configs) => {
      asked.push(...configs.map((each) => each.config));
      return run(configs);
    },
  });
  made.cluster.plugins = [
    plugin('Checked', { configKeys, validates: true }),
    plugin('Plain', { configKeys }),
  ];
  return { asked, ...made };
}

test('what the code of a plugin says is answered', async () => {
  const { call } = under(async () => [
    {
      problems: [
        { key: 'speed', message: 'too fast' },
        { key: 'host', message: 'host does not answer' },
      ],
      recommendations: { topic: { values: ['a', 'b'] }, speed: { isVisible: false } },
    },
  ]);
  const response = await call('PUT /connector-plugins/Checked/config/validate', config);
  expect(response.statusCode).toBe(200);
  const infos = response.json<ConfigInfos>();
  const valueOf = (name: string) => infos.configs.find(({ value }) => value.name === name)?.value;
  expect(infos.error_count).toBe(2);
  expect(valueOf('speed')).toMatchObject({ errors: ['too fast'], visible: false });
  expect(valueOf('host')).toMatchObject({ errors: ['host does not answer'] });
  expect(valueOf('topic')).toMatchObject({ recommended_values: ['a', 'b'], visible: true });
});

test('a definition that the code refuses is not stored, whichever way it comes', async () => {
  const { call, cluster } = under(async (configs) =>
    configs.map(() => ({ ...fine, problems: [{ key: 'speed', message: 'too fast' }] })),
  );
  cluster.add('old', { config });
  for (const [request, body] of [
    ['POST /connectors', { name: 'new', config }],
    ['PUT /connectors/new/config', config],
    ['PATCH /connectors/old/config', { speed: '9' }],
    ['PUT /sluice/apply', [{ name: 'new', config }]],
  ] as const) {
    const response = await call(request, body);
    expect(response.statusCode, request).toBe(400);
    expect(response.json<{ message: string }>().message).toMatch(
      /^Connector configuration is invalid and contains the following 1 error\(s\):\ntoo fast\n/,
    );
  }
  expect(cluster.requests).toEqual([]);
});

test('a definition that the code takes is stored', async () => {
  const { asked, call } = under(async (configs) => configs.map(() => fine));
  expect((await call('POST /connectors', { name: 'new', config })).statusCode).toBe(201);
  expect(asked).toEqual([{ ...config, name: 'new' }]);
});

test('the code is asked of the versions that the definition gets from workers', async () => {
  const versions: unknown[] = [];
  const { call, cluster } = under(async (configs) => {
    versions.push(
      ...configs.map(({ config: given, pinned }) =>
        Object.entries(pinned).filter(([key, value]) => given[key] !== value),
      ),
    );
    return configs.map(() => fine);
  });
  cluster.plugins = ['2.0.0', '1.0.0'].flatMap((version) => [
    plugin('Checked', { configKeys, validates: true, version }),
    plugin('Shout', { type: 'transformation', version }),
    plugin('Even', { type: 'predicate', version }),
    plugin('Lines', { type: 'converter', version }),
  ]);
  await call('PUT /connector-plugins/Checked/config/validate', config);
  const older = { ...config, 'connector.plugin.version': '[1.0,2.0)' };
  await call('PUT /connector-plugins/Checked/config/validate', older);
  await call('POST /connectors', { name: 'new', config: older });
  await call('PUT /connector-plugins/Checked/config/validate', {
    ...config,
    transforms: 'a',
    'transforms.a.type': 'Shout',
    'transforms.a.plugin.version': '[,2.0)',
    predicates: 'b',
    'predicates.b.type': 'Even',
    'value.converter': 'Lines',
    'value.converter.plugin.version': '1.0',
  });
  expect(versions).toEqual([
    [['connector.plugin.version', '[2.0.0]']],
    [['connector.plugin.version', '[1.0.0]']],
    [['connector.plugin.version', '[1.0.0]']],
    [
      ['transforms.a.plugin.version', '[1.0.0]'],
      ['value.converter.plugin.version', '[1.0.0]'],
      ['connector.plugin.version', '[2.0.0]'],
      ['predicates.b.plugin.version', '[2.0.0]'],
    ],
  ]);
});

test('a plugin without code is not asked, unless a reference has to be resolved', async () => {
  const { asked, call } = under(async (configs) => configs.map(() => fine));
  const plain = { 'connector.class': 'Plain', topic: 't' };
  await call('PUT /connectors/a/config', plain);
  await call('PUT /connector-plugins/Plain/config/validate', plain);
  expect(asked).toEqual([]);
  await call('PUT /connector-plugins/Plain/config/validate', { ...plain, topic: '${env:TOPIC}' });
  expect(asked).toHaveLength(1);
});

test.each([false, true])(
  'code of transforms, predicates and converters is asked (there is some: %j)',
  async (validates) => {
    const { asked, call, cluster } = under(async (configs) => configs.map(() => fine));
    cluster.plugins = [
      plugin('Plain', { configKeys }),
      plugin('Shout', { type: 'transformation', validates }),
      plugin('Even', { type: 'predicate', validates }),
      plugin('Lines', { type: 'converter', validates }),
    ];
    const parts = [
      { transforms: 'a', 'transforms.a.type': 'Shout' },
      { predicates: 'b', 'predicates.b.type': 'Even' },
      { 'value.converter': 'Lines' },
    ];
    for (const part of parts) {
      const using = { 'connector.class': 'Plain', topic: 't', ...part };
      await call('PUT /connector-plugins/Plain/config/validate', using);
      await call('PUT /connectors/a/config', using);
    }
    expect(asked).toHaveLength(validates ? 2 * parts.length : 0);
  },
);

test('code that cannot be run leaves what is plain data', async () => {
  const { call } = under(async () => [undefined]);
  const response = await call('PUT /connector-plugins/Checked/config/validate', {
    ...config,
    speed: 'x',
  });
  expect(response.json<ConfigInfos>().error_count).toBe(2);
});

test('code that does not end is told, and nothing is stored', async () => {
  const { call, cluster } = under(async () => {
    throw new ApiError(500, 'Request timed out. The validation of connector new (Checked) …');
  });
  const response = await call('POST /connectors', { name: 'new', config });
  expect(response.statusCode).toBe(500);
  expect(response.json()).toMatchObject({ error_code: 500 });
  expect(cluster.requests).toEqual([]);
});
