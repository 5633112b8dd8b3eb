import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
    [
      ['pause', "'ord"],
      ['orders', 'orders-2'],
    ],
    [['pause', '"o*-'], ['orders-2']],
    [
      ['pause', 'o?ders'],
      ['orders', 'orders-2'],
    ],
    [
      ['apply', '-f', 'x', '--prune', 'ord'],
      ['orders', 'orders-2'],
    ],
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

/** How a shell calls sluice, a line for each time. */
function callsBy(shell: string, argv: readonly string[]): { calls: string[]; stdout: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-completion-'));
  try {
    // Stands in for sluice: notes how it was called, and offers a name.
    const script = '#!/bin/sh\necho "$@" >> "$0.calls"\necho orders\n';
    writeFileSync(join(folder, 'sluice'), script, { mode: 0o755 });
    const { stderr, stdout } = spawnSync(shell, argv, {
      encoding: 'utf8',
      timeout: 20_000,
      env: { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}`, HOME: folder },
    });
    expect(stderr).toBe('');
    const calls = readFileSync(join(folder, 'sluice.calls'), 'utf8').trim().split('\n');
    return { calls, stdout };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isMissing(shell: string): boolean {
  return spawnSync(shell, ['-c', 'exit 0']).status !== 0;
}

test.skipIf(isMissing('fish'))('fish asks for what may come next, and offers it', async () => {
  const { out: script } = await run(['completion', 'fish']);
  // `complete -C` does what the tabulator does.
  const argv = ['-c', `${script}\ncomplete -C 'sluice pause clicks ord'`];
  expect(callsBy('fish', argv)).toEqual({
    calls: ['complete -- pause clicks ord'],
    stdout: 'orders\n',
  });
});

test.skipIf(isMissing('zsh'))('zsh asks for what may come next, and offers it', async () => {
  const { out: script } = await run(['completion', 'zsh']);
  // A shell behind a terminal, as completion wants one: a line is written there, completed, and run.
  const argv = [
    '-fc',
    `zmodload zsh/zpty
zpty shell zsh -fi
zpty -w shell 'autoload -Uz compinit; compinit -u -D'
zpty -w shell ${singleQuoted(`eval ${singleQuoted(script)}`)}
zpty -w shell $'sluice pause clicks ord\t'
zpty -w shell exit
while zpty -r shell output; do :; done`,
  ];
  expect(callsBy('zsh', argv).calls).toEqual([
    'complete -- pause clicks ord',
    'pause clicks orders',
  ]);
});

function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

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
