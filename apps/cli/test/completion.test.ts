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
    [['uncordon', 'worker-1', ''], ['worker-1']],
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

  test.each([
    [['pause', ''], String.raw`\*`],
    [['get', 'tasks', ''], String.raw`\*`],
    [['apply', '-f', 'x', '--prune', ''], String.raw`\*`],
    [['edit', ''], '*'],
    [['describe', 'connector', ''], '*'],
  ])('a name that is a pattern comes as %j takes it', async (words, found) => {
    const odd = [aSnapshot([aView({ record: { name: '*' } })])];
    const { out } = await run(['complete', '--', ...words], { snapshots: odd });
    expect(out.split('\n')).toContain(found);
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

describe('bash', () => {
  /** What it offers for a word, of what the command is told to answer. */
  async function offered(word: string, ...answers: string[]): Promise<string[]> {
    const { out: script } = await run(['completion', 'bash']);
    const folder = mkdtempSync(join(tmpdir(), 'sluice-completion-'));
    try {
      // Stands in for sluice: says what it was asked, then what it is told to.
      const lines = answers.map((answer) => `printf '%s\\n' ${singleQuoted(answer)}`);
      const standIn = ['#!/bin/sh', 'printf "%s\\n" "$*"', ...lines].join('\n');
      writeFileSync(join(folder, 'sluice'), standIn, { mode: 0o755 });
      const line = `COMP_WORDS=(sluice pause ${singleQuoted(word)}); COMP_CWORD=2; _sluice; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const argv = ['-c', `PATH="$1:$PATH"; ${script}\n${line}`, 'bash', folder];
      const asked = spawnSync('bash', argv, { cwd: folder, encoding: 'utf8' });
      expect(asked.stderr).toBe('');
      return asked.stdout.trim().split('\n');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const odd = ['*', 'a b', 'x$(id)', "q'q", 'k;id'];

  test('asks for what may come next', async () => {
    expect(await offered('ord')).toEqual([String.raw`complete\ --\ pause\ ord`]);
  });

  test('is offered names that it takes as they are, whatever is in them', async () => {
    const [, ...names] = await offered('', ...odd);
    expect(names).toEqual([
      String.raw`\*`,
      String.raw`a\ b`,
      String.raw`x\$\(id\)`,
      String.raw`q\'q`,
      String.raw`k\;id`,
    ]);
  });

  test.each(["'", '"'])(
    'within %s none that could end it, or mean something there',
    async (quote) => {
      expect(await offered(quote, ...odd)).toEqual(['*', 'a b', 'k;id']);
    },
  );
});
