import { Authenticator, Callers, tokenProof } from '@sluice/access';
import { defineConfig, int, password, string, toConfigKeyInfos } from '@sluice/connector-api';
import { FakeClock } from '@sluice/kernel/testing';
import type { ConfigInfos, ConfigParts } from '@sluice/rest-api';
import { describe, expect, test } from 'vitest';

import { withStoredSecrets } from '../src/secret-config.ts';
import { secretKeysOf, shownConfig } from '../src/shown-config.ts';
import { apiUnderTest } from './api-under-test.ts';
import { plugin } from './fake-cluster.ts';

const { keys } = defineConfig({ pin: password(), 'token.count': int(), url: string() });
const plugins = [plugin('Bank', { configKeys: toConfigKeyInfos(keys) })];
const parts: ConfigParts = {
  builtIn: [],
  keys: (config) =>
    config['transforms'] === 'm'
      ? [{ ...keys[0], name: 'transforms.m.pin' } as (typeof keys)[number]]
      : [],
  problems: () => [],
};
const stored = {
  name: 'bank',
  'connector.class': 'Bank',
  pin: '1234 5678',
  'token.count': '3',
  'value.converter.basic.auth.user.info': 'user:hunter2',
  url: 'https://me:hunter@3@bank?token=abc',
  copy: 'pin=1234 5678',
};
const isSecret = secretKeysOf(stored, plugins, parts);

describe('which keys hold secrets', () => {
  test('what the plugins say, and of a key that nobody defines its name', () => {
    expect(isSecret('pin')).toBe(true);
    expect(isSecret('token.count')).toBe(false);
    expect(isSecret('value.converter.basic.auth.user.info')).toBe(true);
    expect(isSecret('producer.override.sasl.jaas.config')).toBe(true);
    expect(isSecret('topics')).toBe(false);
    expect(isSecret('transforms.m.pin')).toBe(false);
    expect(secretKeysOf({ ...stored, transforms: 'm' }, plugins, parts)('transforms.m.pin')).toBe(
      true,
    );
  });

  test('of a plugin that nobody has announced, all names', () => {
    const unknown = secretKeysOf({ 'connector.class': 'None' }, plugins, parts);
    for (const key of ['db.password', 'client_secret', 'api.key', 'auth.token', 'private.pem'])
      expect(unknown(key), key).toBe(true);
    for (const key of ['topics', 'pin', 'key.converter', 'tasks.max'])
      expect(unknown(key), key).toBe(false);
  });
});

describe('what is shown', () => {
  test('all of it to who may write', () => {
    expect(shownConfig(stored, { isSecret, mayWrite: true })).toEqual(stored);
  });

  test('no secret to who may only read, wherever it stands', () => {
    expect(shownConfig(stored, { isSecret, mayWrite: false })).toEqual({
      ...stored,
      pin: '[hidden]',
      'value.converter.basic.auth.user.info': '[hidden]',
      url: 'https://me:[hidden]@bank?token=[hidden]',
      copy: 'pin=<pin>',
    });
  });

  test('a reference is no secret; what has one within is', () => {
    const config = { ...stored, pin: '${secrets:pin}', copy: '' };
    expect(shownConfig(config, { isSecret, mayWrite: false })['pin']).toBe('${secrets:pin}');
    const mixed = { ...config, pin: '12${secrets:pin}' };
    expect(shownConfig(mixed, { isSecret, mayWrite: false })['pin']).toBe('[hidden]');
  });
});

describe('what comes back', () => {
  test('is what is stored, where it is what was shown', () => {
    const shown = shownConfig(stored, { isSecret, mayWrite: false });
    expect(withStoredSecrets({ ...shown, 'token.count': '4' }, stored, isSecret)).toEqual({
      ...stored,
      'token.count': '4',
    });
  });

  test('is refused where it was changed around the mask', () => {
    for (const url of ['https://me:[hidden]@other', 'jdbc:x://h?password=[hidden]'])
      expect(() => withStoredSecrets({ ...stored, url }, stored, isSecret)).toThrow(
        'there is none for url: give the value',
      );
  });

  test('is refused where nothing is stored', () => {
    for (const from of [undefined, { name: 'bank' }])
      expect(() => withStoredSecrets({ pin: '[hidden]' }, from, isSecret)).toThrow(
        '[hidden] stands for a secret that is stored, and there is none for pin: give the value',
      );
    // It is no secret, and so it is what it is.
    expect(withStoredSecrets({ url: '[hidden]' }, stored, isSecret)).toEqual({ url: '[hidden]' });
  });
});

describe('over the API', () => {
  const config = { 'connector.class': 'Bank', url: 'u', 'token.count': '1', pin: '1234 5678' };
  const masked = { ...config, pin: '[hidden]' };

  function under() {
    const made = apiUnderTest({ parts });
    made.cluster.plugins = plugins;
    return made;
  }

  test('a mask keeps what is stored: PUT, PATCH and a validation', async () => {
    const { call, cluster } = under();
    cluster.add('bank', { config: { ...config, name: 'bank' } });
    const put = await call('PUT /connectors/bank/config', { ...masked, 'token.count': '2' });
    expect(put.statusCode).toBe(200);
    expect(cluster.connectors.get('bank')?.record.config).toMatchObject({
      pin: '1234 5678',
      'token.count': '2',
    });
    const patch = await call('PATCH /connectors/bank/config', { pin: '[hidden]', url: 'v' });
    expect(patch.json<{ config: object }>().config).toMatchObject({ pin: '1234 5678', url: 'v' });
    // Written over what was read, and over nothing else.
    expect(cluster.requests).toMatchObject([
      { mode: 'update', expectedVersion: 1 },
      { mode: 'update', expectedVersion: 2 },
    ]);
    const asked: object[] = [];
    const validating = apiUnderTest({
      parts,
      runValidations: async (configs) => {
        asked.push(...configs.map((each) => each.config));
        return configs.map(() => ({ problems: [], recommendations: {} }));
      },
    });
    validating.cluster.plugins = [{ ...plugins[0], validates: true } as (typeof plugins)[number]];
    validating.cluster.add('bank', { config });
    const infos = await validating.call('PUT /connector-plugins/Bank/config/validate', {
      ...masked,
      name: 'bank',
    });
    expect(infos.json<ConfigInfos>().error_count).toBe(0);
    expect(asked).toMatchObject([{ pin: '1234 5678' }]);
    expect(infos.body).not.toContain('1234 5678');
  });

  test('what a reader is shown changes nothing when it is sent back', async () => {
    const { call, cluster } = under();
    const whole = { ...config, name: 'bank', url: 'db://u:pw@h', copy: `pin=${config.pin}` };
    cluster.add('bank', { config: whole });
    const shown = { ...whole, pin: '[hidden]', url: 'db://u:[hidden]@h', copy: 'pin=<pin>' };
    const put = (sent: object) => call('PUT /connectors/bank/config', { ...sent });
    expect((await put({ ...shown, 'token.count': '2' })).statusCode).toBe(200);
    expect(cluster.connectors.get('bank')?.record.config).toEqual({ ...whole, 'token.count': '2' });
    // Also where no mask is left.
    expect((await put({ ...whole, copy: 'pin=<pin>' })).statusCode).toBe(200);
    expect(cluster.connectors.get('bank')?.record.config).toEqual(whole);
    const elsewhere = await put({ ...shown, url: 'db://u:[hidden]@evil' });
    expect(elsewhere.json()).toMatchObject({ error_code: 400, code: 'config.masked' });
  });

  test.each([
    ['POST /connectors', { name: 'new', config: masked }],
    ['PUT /connectors/new/config', masked],
    ['PUT /sluice/apply', [{ name: 'bank', config: masked }]],
    ['PUT /connector-plugins/Bank/config/validate', masked],
    ['PUT /connector-plugins/Bank/config/validate', { ...masked, name: 'other' }],
  ])('%s with a mask for which nothing is known is refused', async (request, body) => {
    const { call, cluster } = under();
    cluster.add('bank', { config });
    const response = await call(request, body);
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({
      code: 'config.masked',
      message: expect.stringContaining('there is none for pin') as string,
    });
    expect(cluster.requests).toEqual([]);
  });

  test('who may only read sees masks, wherever a configuration is shown', async () => {
    const authenticator = new Authenticator({
      callers: new Callers([{ name: 'v', role: 'viewer', proof: tokenProof('secret-of-v') }]),
      clock: new FakeClock(),
    });
    const { call, cluster } = apiUnderTest({ parts, authenticator });
    cluster.plugins = plugins;
    cluster.add('bank', { config: { ...config, name: 'bank' }, tasks: 2 });
    cluster.configsOfTasks.set('bank', [
      { pin: config.pin, 'task.work': `pin ${config.pin}` },
      { dsn: `user=u with ${config.pin}` },
    ]);
    for (const path of [
      '/connectors/bank',
      '/connectors/bank/config',
      '/connectors?expand=info',
      '/connectors/bank/tasks',
    ]) {
      const headers = { authorization: 'Bearer secret-of-v' };
      const response = await call(`GET ${path}`, undefined, { headers });
      expect(response.statusCode, path).toBe(200);
      expect(response.body, path).toContain('[hidden]');
      expect(response.body, path).not.toContain(config.pin);
    }
  });

  test('what was written is shown to who may write, key by key', async () => {
    const { call } = under();
    const created = await call('POST /connectors', { name: 'bank', config });
    expect(created.json<{ config: object }>().config).toEqual({ ...config, name: 'bank' });
    const read = await call('GET /connectors/bank/config');
    expect(read.json()).toEqual({ ...config, name: 'bank' });
  });
});
