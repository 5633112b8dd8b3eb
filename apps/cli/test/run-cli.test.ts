import { readFileSync } from 'node:fs';
import { SluiceError } from '@sluice/kernel';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';

import { exitCodeTable } from '../src/exit-codes.ts';
import { buildProgram } from '../src/run-cli.ts';
import { aSnapshot, aView, done, run } from './fakes.ts';

const definition = '{"name":"orders","connector.class":"FileStreamSource"}';

describe('exit codes', () => {
  test.each([['--help'], ['apply', '--help'], ['--version']])('0 for %s %s', async (...argv) => {
    expect((await run(argv)).code).toBe(0);
  });

  test.each([
    { argv: [], says: 'Usage: sluice' },
    { argv: ['frobnicate'], says: "unknown command 'frobnicate'" },
    { argv: ['get'], says: "missing required argument 'kind'" },
    { argv: ['get', 'cheese'], says: 'take one of connectors, tasks, workers, events, plugins' },
    { argv: ['get', 'workers', 'orders'], says: 'sluice describe orders' },
    { argv: ['apply'], says: "required option '-f, --file <file...>' not specified" },
    { argv: ['pause', 'orders', '--colour'], says: "unknown option '--colour'" },
    { argv: ['pause', 'orders', '--timeout', 'soon'], says: '--timeout soon is not a time' },
    { argv: ['restart', 'orders', '--task', 'x'], says: '--task x is not a whole number' },
    {
      argv: ['restart', 'orders', '--task', '1', '--include-tasks'],
      says: 'take either --task or --include-tasks',
    },
    {
      argv: ['get', 'tasks', '--redis', 'host:6379'],
      says: 'must begin with redis:// or rediss://',
    },
    {
      argv: ['get', 'tasks', '--redis', 'http://host'],
      says: 'must begin with redis:// or rediss://',
    },
    { argv: ['get', 'events', '--limit', 'all'], says: '--limit all is not a whole number' },
  ])('2 for wrong usage: $argv', async ({ argv, says }) => {
    const result = await run(argv);
    expect(result).toMatchObject({ code: 2, err: expect.stringContaining(says) });
  });

  test('3 for a definition that is wrong, without asking the cluster', async () => {
    const result = await run(['apply', '-f', '-'], { stdin: '{"name":"a"}' });
    expect(result).toMatchObject({ code: 3, requests: [] });
    expect(result.err).toContain('standard input: connector "a" has no "connector.class"');
  });

  test('3 for a connector module that is not there', async () => {
    const result = await run(['dev', './nothing.ts']);
    expect(result).toMatchObject({ code: 3, err: expect.stringContaining('there is no file') });
  });

  test('3 for what the leader refuses, with every line of it', async () => {
    const result = await run(['apply', '-f', '-'], {
      stdin: definition,
      outcome: {
        kind: 'refused',
        status: 400,
        code: 'connector.invalid',
        message: 'Connector configuration is invalid',
        errors: ['orders: first', 'orders: second'],
      },
    });
    expect(result.code).toBe(3);
    expect(result.err).toBe(
      'error: refused, and nothing was applied:\n' +
        'standard input: orders: first\nstandard input: orders: second',
    );
  });

  test.each([
    { argv: ['describe', 'nothing'] },
    { argv: ['describe', 'task', 'orders/9'] },
    { argv: ['describe', 'worker', 'orders'] },
    { argv: ['get', 'tasks', 'nothing'] },
  ])('4 for what is not there: $argv', async ({ argv }) => {
    const result = await run(argv, { snapshots: [aSnapshot([aView()])] });
    expect(result).toMatchObject({ code: 4, err: expect.stringContaining('there is no') });
  });

  test('4 when the leader does not know the connector', async () => {
    const result = await run(['pause', 'nothing'], {
      outcome: { kind: 'refused', status: 404, code: 'x', message: 'Unknown connector nothing' },
    });
    expect(result).toMatchObject({ code: 4, err: 'error: Unknown connector nothing' });
  });

  test.each(['store.unreachable', 'store.denied'])('5 for %s', async (code) => {
    const openError = new SluiceError(code, 'cannot reach Redis at redis://h:1: start it');
    const result = await run(['get', 'connectors'], { openError });
    expect(result).toMatchObject({ code: 5, err: `error: ${openError.message}` });
  });

  test('6 when --wait takes too long, naming what is missing', async () => {
    const waiting = aSnapshot([
      aView({ tasks: [{}, { state: 'UNASSIGNED', reason: 'starting on worker-1' }] }),
    ]);
    const result = await run(['resume', 'orders', '--wait', '--timeout', '1ms'], {
      snapshots: [waiting],
      outcome: done('orders', 'updated'),
    });
    expect(result.code).toBe(6);
    expect(result.err).toContain(
      'task/orders/1 to be RUNNING (it is UNASSIGNED, starting on worker-1)',
    );
  });

  test('6 when nobody applies what is waited for', async () => {
    const result = await run(['pause', 'orders', '--wait', '--timeout', '1ms'], {
      outcome: { kind: 'pending', requestId: 'r1', reason: 'no coordinator is up' },
    });
    expect(result).toMatchObject({ code: 6, err: expect.stringContaining('no coordinator is up') });
  });

  test('7 when a task fails while it is waited for, with its trace', async () => {
    const failed = aSnapshot([
      aView({ tasks: [{}, { state: 'FAILED', trace: 'Error: disk full\n    at put' }] }),
    ]);
    const result = await run(['resume', 'orders', '--wait'], {
      snapshots: [aSnapshot([aView()]), failed],
      outcome: done('orders', 'updated'),
    });
    expect(result.code).toBe(7);
    expect(result.err).toContain('task/orders/1 FAILED on worker-1:\nError: disk full\n    at put');
  });

  test('1 for what nobody expected, with its stack', async () => {
    const result = await run(['get', 'connectors'], { openError: new TypeError('x is undefined') });
    expect(result.code).toBe(1);
    expect(result.err).toMatch(/unexpected error: TypeError: x is undefined\n {4}at /);
  });

  test('are all in the help', async () => {
    const { out } = await run(['--help']);
    for (const [code, meaning] of exitCodeTable) expect(out).toContain(`  ${code}  ${meaning}`);
  });
});

describe('every command', () => {
  const program = buildProgram({
    io: {
      out: () => {},
      err: () => {},
      stdin: async () => '',
      stdinLine: async () => '',
      env: {},
      columns: undefined,
      isColored: false,
      closed: new AbortController().signal,
    },
    open: async () => {
      throw new Error('no command is run here');
    },
  });

  /** `offsets get`, and so on: commands that do something. */
  function leaves(command: Command, before: readonly string[] = []): string[] {
    return command
      .createHelp()
      .visibleCommands(command)
      .filter((each) => each.name() !== 'help')
      .flatMap((each) => {
        const path = [...before, each.name()];
        return each.commands.length > 0 ? leaves(each, path) : [path.join(' ')];
      });
  }

  const commands = leaves(program);

  test.each(commands)('%s: its help has examples', async (command) => {
    expect((await run([...command.split(' '), '--help'])).out).toMatch(/Examples?:\n {2}\S/);
  });

  test.each(commands)('%s: is in docs/reference/cli.md', (command) => {
    const reference = readFileSync(
      new URL('../../../docs/reference/cli.md', import.meta.url),
      'utf8',
    );
    const [first = '', second = ''] = command.split(' ');
    const table = reference.slice(0, reference.indexOf('## Several connectors'));
    // As in "| `pause`, `resume`, `stop CONNECTOR…` |".
    const words = second === '' ? first : `${first} \\[?${second}`;
    expect(table).toMatch(new RegExp(`^\\|.*\`${words}\\b`, 'm'));
  });
});

test('the connection is closed whatever happens', async () => {
  expect((await run(['get', 'connectors'])).isClosed).toBe(true);
  expect((await run(['describe', 'nothing'])).isClosed).toBe(true);
});

test('the list of commands leaves room for what they do, and says of each something', async () => {
  const { out } = await run(['--help']);
  const listed = [...out.matchAll(/^ {2}([a-z]+) {2,}(\S.*)$/gm)].map(([, name]) => name);
  expect(listed).toEqual(expect.arrayContaining(['get', 'standalone', 'completion']));
  expect(out).toMatch(/^ {2}standalone {8}run connectors/m);
  const group = await run(['offsets', '--help']);
  expect(group.out).toMatch(/^ {2}reset <connector> +let a stopped connector begin anew$/m);
});
