import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { aPlugin, aSnapshot, aView, aWorker, run } from './fakes.ts';

const snapshots = [
  aSnapshot(
    ['clicks', 'orders', 'orders-2'].map((name) => aView({ record: { name } })),
    { workers: [aWorker('worker-1')], plugins: [aPlugin('com.acme.Source')] },
  ),
];

async function complete(...words: string[]): Promise<string[]> {
  const { out, err, code } = await run(['complete', '--', ...words], { snapshots });
  expect({ err, code }).toEqual({ err: '', code: 0 });
  return out === '' ? [] : out.split('\n');
}

describe('what may come next', () => {
  test.each([
    [['des'], ['describe']],
    [
      ['offsets', ''],
      ['get', 'help', 'reset', 'set'],
    ],
    [
      ['pause', 'ord'],
      ['orders', 'orders-2'],
    ],
    [['pause', 'orders', 'c'], ['clicks']],
    [['offsets', 'get', 'cl'], ['clicks']],
    [
      ['describe', ''],
      ['clicks', 'orders', 'orders-2'],
    ],
    [['drain', ''], ['worker-1']],
    [['plugins', 'com'], ['com.acme.Source']],
    [['--cluster', 'default', 'paus'], ['pause']],
    [['pause', '--timeout', ''], []],
    [['apply', '--dry'], ['--dry-run']],
    [
      ['completion', ''],
      ['bash', 'fish', 'zsh'],
    ],
    [
      ['get', ''],
      ['connectors', 'events', 'plugins', 'tasks', 'workers'],
    ],
    [['get', 'tasks', 'cl'], ['clicks']],
    [['nothing', 'x'], []],
  ])('%j', async (words, found) => {
    expect(await complete(...words)).toEqual(found);
  });

  test('commands and options have no hidden ones among them', async () => {
    const commands = await complete('');
    expect(commands).toContain('apply');
    expect(commands).not.toContain('complete');
    expect(await complete('apply', '--')).toEqual(
      expect.arrayContaining(['--file', '--prune', '--redis', '--help']),
    );
  });

  test('without a cluster it is silent', async () => {
    const result = await run(['complete', '--', 'pause', ''], { openError: new Error('away') });
    expect(result).toMatchObject({ code: 0, out: '', err: '' });
  });
});

test('bash asks for what may come next', async () => {
  const { out: script } = await run(['completion', 'bash']);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-completion-'));
  try {
    // Stands in for sluice: says what it was asked.
    writeFileSync(join(folder, 'sluice'), '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
    const asked = spawnSync(
      'bash',
      [
        '-c',
        `PATH="$1:$PATH"; ${script}\nCOMP_WORDS=(sluice pause 'ord'); COMP_CWORD=2; _sluice; printf '%s\\n' "\${COMPREPLY[@]}"`,
        'bash',
        folder,
      ],
      { encoding: 'utf8' },
    );
    expect(asked.stderr).toBe('');
    expect(asked.stdout.trim().split('\n')).toEqual(['complete', '--', 'pause', 'ord']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
