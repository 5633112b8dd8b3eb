/** The output of a real process that nobody reads to its end. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { repositoryRoot } from '@sluice/testkit';
import { expect, test } from 'vitest';

import { forTerminal } from '../src/io.ts';

const io = resolve(repositoryRoot, 'apps/cli/src/io.ts');
/** Says something and does something, by turns, as `sluice import` does; more of it until it knows that nobody reads. */
const program = `
import { setTimeout } from 'node:timers/promises';
import { processIo } from '${io}';
const { closed, err, out } = processIo();
let steps = process.env.IS_READ ? 3 : 200;
while (steps > 0) {
  out('step');
  err('note');
  await setTimeout(50);
  steps = closed.aborted ? Math.min(steps, 3) - 1 : steps - 1;
}
process.exitCode = closed.aborted ? 7 : 8;
`;

function run(pipe: string, env: Readonly<Record<string, string>> = {}): string {
  // What `head` leaves is said by its own output; then how the program ended.
  const script = `"$@" ${pipe}; echo "\${PIPESTATUS[0]}"`;
  const argv = [
    process.execPath,
    '--conditions=@sluice/source',
    '--input-type=module',
    '-e',
    program,
  ];
  const { stdout } = spawnSync('bash', ['-c', script, 'bash', ...argv], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 20_000,
  });
  return stdout;
}

test('a program whose output is closed does what is left of its work, and knows of it', () => {
  expect(run('2>/dev/null | head -n 1')).toBe('step\n7\n');
});

test('so does one whose messages are closed as well', () => {
  expect(run('2>&1 | head -n 1')).toBe('step\n7\n');
});

test('one whose output is read knows that', () => {
  expect(run('2>/dev/null | tail -n 1', { IS_READ: 'yes' })).toBe('step\n8\n');
});

test.each([
  ['bad row: \u001B[2J\u001B]0;title\u0007', 'bad row: \\u001b[2J\\u001b]0;title\\u0007'],
  ['\u009B2J \u000E \u007F a\rb', '\\u009b2J \\u000e \\u007f a\\u000db'],
  ['\u001B[31mFAILED\u001B[39m\r\n\tat größe', '\u001B[31mFAILED\u001B[39m\r\n\tat größe'],
])('nothing but colours drives the terminal: %j', (text, shown) => {
  expect(forTerminal(text)).toBe(shown);
});
