import { ConfigError } from '@sluice/connector-api';
import { SluiceError } from '@sluice/kernel';
import {
  type ConfigProvider,
  ConfigResolver,
  resolveNothing,
  withReferences,
} from '@sluice/runtime/references';
import { expect, test } from 'vitest';

function resolverOf(values: Readonly<Record<string, string>>) {
  const asked: string[] = [];
  const provider: ConfigProvider = {
    get: async (path, keys) => {
      asked.push(`${path}|${keys.join()}`);
      return new Map(
        keys.flatMap((key) => (values[key] === undefined ? [] : [[key, values[key]]])),
      );
    },
  };
  return { asked, resolver: new ConfigResolver(new Map([['vault', provider]])) };
}

async function problemsOf(promise: Promise<unknown>): Promise<string[]> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ConfigError);
  return (error as ConfigError).problems.map(({ message }) => message);
}

test('references are replaced wherever they stand, each place is asked once', async () => {
  const { asked, resolver } = resolverOf({ user: 'u', password: 'p$&', port: '5432' });
  const { config, values } = await resolver.resolve({
    url: 'db://${vault:db:user}:${vault:db:password}@h:${vault:port}',
    password: '${vault:db:password}',
    plain: '${topic}',
  });
  expect(config).toEqual({ url: 'db://u:p$&@h:5432', password: 'p$&', plain: '${topic}' });
  expect(values).toEqual({
    'vault:db:user': 'u',
    'vault:db:password': 'p$&',
    'vault:port': '5432',
  });
  expect(asked).toEqual(['db|user,password', '|port']);
});

test('what is missing is named, all of it at once, and no value', async () => {
  const { resolver } = resolverOf({ user: 'uuuuuuuu' });
  const problems = await problemsOf(
    resolver.resolve({
      a: '${vault:db:user}-${vault:db:password}',
      b: '${env:HOME}',
      'connector.class': '${vault:user}',
    }),
  );
  expect(problems).toEqual([
    'Invalid value ${vault:user} for configuration connector.class: this key cannot hold a reference',
    'Invalid value ${vault:db:password} for configuration a: config provider vault has no password at db',
    'Invalid value ${env:HOME} for configuration b: there is no config provider env here, but: vault. Add it to SLUICE_CONFIG_PROVIDERS, or correct the reference',
  ]);
  expect(problems.join()).not.toContain('uuuuuuuu');
});

test('a provider that cannot be reached is worth another try', async () => {
  const away = new SluiceError('secrets.unreachable', 'away', { retriable: true });
  const provider: ConfigProvider = { get: () => Promise.reject(away) };
  const resolver = new ConfigResolver(new Map([['vault', provider]]));
  await expect(resolver.resolve({ a: '${vault:x}' })).rejects.toBe(away);
});

test('a provider that does not answer is given up', async () => {
  const provider: ConfigProvider = { get: () => new Promise(() => {}) };
  const resolver = new ConfigResolver(new Map([['vault', provider]]), 20);
  expect(await problemsOf(resolver.resolve({ a: '${vault:x}' }))).toEqual([
    'Invalid value ${vault:x} for configuration a: provider vault did not answer within 20 ms',
  ]);
});

test('without providers everything but references is taken', async () => {
  expect((await resolveNothing({ a: '1' })).config).toEqual({ a: '1' });
  expect(await problemsOf(resolveNothing({ a: '${env:X}' }))).toHaveLength(1);
});

test('task configurations are mapped back to references', () => {
  const raw = { url: 'db://${vault:user}@h', password: '${vault:password}', port: '${vault:port}' };
  const resolved = {
    config: { url: 'db://someone@h', password: 'hunter22', port: '54' },
    values: { 'vault:user': 'someone', 'vault:password': 'hunter22', 'vault:port': '54' },
  };
  expect(
    withReferences(
      {
        url: 'db://someone@h',
        password: 'hunter22',
        port: '54',
        copy: 'hunter22',
        'task.work': '{"url":"db://someone:hunter22@other"}',
        shard: '54',
        plain: 'x',
      },
      raw,
      resolved,
    ),
  ).toEqual({
    ...raw,
    copy: '${vault:password}',
    'task.work': '{"url":"db://${vault:user}:${vault:password}@other"}',
    // Too short to be told from any other number.
    shard: '54',
    plain: 'x',
  });
});

test('what a connector changed is kept, and the secret in it is not', () => {
  const raw = { hosts: '${vault:hosts}' };
  const resolved = { config: { hosts: 'aaaa,bbbb' }, values: { 'vault:hosts': 'aaaa,bbbb' } };
  expect(withReferences({ hosts: 'aaaa' }, raw, resolved)).toEqual({ hosts: 'aaaa' });
});

test('a secret that was put into JSON in another form is not stored', () => {
  const secret = 'pass"word';
  const resolved = { config: { password: secret }, values: { 'vault:password': secret } };
  const work = JSON.stringify({ secret });
  expect(() => withReferences({ work }, { password: '${vault:password}' }, resolved)).toThrow(
    /what \$\{vault:password\} stands for into work/,
  );
});
