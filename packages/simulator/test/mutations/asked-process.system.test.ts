import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';

import { AskedProcess } from '../../src/mutations/asked-process.ts';
import type { StubbornQuestion } from './stubborn-process.ts';

const limitMs = 60_000;
const waitFor = { timeout: 20_000, interval: 50 };

test('a process that hangs, or ends, is replaced', async () => {
  using asked = new AskedProcess<StubbornQuestion, { readonly pid: number }>(
    new URL('stubborn-process.ts', import.meta.url),
  );
  const first = await asked.ask({ todo: 'answer' }, limitMs);
  expect(await asked.ask({ todo: 'answer' }, limitMs)).toEqual(first);
  expect(await asked.ask({ todo: 'block' }, 200)).toBe('hangs');
  const second = await asked.ask({ todo: 'answer' }, limitMs);
  expect(second).toEqual({ pid: expect.any(Number) });
  expect(second).not.toEqual(first);
  expect(await asked.ask({ todo: 'end' }, limitMs)).toBe('ends the process');
  expect(await asked.ask({ todo: 'answer' }, limitMs)).not.toEqual(second);
});

test('a process that is busy for ever ends with the one that asked it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-asked-'));
  const pidTo = join(folder, 'pid');
  const asking = fork(fileURLToPath(new URL('asking-process.ts', import.meta.url)), [pidTo], {
    execArgv: ['--conditions=@sluice/source'],
  });
  let pid = 0;
  try {
    await vi.waitUntil(() => existsSync(pidTo) && readFileSync(pidTo, 'utf8') !== '', waitFor);
    pid = Number(readFileSync(pidTo, 'utf8'));
    expect(isThere(pid)).toBe(true);
    asking.kill('SIGKILL');
    await vi.waitUntil(() => !isThere(pid), waitFor);
  } finally {
    asking.kill('SIGKILL');
    if (pid > 0 && isThere(pid)) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
