import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { findPluginPackages } from '@sluice/runtime';
import { PluginFolder } from '@sluice/testkit';
import { expect, test } from 'vitest';

const empty = { files: { 'index.js': '' } };

async function found(...directories: string[]) {
  const { packages, broken } = await findPluginPackages(directories);
  return {
    packages: packages.map(({ directory, name }) => [directory, name]),
    broken: broken.map(({ error }) => error),
  };
}

test('packages are found in a directory, below a scope, and where the path itself is one', async () => {
  await using folder = await PluginFolder.make();
  const plain = await folder.write('many/plain', { name: 'plain', version: '1.2.0', ...empty });
  const scoped = await folder.write('many/@acme/orders', { name: '@acme/orders', ...empty });
  const single = await folder.write('single', { name: 'single', ...empty });
  await folder.writeFiles('many', { 'README.md': '', '.hidden/package.json': '{' });
  expect(await found(folder.at('many'), single)).toEqual({
    packages: [
      [scoped, '@acme/orders 1.0.0'],
      [plain, 'plain 1.2.0'],
      [single, 'single 1.0.0'],
    ],
    broken: [],
  });
});

test('a package that is reached in two ways is there once', async () => {
  await using folder = await PluginFolder.make();
  const real = await folder.write('store/orders', { name: 'orders', ...empty });
  await fs.mkdir(folder.at('path'));
  await fs.symlink(real, folder.at('path', 'orders'));
  const { packages } = await found(folder.at('path'), real);
  expect(packages).toEqual([[real, 'orders 1.0.0']]);
});

test('what is installed and says nothing of plugins is no plugin; what is laid there by hand is told', async () => {
  await using folder = await PluginFolder.make();
  for (const path of ['node_modules', 'plugins']) {
    await folder.writeFiles(path, {
      'lodash/package.json': JSON.stringify({ name: 'lodash' }),
      'half/index.js': '',
    });
  }
  expect(await found(folder.at('node_modules'))).toEqual({ packages: [], broken: [] });
  const { broken } = await found(folder.at('plugins'));
  expect(broken).toEqual([
    `plugin package ${folder.at('plugins/half')} has no package.json: copy the whole package`,
    `plugin package ${folder.at('plugins/lodash')} does not say where its plugins are: let its package.json have "sluice": { "plugins": ["./path/to/module.js"] }`,
  ]);
});

test.each([
  ['not JSON', '{"name": ', 'has a package.json that cannot be read: '],
  ['no list', JSON.stringify({ sluice: { plugins: './index.js' } }), 'without a list of modules'],
  ['an empty list', JSON.stringify({ sluice: { plugins: [] } }), 'without a list of modules'],
  ['no object', JSON.stringify({ sluice: true }), 'without a list of modules'],
  [
    'a module that is not there',
    JSON.stringify({ name: 'orders', sluice: { plugins: ['./dist/index.js'] } }),
    '(orders) has no ./dist/index.js, which its package.json names: build the package',
  ],
  [
    'a folder for a module',
    JSON.stringify({ name: 'orders', sluice: { plugins: ['./src'] } }),
    'has no ./src',
  ],
  [
    'a module elsewhere',
    JSON.stringify({ name: 'orders', sluice: { plugins: ['../other/index.js'] } }),
    '(orders) names ../other/index.js, which is outside of it',
  ],
])('a manifest with %s is told by the name of the package', async (_what, manifest, problem) => {
  await using folder = await PluginFolder.make();
  await folder.writeFiles('orders', { 'package.json': manifest, 'src/index.js': '' });
  await folder.writeFiles('other', { 'index.js': '' });
  const { packages, broken } = await found(folder.at('orders'));
  expect(packages).toEqual([]);
  expect(broken).toEqual([expect.stringContaining(problem)]);
  expect(broken[0]).toContain(folder.at('orders'));
});

test('a directory that is not there is told, and keeps no other from being looked at', async () => {
  await using folder = await PluginFolder.make();
  await folder.write('plugins/orders', { name: 'orders', ...empty });
  const missing = folder.at('missing');
  const { packages, broken } = await found(missing, folder.at('plugins'));
  expect(packages).toHaveLength(1);
  expect(broken).toEqual([
    `there is no directory ${missing} of the plugin path: make it, or take it out of the plugin path`,
  ]);
});

test('a package that changes is in another state, and so are the URLs of its modules', async () => {
  await using folder = await PluginFolder.make();
  const directory = await folder.write('orders', { name: 'orders', ...empty });
  const look = async () => (await findPluginPackages([directory])).packages[0];
  const first = await look();
  expect(await look()).toEqual(first);
  await fs.writeFile(join(directory, 'index.js'), '// changed');
  const second = await look();
  expect(second?.state).not.toBe(first?.state);
  expect(second?.modules[0]?.specifier).not.toBe(first?.modules[0]?.specifier);
});
