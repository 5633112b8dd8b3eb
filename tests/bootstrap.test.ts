/**
 * `scripts/bootstrap.mjs` on a clone with nothing installed. npm is played by a script that is as slow as
 * wanted and leaves what npm leaves, as far as the bootstrap looks at it.
 */
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeProcess, repositoryRoot, waitFor } from '@sluice/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';

const lock = { packages: { '': {}, 'node_modules/part': { version: '1.2.3' } } };

/** What npm leaves, once nobody holds it, and a line in `calls` for each time that it was called. */
const playedNpm = `
const fs = require('node:fs');
fs.appendFileSync('calls', process.argv.slice(2).join(' ') + '\\n');
if (fs.existsSync('npm-fails')) {
  console.error('npm error registry unreachable');
  process.exit(7);
}
const leave = () => {
  if (fs.existsSync('npm-is-held')) return setTimeout(leave, 20);
  fs.mkdirSync('node_modules/node/bin', { recursive: true });
  // A real binary by size; Node itself is linked in by the test.
  if (!fs.existsSync('node_modules/node/bin/node')) fs.linkSync('node', 'node_modules/node/bin/node');
  fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json');
};
leave();
`;

const script = `
// Before it says that it ran: a signal may come right after.
if (process.argv[2] === 'wait') {
  process.on('SIGTERM', () => process.exit(42));
  setInterval(() => {}, 1_000);
} else process.exitCode = Number(process.argv[2] ?? 0);
console.log(JSON.stringify({ msg: 'ran', args: process.argv.slice(2), cwd: process.cwd() }));
`;

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-bootstrap-'));
  mkdirSync(join(root, 'scripts'));
  mkdirSync(join(root, 'npm'));
  copyFileSync(
    join(repositoryRoot, 'scripts', 'bootstrap.mjs'),
    join(root, 'scripts', 'bootstrap.mjs'),
  );
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify(lock));
  writeFileSync(join(root, 'npm', 'npm-cli.js'), playedNpm);
  writeFileSync(join(root, 'scripts', 'it.ts'), script);
  try {
    linkSync(process.execPath, join(root, 'node'));
  } catch {
    // On another file system.
    copyFileSync(process.execPath, join(root, 'node'));
  }
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function bootstrap(...args: string[]): NodeProcess {
  return new NodeProcess(join(root, 'scripts', 'bootstrap.mjs'), {
    args: ['scripts/it.ts', ...args],
    cwd: root,
    env: { npm_execpath: join(root, 'npm', 'npm-cli.js') },
  });
}

function npmCalls(): string[] {
  return readFileSync(join(root, 'calls'), 'utf8').trim().split('\n');
}

test('a first run installs, a second one does not, and both hand on arguments and exit code', async () => {
  await using first = bootstrap('3', '--fast');
  expect(await first.exited).toEqual({ code: 3, signal: null });
  expect(first.logLines()).toMatchObject([{ msg: 'ran', args: ['3', '--fast'], cwd: root }]);
  expect(first.stderr).toContain('installed the npm packages');
  await using second = bootstrap('0');
  expect((await second.exited).code).toBe(0);
  expect(second.stderr).toBe('');
  expect(npmCalls()).toHaveLength(1);
});

test('a changed lock file is installed again, a missing package that is optional is not', async () => {
  await using first = bootstrap();
  await first.exited;
  const packages = { ...lock.packages, 'node_modules/other': { version: '1.0.0', optional: true } };
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages }));
  await using second = bootstrap();
  await second.exited;
  expect(npmCalls()).toHaveLength(1);
  const changed = { ...packages, 'node_modules/part': { version: '1.2.4' } };
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: changed }));
  await using third = bootstrap();
  expect((await third.exited).code).toBe(0);
  expect(npmCalls()).toHaveLength(2);
});

test('of two that start at once, one installs and both run', async () => {
  const held = join(root, 'npm-is-held');
  writeFileSync(held, '');
  await using one = bootstrap();
  await using other = bootstrap();
  await waitFor(() => one.stderr + other.stderr, {
    what: 'one of them to wait for the other',
    until: (said) => said.includes('another run installs the npm packages'),
  });
  rmSync(held);
  expect((await one.exited).code, one.describe()).toBe(0);
  expect((await other.exited).code, other.describe()).toBe(0);
  expect(npmCalls()).toHaveLength(1);
});

test('the lock of a run that was killed is ignored', async () => {
  mkdirSync(join(root, '.sluice'));
  // No process can have this pid: it is above the largest.
  writeFileSync(join(root, '.sluice', 'install.lock'), '99999999');
  await using child = bootstrap();
  expect((await child.exited).code).toBe(0);
});

test('an npm that fails is shown, and nothing runs', async () => {
  writeFileSync(join(root, 'npm-fails'), '');
  await using child = bootstrap();
  expect((await child.exited).code).toBe(1);
  expect(child.stderr).toContain('registry unreachable');
  expect(child.stderr).toContain('failed with code 7');
  expect(child.logLines()).toEqual([]);
});

test('a signal reaches the script, and its exit code comes back', async () => {
  await using child = bootstrap('wait');
  await child.waitForLog('ran');
  await child.kill('SIGTERM');
  expect(await child.exited).toEqual({ code: 42, signal: null });
});
