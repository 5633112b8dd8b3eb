import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authenticator, Callers, parseCallers } from '@sluice/access';
import { systemClock } from '@sluice/kernel';
import { makeCertificate } from '@sluice/testkit';
import { expect, onTestFinished, test } from 'vitest';

import { run } from './fakes.ts';

async function authenticate(
  line: string,
  credentials: { authorization?: string; certificateSubject?: string },
): Promise<object> {
  const authenticator = new Authenticator({
    callers: new Callers(parseCallers(line, 'callers')),
    clock: systemClock,
  });
  return authenticator.authenticate({
    authorization: undefined,
    address: '10.0.0.1',
    ...credentials,
  });
}

test('a password makes a line that lets in who knows it, and does not have it', async () => {
  const stdin = 'a long password\n';
  const { code, out } = await run(['auth', 'password', 'ann', '--role', 'admin'], { stdin });
  expect(code).toBe(0);
  expect(out).toMatch(/^ann:admin:\$scrypt\$/);
  expect(out).not.toContain('a long password');
  const authorization = `Basic ${Buffer.from('ann:a long password').toString('base64')}`;
  expect(await authenticate(out, { authorization })).toMatchObject({
    kind: 'known',
    caller: { name: 'ann', role: 'admin' },
  });
});

test('a token is shown beside the line, which does not have it', async () => {
  const { code, out, err } = await run(['auth', 'token', 'grafana', '--role', 'viewer']);
  expect(code).toBe(0);
  const token = err.split('\n')[1] ?? '';
  expect(token).toMatch(/^sluice_[\w-]{43}$/);
  expect(out).not.toContain(token);
  expect(await authenticate(out, { authorization: `Bearer ${token}` })).toMatchObject({
    kind: 'known',
    caller: { name: 'grafana', role: 'viewer' },
  });
  const json = await run(['auth', 'token', 'grafana', '--role', 'viewer', '--json']);
  expect(Object.keys(JSON.parse(json.out) as object)).toEqual(['line', 'token']);
});

test('a certificate makes a line with its subject', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-auth-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'deploy.pem');
  writeFileSync(path, makeCertificate(Date.now(), { name: 'deploy' }).certificate);
  const argv = ['auth', 'certificate', 'ci', '--role', 'operator', '--cert'];
  const { out } = await run([...argv, path]);
  expect(out).toBe('ci:operator:$subject$CN=deploy');
  expect(await authenticate(out, { certificateSubject: 'CN=deploy' })).toMatchObject({
    kind: 'known',
    caller: { name: 'ci', role: 'operator', by: 'certificate' },
  });
  expect(await run([...argv, join(folder, 'none.pem')])).toMatchObject({
    code: 3,
    err: expect.stringContaining('is no certificate in PEM') as string,
  });
});

test.each([
  [['auth', 'token', 'a:b', '--role', 'admin'], 'a name has no colon'],
  [['auth', 'token', 'ann', '--role', 'root'], '--role root is not one of viewer, operator, admin'],
  [['auth', 'token', 'ann'], "required option '--role <role>' not specified"],
  [['auth', 'password', 'ann', '--role', 'admin'], 'at least 12 characters'],
])('%j is refused', async (argv, says) => {
  const result = await run(argv, { stdin: 'short' });
  expect(result).toMatchObject({ code: 2, out: '', err: expect.stringContaining(says) as string });
});
