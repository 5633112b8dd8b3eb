import { expect, test } from 'vitest';

import {
  hidingLogger,
  type Logger,
  secretsOf,
  withoutValues,
  withoutValuesWithin,
} from '../src/index.ts';

test('a trace keeps the values that explain it, and loses those of secret keys', () => {
  const config = { file: '/tmp/orders.txt', 'db.password': 'hunter22' };
  const trace = "cannot log in with 'hunter22' to write /tmp/orders.txt";
  expect(withoutValues(trace, secretsOf(config))).toBe(
    "cannot log in with '<db.password>' to write /tmp/orders.txt",
  );
});

test('a value loses its secrets wherever they stand', () => {
  const error = Object.assign(new Error('hunter22 refused'), { code: 'E_hunter22' });
  const shown = withoutValuesWithin(
    { url: 'db://u:hunter22@h', list: ['hunter22', 7, null], error },
    { pin: 'hunter22' },
  );
  expect(shown).toMatchObject({
    url: 'db://u:<pin>@h',
    list: ['<pin>', 7, null],
    error: {
      code: 'E_<pin>',
      message: '<pin> refused',
      stack: expect.stringContaining('<pin> refused') as string,
    },
  });
  const loop: Record<string, unknown> = {};
  loop['self'] = loop;
  expect(JSON.stringify(withoutValuesWithin(loop, { pin: 'hunter22' }))).toContain('…');
});

test('a logger hides what it learns of later, and its children do', () => {
  const lines: string[] = [];
  const note = (fields: object, message: string): void =>
    void lines.push(`${message} ${JSON.stringify(fields)}`);
  const logger: Logger = { debug: note, info: note, warn: note, error: note, child: () => logger };
  const values: Record<string, string> = {};
  const hiding = hidingLogger(logger, values).child({});
  hiding.info({ at: 'hunter22' }, 'with hunter22');
  values['pin'] = 'hunter22';
  for (const level of ['debug', 'info', 'warn', 'error'] as const)
    hiding[level]({ at: 'hunter22' }, 'with hunter22');
  expect(lines).toEqual([
    'with hunter22 {"at":"hunter22"}',
    ...Array.from({ length: 4 }, () => 'with <pin> {"at":"<pin>"}'),
  ]);
});
