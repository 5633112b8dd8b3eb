import { defineSource, int, password, string } from '@sluice/connector-api';
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
    await runValidation(plugin, { ...base, 'tasks.max': '0', 'key.converter': 'None' }, never),
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
  expect(await runValidation(plugin, { ...base, speed: '9' }, never)).toMatchObject({
    problems: [{ key: 'speed' }],
  });
});

test('what the code says or throws shows no secret', async () => {
  const quoting = checked(async ({ config }) => [
    { key: 'secret', message: `${config['secret'] === undefined ? '' : 'hunter2!'} is refused` },
  ]);
  expect(await runValidation(quoting, base, never)).toMatchObject({
    problems: [{ message: '<secret> is refused' }],
  });
  const throwing = checked(() => {
    throw new Error('cannot log in with hunter2!');
  });
  expect(await runValidation(throwing, base, never)).toEqual({
    kind: 'failed',
    isLate: false,
    message: 'cannot log in with <secret>',
  });
});

test('code that waits for ever is given up', async () => {
  const waiting = checked(() => new Promise(() => {}));
  expect(await runValidation(waiting, base, AbortSignal.timeout(20))).toEqual({
    kind: 'failed',
    isLate: true,
    message: '',
  });
});
