import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { openConfigProviders, pluginEnvironment } from '../src/create-provider.ts';
import { EnvProvider } from '../src/env-provider.ts';
import { DirectoryProvider, FileProvider } from '../src/file-providers.ts';
import { noProviders, type ProviderSettings } from '../src/settings.ts';

let folder: string;
let secrets: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-providers-'));
  secrets = join(folder, 'secrets');
  mkdirSync(secrets);
  mkdirSync(join(folder, 'secrets-of-others'));
  writeFileSync(join(folder, 'outside.properties'), 'password=outside');
  writeFileSync(join(folder, 'secrets-of-others', 'password'), 'outside');
  writeFileSync(
    join(secrets, 'db.properties'),
    '# comment\nuser = sluice\npassword: p\\u00e4ss\\\n  word\ntoString=x\n',
  );
  writeFileSync(join(secrets, 'token'), 'abc\n');
  symlinkSync(join(folder, 'outside.properties'), join(secrets, 'link.properties'));
  // As Kubernetes mounts secrets.
  mkdirSync(join(secrets, '..data-1'));
  writeFileSync(join(secrets, '..data-1', 'mounted'), 'm');
  symlinkSync('..data-1', join(secrets, '..data'));
  symlinkSync(join('..data', 'mounted'), join(secrets, 'mounted'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('environment', () => {
  const environment = { DB_USER: 'u', REDIS_URL: 'r', SLUICE_SECRETS_KEYS: 'k', SLUICE_X: 'x' };

  test('variables are given, those of Sluice itself only if they are named', async () => {
    const provider = new EnvProvider({}, environment);
    expect(await provider.get('', ['DB_USER', 'NONE'])).toEqual(new Map([['DB_USER', 'u']]));
    for (const name of ['REDIS_URL', 'SLUICE_X', 'SLUICE_SECRETS_KEYS'])
      await expect(provider.get('', [name])).rejects.toThrow(`the variable ${name} is not allowed`);
    await expect(provider.get('path', ['DB_USER'])).rejects.toThrow('have no path');
  });

  test('a pattern must match the whole name, and never opens the keys of secrets', async () => {
    const provider = new EnvProvider({ 'allowlist.pattern': 'SLUICE_.*|DB' }, environment);
    expect(await provider.get('', ['SLUICE_X'])).toEqual(new Map([['SLUICE_X', 'x']]));
    for (const name of ['DB_USER', 'SLUICE_SECRETS_KEYS'])
      await expect(provider.get('', [name])).rejects.toThrow(`the variable ${name} is not allowed`);
    expect(() => new EnvProvider({ 'allowlist.pattern': '(' })).toThrow('allowlist.pattern (');
  });
});

describe('the environment of code of plugins', () => {
  const environment = { DB_USER: 'u', KAFKA_X: 'x', REDIS_URL: 'r', SLUICE_SECRETS_KEYS: 'k' };
  const envProvider = 'org.apache.kafka.common.config.provider.EnvVarConfigProvider';

  function withProviders(...params: ProviderSettings['providers'][number]['params'][]) {
    const providers = params.map((each, index) => ({
      name: `env${index}`,
      class: envProvider,
      params: each,
    }));
    return { ...noProviders, providers };
  }

  test('has nothing of Sluice’s own', () => {
    expect(pluginEnvironment(noProviders, environment)).toEqual({ DB_USER: 'u' });
    expect(pluginEnvironment(withProviders({}), environment)).toEqual({ DB_USER: 'u' });
  });

  test('has what an allowlist names, so that references resolve there as on a worker', async () => {
    const settings = withProviders(
      { 'allowlist.pattern': 'KAFKA_.*' },
      { 'allowlist.pattern': 'SLUICE_.*' },
    );
    const left = pluginEnvironment(settings, environment);
    expect(left).toEqual({ DB_USER: 'u', KAFKA_X: 'x' });
    vi.stubEnv('KAFKA_X', left['KAFKA_X']);
    const { resolve } = await openConfigProviders(settings);
    expect((await resolve({ brokers: '${env0:KAFKA_X}' })).config).toEqual({ brokers: 'x' });
    vi.unstubAllEnvs();
  });
});

describe('files', () => {
  test('keys of a file in the format of properties', async () => {
    const provider = new FileProvider({ 'allowed.paths': secrets });
    const keys = ['user', 'password', 'none', 'constructor', 'toString'];
    expect(await provider.get(join(secrets, 'db.properties'), keys)).toEqual(
      new Map([
        ['user', 'sluice'],
        ['password', 'pässword'],
        ['toString', 'x'],
      ]),
    );
  });

  test.each([
    ['outside.properties', 'is not there, or is not below allowed.paths'],
    ['secrets/../outside.properties', 'is not there, or is not below allowed.paths'],
    ['secrets/link.properties', 'is not there, or is not below allowed.paths'],
    ['secrets-of-others/password', 'is not there, or is not below allowed.paths'],
    ['secrets/none', 'is not there, or is not below allowed.paths'],
    ['secrets', 'is not a file'],
  ])('%s is refused: it %s', async (path, reason) => {
    const provider = new FileProvider({ 'allowed.paths': secrets });
    await expect(provider.get(`${folder}/${path}`, ['password'])).rejects.toThrow(reason);
  });

  test('devices and what is too large are refused', async () => {
    const provider = new FileProvider({ 'allowed.paths': '/' });
    await expect(provider.get('/dev/zero', ['password'])).rejects.toThrow('is not a file');
    const large = join(folder, 'large');
    writeFileSync(large, Buffer.alloc(1024 * 1024 + 1, 'a'));
    await expect(provider.get(large, ['password'])).rejects.toThrow('is larger than');
    await expect(provider.get('relative', ['password'])).rejects.toThrow('is not absolute');
  });

  test('roots have to be named', () => {
    expect(() => new FileProvider({})).toThrow('allowed.paths is missing');
    expect(() => new DirectoryProvider({ 'allowed.paths': '/a,b' })).toThrow(
      'allowed.paths must have absolute paths: b',
    );
  });
});

describe('directories', () => {
  test('a file is a value, also behind the links of a mounted secret', async () => {
    const provider = new DirectoryProvider({ 'allowed.paths': `/nowhere, ${secrets}` });
    expect(await provider.get(secrets, ['token', 'mounted'])).toEqual(
      new Map([
        ['token', 'abc'],
        ['mounted', 'm'],
      ]),
    );
  });

  test.each(['../outside.properties', 'a/b', '..', '', 'link.properties', 'none'])(
    'the key %j is refused',
    async (key) => {
      const provider = new DirectoryProvider({ 'allowed.paths': secrets });
      await expect(provider.get(secrets, [key])).rejects.toThrow(/is not/);
    },
  );
});
