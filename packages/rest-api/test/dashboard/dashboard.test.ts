import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Authenticator, Callers, tokenProof } from '@sluice/access';
import { FakeClock } from '@sluice/kernel/testing';
import { expect, onTestFinished, test } from 'vitest';

import { apiUnderTest } from '../api-under-test.ts';

const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
/** What HttpURLConnection sends where a program says nothing, before and since Java 20. */
const java = [
  'text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2',
  'text/html, image/gif, image/jpeg, */*; q=0.2',
];
const programs = ['*/*', 'application/json', 'application/json, text/html;q=0.5', '', ...java];

function built(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-dashboard-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  write(directory, files);
  return directory;
}

function write(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
}

function underTest(directory: string | undefined) {
  return apiUnderTest({
    dashboard: { directory },
    // Nothing of the page needs a role.
    authenticator: new Authenticator({
      callers: new Callers([{ name: 'bob', role: 'viewer', proof: tokenProof('secret') }]),
      clock: new FakeClock(),
    }),
  });
}

const bob = { authorization: 'Bearer secret' };
const build = {
  'index.html': '<html>the page</html>',
  'icon.svg': '<svg/>',
  'assets/app-1a2b.js': 'the script',
  'assets/app-1a2b.js.br': 'packed by br',
  'assets/app-1a2b.js.gz': 'packed by gzip',
};

test('a browser that asks for / is sent to the page, and all others get their answer', async () => {
  const { call } = underTest(built(build));
  const sent = await call('GET /', undefined, { headers: { accept: browser } });
  expect(sent.statusCode).toBe(302);
  expect(sent.headers).toMatchObject({ location: '/ui/', vary: 'accept' });
  for (const accept of programs) {
    const answer = await call('GET /', undefined, { headers: { ...bob, accept } });
    expect(answer.json()).toMatchObject({ version: '4.1.0' });
  }
  const none = await call('GET /', undefined, { headers: { accept: '*/*' } });
  expect(none.statusCode).toBe(401);
});

test('without a dashboard a browser gets what all others get', async () => {
  const { call } = apiUnderTest();
  const answer = await call('GET /', undefined, { headers: { accept: browser } });
  expect(answer.json()).toMatchObject({ version: '4.1.0' });
  expect((await call('GET /ui/')).statusCode).toBe(404);
});

test('the page is not kept, runs nothing that was written into it, and asks no other server', async () => {
  const { call } = underTest(built(build));
  const { statusCode, headers, body } = await call('GET /ui/');
  expect(statusCode).toBe(200);
  expect(body).toBe(build['index.html']);
  expect(headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  const policy = String(headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain('unsafe');
});

test('what changes its name with its content is kept for ever', async () => {
  const { call } = underTest(built(build));
  const script = await call('GET /ui/assets/app-1a2b.js');
  expect(script.body).toBe('the script');
  expect(script.headers).toMatchObject({
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'public, max-age=31536000, immutable',
    vary: 'accept-encoding',
  });
  expect((await call('GET /ui/icon.svg')).headers).toMatchObject({
    'content-type': 'image/svg+xml',
    'cache-control': 'no-store',
  });
});

test.each([
  ['br, gzip', 'br', 'packed by br'],
  ['gzip', 'gzip', 'packed by gzip'],
  ['gzip, br;q=0', 'gzip', 'packed by gzip'],
  ['identity', undefined, 'the script'],
])('whoever takes %s gets it packed by %s', async (accept, encoding, body) => {
  const { call } = underTest(built(build));
  const headers = { 'accept-encoding': accept };
  const script = await call('GET /ui/assets/app-1a2b.js', undefined, { headers });
  expect(script.headers['content-encoding']).toBe(encoding);
  expect(script.body).toBe(body);
});

test.each(['/ui/tasks?state=FAILED', '/ui/connectors/orders.v1', '/ui/a/b/c/', '/ui/index.html'])(
  '%s is the page, which knows what it means',
  async (url) => {
    const { call } = underTest(built(build));
    expect((await call(`GET ${url}`)).body).toBe(build['index.html']);
  },
);

test('a part of another build is not the page', async () => {
  const { call } = underTest(built(build));
  const response = await call('GET /ui/assets/app-0000.js');
  expect(response.statusCode).toBe(404);
  expect(response.json()).toMatchObject({ error_code: 404 });
});

test('the page is at a path with a slash', async () => {
  const { call } = underTest(built(build));
  const response = await call('GET /ui');
  expect(response.statusCode).toBe(302);
  expect(response.headers.location).toBe('/ui/');
});

test.each(['/ui/../secret', '/ui/%2e%2e/secret', '/ui/..%2fsecret', '/ui/assets/..%2f..%2fsecret'])(
  '%s leads to nothing outside',
  async (url) => {
    const directory = built({ secret: 'the secret', 'dist/index.html': 'the page' });
    const { call } = underTest(join(directory, 'dist'));
    expect((await call(`GET ${url}`)).body).not.toContain('the secret');
  },
);

test.each([undefined, '/no/such/directory'])(
  'what is not built (%s) says how',
  async (directory) => {
    const { call } = underTest(directory);
    const response = await call('GET /ui/');
    expect(response.statusCode).toBe(503);
    expect(response.json()).toEqual({
      error_code: 503,
      message: 'the dashboard is not built: npm run build',
    });
  },
);

test('another build is served without a restart', async () => {
  const directory = built(build);
  const { call } = underTest(directory);
  expect((await call('GET /ui/')).body).toBe(build['index.html']);
  write(directory, { 'index.html': 'another page', 'assets/app-3c4d.js': 'another script' });
  utimesSync(join(directory, 'index.html'), 2_000_000_000, 2_000_000_000);
  expect((await call('GET /ui/')).body).toBe('another page');
  expect((await call('GET /ui/assets/app-3c4d.js')).body).toBe('another script');
});

test('the page is only read', async () => {
  const { call } = underTest(built(build));
  expect((await call('HEAD /ui/')).statusCode).toBe(200);
  expect((await call('POST /ui/', undefined, { headers: bob })).statusCode).toBe(404);
});
