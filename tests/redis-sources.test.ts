/** Where the scripts take a redis-server from, on machines that are played by what the PATH holds. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  findOnPath,
  isFree,
  type NodeProcess,
  redisVersionMin,
  repositoryRoot,
  requireRedisServer,
  spawnNode,
  startRedis,
  waitFor,
} from '@sluice/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

let folder = '';
let bin = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-sources-'));
  bin = join(folder, 'bin');
  mkdirSync(bin);
  const script = join(folder, 'obtain.ts');
  const module = JSON.stringify(join(repositoryRoot, 'scripts/redis.ts'));
  writeFileSync(
    script,
    `import { obtainRedisServer } from ${module};
     try { console.log(JSON.stringify({ msg: 'found', binary: await obtainRedisServer() })); }
     catch (error) { console.log(JSON.stringify({ msg: 'none', error: error.message })); }`,
  );
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function command(name: string, body: string): void {
  const file = join(bin, name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
}

function obtain(): NodeProcess {
  return spawnNode(join(folder, 'obtain.ts'), {
    env: { PATH: bin, XDG_CACHE_HOME: join(folder, 'cache'), SLUICE_REDIS_SERVER: undefined },
  });
}

test('with nothing at hand, the message gives each reason and one thing to do', async () => {
  await using child = obtain();
  const { error } = await child.waitForLog('none');
  expect(error).toContain(`Sluice needs Redis ${redisVersionMin} or newer, and there is none here`);
  expect(error).toContain('no redis-server on the PATH');
  expect(error).toContain('there is no apt-get');
  expect(error).toContain('there is no Docker');
  expect(error).toMatch(/^Run: .*redis\.io/m);
});

test('a Redis that is too old is named with its version, and the remedy fits the machine', async () => {
  command(
    'redis-server',
    'echo "Redis server v=6.0.16 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64"',
  );
  command('brew', 'exit 1');
  await using child = obtain();
  const { error } = await child.waitForLog('none');
  expect(error).toContain(`redis-server is Redis 6.0.16, older than ${redisVersionMin}`);
  expect(error).toMatch(/^Run: brew install redis$/m);
});

test('a redis-server on the PATH is taken without asking anybody else', async () => {
  command('redis-server', 'echo "Redis server v=7.2.4 sha=00000000:0 malloc=libc bits=64"');
  await using child = obtain();
  expect(await child.waitForLog('found')).toMatchObject({ binary: join(bin, 'redis-server') });
});

test('an apt that fails is quoted', async () => {
  command('apt-cache', 'echo "  Candidate: 5:7.0.15-1~deb12u5"');
  command('apt-get', 'echo "E: Unable to locate package redis-server"; exit 100');
  command('dpkg', 'exit 1');
  await using child = obtain();
  const { error } = await child.waitForLog('none');
  expect(error).toContain('E: Unable to locate package redis-server');
});

test('a Redis in Docker starts, ends and is killed as a redis-server is', async () => {
  // Leaves out the container: the options up to the image are dropped, what would run in it runs here.
  const inContainer = join(folder, 'container');
  mkdirSync(inContainer);
  symlinkSync(requireRedisServer(), join(inContainer, 'redis-server'));
  command(
    'docker',
    `PATH=${inContainer}:${process.env['PATH']}; export PATH
     case $1 in info|image) exit 0 ;; esac
     shift
     while [ "$1" != --entrypoint ] && [ "$1" != redis:7.4 ]; do shift; done
     case $1 in --entrypoint) shift 3; exec sh "$@" ;; *) shift; exec "$@" ;; esac`,
  );
  command('id', `exec ${findOnPath('id')} "$@"`);
  await using child = obtain();
  const { binary } = await child.waitForLog('found');
  vi.stubEnv('SLUICE_REDIS_SERVER', String(binary));
  vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`);

  const redis = await startRedis();
  await redis.kill('SIGTERM');
  await waitFor(() => redis.output(), {
    what: 'the server to say that it was asked to end',
    until: (said) => said.includes('User requested shutdown'),
  });
  await redis.restart();
  await redis.kill('SIGKILL');
  await waitFor(async () => await isFree(redis.port), {
    what: 'the server to end with the process that runs the container',
  });
  await redis.stop();
});
