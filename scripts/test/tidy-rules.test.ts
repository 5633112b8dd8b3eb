import { expect, test } from 'vitest';
import { checkLock, checkManifest, checkText } from '../tidy-rules.ts';

// Put together here, so that this file itself is tidy.
const only = ['test', 'only'].join('.');
const skip = ['test', 'skip'].join('.');
const home = ['', 'home', 'jane'].join('/');

function lock(places: string[]): string {
  return JSON.stringify({ packages: Object.fromEntries(places.map((place) => [place, {}])) });
}

test('a focused test is found, in test files only', () => {
  expect(checkText('a.test.ts', `x\n${only}('y')`)).toEqual([
    { file: 'a.test.ts', line: 2, message: 'a focused test hides the others' },
  ]);
  expect(checkText('a.ts', `${only}('y')`)).toEqual([]);
});

test('a skipped test needs a comment that says why', () => {
  expect(checkText('a.test.ts', `\n${skip}('y')`)).toHaveLength(1);
  expect(checkText('a.test.ts', `// Needs a broker.\n${skip}('y')`)).toEqual([]);
});

test('a leftover marker is found in sources, not inside of words', () => {
  expect(checkText('a.ts', `// ${'todo'.toUpperCase()} later`)).toHaveLength(1);
  expect(checkText('a.ts', 'const METODOLOGY = 1;')).toEqual([]);
});

test('a path of one machine is found, an address is not', () => {
  expect(checkText('README.md', `cd ${home}/sluice`)).toHaveLength(1);
  expect(checkText('README.md', 'see https://example.org/home/jane/x')).toEqual([]);
  expect(checkText('README.md', 'ask for /root or /connectors/home/status')).toEqual([]);
});

test('a script in Lua that is called states what it takes and gives', () => {
  expect(checkText('a.lua', "return redis.call('GET', KEYS[1])").map((f) => f.message)).toEqual([
    'the header does not state KEYS',
    'the header does not state ARGV',
    'the header does not state Returns',
  ]);
  const header = '--- KEYS 1 key\n--- ARGV none\n--- Returns its value\n';
  expect(checkText('a.lua', `${header}return redis.call('GET', KEYS[1])`)).toEqual([]);
  expect(checkText('part.lua', 'local function double(n) return 2 * n end')).toEqual([]);
});

test('a manifest needs a description, the license and exact versions', () => {
  const good = {
    description: 'A part.',
    license: 'Apache-2.0',
    dependencies: { ioredis: '6.0.0' },
    devDependencies: { '@types/node': '24', node: '24' },
  };
  expect(checkManifest('package.json', JSON.stringify(good))).toEqual([]);
  const bad = { description: '', license: 'MIT', dependencies: { ioredis: '^6.0.0' } };
  expect(checkManifest('package.json', JSON.stringify(bad))).toHaveLength(3);
});

test('a connector that depends on more of this repository than its API is found', () => {
  const manifest = {
    description: 'A connector.',
    license: 'Apache-2.0',
    dependencies: { '@sluice/connector-api': '0.1.0', '@sluice/kernel': '0.1.0' },
  };
  const text = JSON.stringify(manifest);
  expect(checkManifest('packages/connectors/file/package.json', text)).toHaveLength(1);
  expect(checkManifest('packages/runtime/package.json', text)).toEqual([]);
});

test('a second copy of a driver is found in the lock file', () => {
  expect(checkLock('package-lock.json', lock(['node_modules/ioredis']))).toEqual([]);
  const two = ['node_modules/ioredis', 'node_modules/bullmq/node_modules/ioredis'];
  expect(checkLock('package-lock.json', lock(two))).toHaveLength(1);
});
