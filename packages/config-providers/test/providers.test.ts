import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { EnvProvider, pluginEnvironment } from '../src/env-provider.ts';
import { DirectoryProvider, FileProvider } from '../src/file-providers.ts';

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
  symlinkSync('itself', join(folder, 'itself'));
  writeFileSync(join(secrets, 'latin1'), Buffer.from('p\u00e4ssword', 'latin1'));
  writeFileSync(join(secrets, 'windows.properties'), 'path=C:\\users');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('environment', () => {
  const environment = { DB_USER: 'u', REDIS_URL: 'r', SLUICE_SECRETS_KEYS: 'k', SLUICE_X: 'x' };

  test('variables are given, but those of Sluice itself to nobody', async () => {
    const provider = new EnvProvider({}, environment);
    expect(await provider.get('', ['DB_USER', 'NONE', 'constructor'])).toEqual(
      new Map([['DB_USER', 'u']]),
    );
    await expect(provider.get('path', ['DB_USER'])).rejects.toThrow('have no path');
    for (const params of [{}, { 'allowlist.pattern': '.*' }, { 'allowlist.pattern': 'SLUICE_X' }]) {
      for (const name of [
        'REDIS_URL',
        'SLUICE_X',
        'SLUICE_SECRETS_KEYS',
        'KAFKA_NONE',
        'OTEL_EXPORTER_OTLP_HEADERS',
      ])
        await expect(new EnvProvider(params, environment).get('', [name])).rejects.toThrow(
          `the variable ${name} is a setting of Sluice`,
        );
    }
  });

  test('a pattern must match the whole name', async () => {
    const provider = new EnvProvider({ 'allowlist.pattern': 'DB|DB_U.*' }, environment);
    expect(await provider.get('', ['DB_USER'])).toEqual(new Map([['DB_USER', 'u']]));
    const narrow = new EnvProvider({ 'allowlist.pattern': 'DB|USER' }, environment);
    await expect(narrow.get('', ['DB_USER'])).rejects.toThrow('DB_USER is not allowed');
    expect(() => new EnvProvider({ 'allowlist.pattern': '(' })).toThrow('allowlist.pattern (');
  });

  test('code of plugins does not find those of Sluice itself where it looks by habit', () => {
    const sent = { OTEL_EXPORTER_OTLP_HEADERS: 'h', OTEL_SERVICE_NAME: 'own' };
    const all = {
      ...environment,
      ...sent,
      KAFKA_SASL_PASSWORD: 'p',
      KAFKAESQUE: 'e',
      redis_url: 'own',
    };
    expect(pluginEnvironment(all)).toEqual({
      DB_USER: 'u',
      KAFKAESQUE: 'e',
      redis_url: 'own',
      OTEL_SERVICE_NAME: 'own',
    });
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
    ['itself', 'is not there, or is not below allowed.paths'],
    [`secrets/${'a'.repeat(300)}`, 'is not there, or is not below allowed.paths'],
    ['secrets/latin1', 'is not UTF-8'],
    ['secrets/windows.properties', 'properties: line 1 has a \\u without four hexadecimal digits'],
    ['secrets', 'is not a file'],
  ])('%s is refused: it %s', async (path, reason) => {
    const provider = new FileProvider({ 'allowed.paths': secrets });
    await expect(provider.get(`${folder}/${path}`, ['password'])).rejects.toThrow(reason);
  });

  test('devices and what is too large are refused', async () => {
    const provider = new FileProvider({ 'allowed.paths': '/' });
    await expect(provider.get('/dev/zero', ['password'])).rejects.toThrow('is not a file');
    const processes = new DirectoryProvider({ 'allowed.paths': '/' });
    await expect(processes.get('/proc/self', ['environ'])).rejects.toThrow('is not there, or');
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
    const provider = new DirectoryProvider({
      'allowed.paths': `/nowhere,${folder}/itself, ${secrets}`,
    });
    expect(await provider.get(secrets, ['token', 'mounted'])).toEqual(
      new Map([
        ['token', 'abc'],
        ['mounted', 'm'],
      ]),
    );
  });

  test.each(['../outside.properties', 'a/b', '..', '', 'link.properties', 'none', 'latin1'])(
    'the key %j is refused',
    async (key) => {
      const provider = new DirectoryProvider({ 'allowed.paths': secrets });
      await expect(provider.get(secrets, [key])).rejects.toThrow(/is not/);
    },
  );
});
