/** The two scripts that the images are made with, and that run in them. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { freePort, makeOwnedFolder, repositoryRoot } from '@sluice/testkit';
import { afterAll, expect, test } from 'vitest';

const folder = makeOwnedFolder('deploy');
const script = (name: string): string => join(repositoryRoot, 'deploy', name);

afterAll(() => rmSync(folder, { recursive: true }));

async function checkHealth(
  env: Readonly<Record<string, string>>,
  variable = 'SOME_PORT',
): Promise<{ code: number; stderr: string }> {
  const child = spawn(process.execPath, [script('healthcheck.mjs'), variable, '1'], { env });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, stderr };
}

async function serve(answer: RequestListener): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

test('an app that is alive is healthy, wherever it listens', async () => {
  const asked: string[] = [];
  await using server = await serve((request, response) => {
    asked.push(request.url ?? '');
    response.end('{}');
  });
  for (const host of ['', '0.0.0.0', '127.0.0.1']) {
    const env = { SOME_PORT: String(server.port), SLUICE_HOST: host };
    expect(await checkHealth(env)).toEqual({ code: 0, stderr: '' });
  }
  expect(asked).toEqual(Array.from({ length: 3 }, () => '/health/live'));
});

test('a coordinator with several listeners is asked on the first, with TLS only if that has it', async () => {
  await using server = await serve((_request, response) => response.end('{}'));
  const listeners = `http://:${server.port},https://127.0.0.1:1`;
  const env = { SLUICE_LISTENERS: listeners, SLUICE_TLS_CERTIFICATE: 'a.pem' };
  expect(await checkHealth(env, 'SLUICE_PORT')).toEqual({ code: 0, stderr: '' });
  const encrypted = { ...env, SLUICE_LISTENERS: `https://127.0.0.1:${server.port}` };
  expect(await checkHealth(encrypted, 'SLUICE_PORT')).toMatchObject({ code: 1 });
});

test('an app that refuses, fails or falls silent is not healthy', async () => {
  const nobody = await checkHealth({ SOME_PORT: String(await freePort()) });
  expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining('ECONNREFUSED') });

  await using failing = await serve((_request, response) => response.writeHead(500).end());
  const failed = await checkHealth({ SOME_PORT: String(failing.port) });
  expect(failed).toEqual({ code: 1, stderr: 'it answers 500\n' });

  await using silent = await serve(() => {});
  const waited = await checkHealth({ SOME_PORT: String(silent.port) });
  expect(waited).toEqual({ code: 1, stderr: 'no answer within 4000 ms\n' });
});

/** A workspace as npm installs it: a link to the package, whose folder holds more than is published. */
function installedWorkspace(name: string): { app: string; archives: string } {
  const [app, archives] = [join(folder, name, 'app'), join(folder, name, 'archives')];
  const source = join(app, 'packages/one');
  const write = (file: string, text: string): void => {
    mkdirSync(join(source, file, '..'), { recursive: true });
    writeFileSync(join(source, file), text);
  };
  write('package.json', '{ "name": "@sluice/one", "version": "1.2.3", "files": ["dist"] }');
  write('dist/index.js', 'export const one = 1;\n');
  write('dist/conformance/index.js', 'export {};\n');
  write('src/index.ts', 'export const one: number = 1;\n');
  mkdirSync(archives, { recursive: true });
  execFileSync('npm', ['pack', '--pack-destination', archives], { cwd: source, stdio: 'ignore' });
  write('node_modules/nested/index.js', 'export {};\n');
  mkdirSync(join(app, 'node_modules/@sluice'), { recursive: true });
  symlinkSync('../../packages/one', join(app, 'node_modules/@sluice/one'));
  writeFileSync(join(app, 'package.json'), '{}');
  return { app, archives };
}

test('an image gets packages as they would be published, without links and without the rest', () => {
  const { app, archives } = installedWorkspace('packed');
  execFileSync(process.execPath, [script('assemble.mjs'), app, archives]);
  expect(readdirSync(app)).toEqual(['node_modules']);
  const one = join(app, 'node_modules/@sluice/one');
  expect(lstatSync(one).isSymbolicLink()).toBe(false);
  expect(readdirSync(one).sort()).toEqual(['dist', 'node_modules', 'package.json']);
  expect(readFileSync(join(one, 'dist/index.js'), 'utf8')).toBe('export const one = 1;\n');
  expect(readdirSync(join(one, 'dist'))).toEqual(['index.js']);
  expect(existsSync(join(one, 'node_modules/nested/index.js'))).toBe(true);
});

test('a package that was not packed ends the build of an image, which says so', () => {
  const { app, archives } = installedWorkspace('not-packed');
  rmSync(archives, { recursive: true });
  const { status, stderr } = spawnSync(process.execPath, [script('assemble.mjs'), app, archives], {
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toContain('@sluice/one is needed, but was not packed');
});
