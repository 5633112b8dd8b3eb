import { defineSource, defineTransform, int, password, string } from '@sluice/connector-api';
import { ConfigResolver, resolveNothing } from '@sluice/runtime/references';
import { expect, test } from 'vitest';

import { runValidation } from '../src/run-validation.ts';

const base = { name: 'orders', 'connector.class': 'checked', topic: 't', secret: 'hunter2!' };

function checked(validate: NonNullable<Parameters<typeof defineSource>[0]['validate']>) {
  return defineSource({
    name: 'checked',
    version: '1.0.0',
    config: {
      topic: string(),
      secret: password(),
      speed: int()
        .default(1)
        .check((speed) => (speed < 9 ? undefined : 'too fast'))
        .recommend(() => ['1', '2']),
    },
    validate,
    async *run() {},
  });
}

const never = new AbortController().signal;

test('all that is wrong is told at once, the code of the plugin included', async () => {
  const plugin = checked(async () => [{ key: 'topic', message: 'there is no such topic' }]);
  expect(
    await runValidation(
      plugin,
      { ...base, 'tasks.max': '0', 'key.converter': 'None' },
      resolveNothing,
      never,
    ),
  ).toEqual({
    kind: 'validated',
    problems: [
      {
        key: 'tasks.max',
        message: 'Invalid value 0 for configuration tasks.max: Value must be at least 1',
      },
      {
        key: 'key.converter',
        message:
          'Invalid value None for configuration key.converter: Class None could not be found.',
      },
      { key: 'topic', message: 'there is no such topic' },
    ],
    recommendations: { speed: { values: ['1', '2'] } },
  });
  expect(await runValidation(plugin, { ...base, speed: '9' }, resolveNothing, never)).toMatchObject(
    {
      problems: [{ key: 'speed' }],
    },
  );
});

test('what the code says or throws shows no secret', async () => {
  const quoting = checked(async ({ config }) => [
    { key: 'secret', message: `${config['secret'] === undefined ? '' : 'hunter2!'} is refused` },
  ]);
  expect(await runValidation(quoting, base, resolveNothing, never)).toMatchObject({
    problems: [{ message: '<secret> is refused' }],
  });
  const throwing = checked(() => {
    throw new Error('cannot log in with hunter2!');
  });
  expect(await runValidation(throwing, base, resolveNothing, never)).toEqual({
    kind: 'failed',
    isLate: false,
    message: 'cannot log in with <secret>',
  });
});

test('what a transform says of its own passwords shows none', async () => {
  const transform = defineTransform({
    name: 'acme.Locked',
    version: '1.0.0',
    config: { pin: password() },
    create: ({ pin }) => {
      throw new Error(`${pin.reveal()} opens nothing`);
    },
  });
  const config = {
    ...base,
    transforms: 'a',
    'transforms.a.type': 'acme.Locked',
    'transforms.a.pin': '1234 5678',
  };
  const parts = { transforms: [transform], predicates: [], converters: [] };
  expect(
    await runValidation(
      checked(() => []),
      config,
      resolveNothing,
      never,
      parts,
    ),
  ).toMatchObject({
    problems: [{ key: 'transforms.a.type', message: '<transforms.a.pin> opens nothing' }],
  });
});

test('code that waits for ever is given up', async () => {
  const waiting = checked(() => new Promise(() => {}));
  expect(await runValidation(waiting, base, resolveNothing, AbortSignal.timeout(20))).toEqual({
    kind: 'failed',
    isLate: true,
    message: '',
  });
});

test.each([undefined, 'wrong', [{ key: 'topic' }], [null]])(
  'an answer of %j is a defect of the code, and told as one',
  async (answer) => {
    const plugin = checked((() => answer) as never);
    expect(await runValidation(plugin, base, resolveNothing, never)).toEqual({
      kind: 'failed',
      isLate: false,
      message: 'its validate has to return a list of { key, message }',
    });
  },
);

test('references are resolved for the code, and stand in what is told of it', async () => {
  const asked: unknown[] = [];
  const plugin = checked(async ({ config }) => {
    asked.push(config['topic']);
    return [{ key: 'topic', message: 'there is no topic orders-of-today' }];
  });
  const values: Readonly<Record<string, string>> = { TOPIC: 'orders-of-today', SPEED: ' 99\n' };
  const provider = {
    get: async (_path: string, keys: readonly string[]) =>
      new Map(keys.flatMap((key) => (values[key] === undefined ? [] : [[key, values[key]]]))),
  };
  const { resolve } = new ConfigResolver(new Map([['env', provider]]));
  const config = { ...base, topic: '${env:TOPIC}' };
  expect(await runValidation(plugin, config, resolve, never)).toMatchObject({
    problems: [{ key: 'topic', message: 'there is no topic ${env:TOPIC}' }],
  });
  expect(asked).toEqual(['orders-of-today']);
  expect(
    await runValidation(plugin, { ...config, speed: '${env:SPEED}' }, resolve, never),
  ).toMatchObject({
    problems: [{ message: 'Invalid value ${env:SPEED} for configuration speed: too fast' }],
  });
  expect(
    await runValidation(plugin, { ...config, topic: '${env:NONE}', speed: 'x' }, resolve, never),
  ).toMatchObject({
    problems: [
      {
        key: 'topic',
        message: expect.stringContaining('config provider env has no NONE') as string,
      },
      { key: 'speed' },
    ],
  });
});
