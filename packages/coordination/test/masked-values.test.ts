import { expect, test } from 'vitest';

import { maskedKeys } from '../src/masked-values.ts';
import type { PluginInfo } from '../src/model.ts';

const keys = [
  { name: 'connection.secret', type: 'PASSWORD' },
  { name: 'password.file', type: 'STRING' },
] as const;

test.each([
  ['a mask', { 'connection.secret': '[hidden]' }, ['connection.secret']],
  ['with spaces around it', { 'connection.secret': ' [hidden] ' }, ['connection.secret']],
  ['in a key that nobody declares, by its name', { 'x.password': '[hidden]' }, ['x.password']],
  ['within an address', { url: 'redis://u:[hidden]@host' }, ['url']],
  ['not a password', { 'connection.secret': 'hunter2', 'x.password': 'hunter2' }, []],
  ['not in what is declared as no password', { 'password.file': '[hidden]' }, []],
  ['not in what is no secret', { topic: '[hidden]' }, []],
])('%s', (_what, config, expected) => {
  expect(maskedKeys(config, keys as unknown as PluginInfo['configKeys'])).toEqual(expected);
});
