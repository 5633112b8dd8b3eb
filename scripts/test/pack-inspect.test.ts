import { expect, test } from 'vitest';
import {
  driftedPackages,
  productionNames,
  staleFiles,
  strangeFiles,
  unexpectedPackages,
} from '../pack/inspect.ts';
import { productionClosure, type Workspace } from '../pack/workspaces.ts';

const locked = {
  'node_modules/queue': {
    version: '1.0.0',
    dependencies: { codec: '1' },
    optionalDependencies: { fast: '1' },
    peerDependencies: { client: '1', compiler: '7' },
    peerDependenciesMeta: { compiler: { optional: true } },
  },
  'node_modules/codec': { version: '1.0.0' },
  'node_modules/queue/node_modules/codec': { version: '0.9.0', dependencies: { old: '1' } },
  'node_modules/old': { version: '1.0.0' },
  'node_modules/fast': { version: '1.0.0' },
  'node_modules/client': { version: '1.0.0' },
  'node_modules/compiler': { version: '7.0.0' },
  'node_modules/linter': { version: '1.0.0' },
};

test('in production is what is needed, what is optional, and peers that are not', () => {
  expect([...productionNames(['queue'], locked)].sort()).toEqual(
    ['client', 'codec', 'fast', 'old', 'queue'].sort(),
  );
});

test('a compiler, a link and a package of ours that was not packed are unexpected', () => {
  const installed = {
    'node_modules/@sluice/kernel': { version: '0.1.0' },
    'node_modules/@sluice/testkit': { version: '0.1.0' },
    'node_modules/client': { link: true },
    'node_modules/queue': { version: '1.0.0' },
    'node_modules/queue/node_modules/compiler': { version: '7.0.0' },
  };
  const needed = productionNames(['queue'], locked);
  expect(unexpectedPackages(installed, needed, new Set(['@sluice/kernel']))).toEqual([
    '@sluice/testkit 0.1.0 was not packed here',
    'client is a link',
    'compiler 7.0.0 is not for production by package-lock.json',
  ]);
});

test('a version that the lock file has nowhere has drifted', () => {
  const installed = {
    'node_modules/codec': { version: '0.9.0' },
    'node_modules/fast': { version: '1.1.0' },
  };
  expect(driftedPackages(installed, locked)).toEqual(['fast 1.1.0 instead of 1.0.0']);
});

test('sources, tests and traces of builds are strange, declarations and Lua are not', () => {
  const fine = ['dist/index.js', 'dist/index.d.ts', 'dist/index.js.map', 'lua/beat.lua'];
  const strange = ['src/a.ts', 'dist/a.test.js', 'lib/a.ts', 'dist/.tsbuildinfo', 'test/x', '.env'];
  expect(strangeFiles([...fine, ...strange])).toEqual(strange);
});

test('compiled files whose source is gone are stale', () => {
  const files = [
    'dist/a.js',
    'dist/a.d.ts.map',
    'dist/b/c.js',
    'dist/old.js',
    'dist/old.d.ts',
    'x',
  ];
  expect(staleFiles(files, new Set(['src/a.ts', 'src/b/c.ts']))).toEqual([
    'dist/old.js',
    'dist/old.d.ts',
  ]);
});

function workspace(name: string, dependencies: readonly string[], isPrivate = false): Workspace {
  return { name, folder: `/${name}`, isPrivate, dependencies };
}

test('an app is packed with what it needs of us, and not if that is private', () => {
  const workspaces = new Map(
    [
      workspace('app', ['a', 'left-pad']),
      workspace('a', ['b']),
      workspace('b', []),
      workspace('kit', [], true),
      workspace('bad', ['kit']),
    ].map((each) => [each.name, each]),
  );
  expect(productionClosure(['app'], workspaces).map(({ name }) => name)).toEqual(['app', 'a', 'b']);
  expect(() => productionClosure(['bad'], workspaces)).toThrow(
    'bad depends on kit, which is private: make it a devDependency, or publish it',
  );
});
