import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';

import { CliError, exitCodes } from '../exit-codes.ts';
import { globalOptionsOf } from '../options.ts';
import { entryOf, nameProblem, planScaffold, type ScaffoldFile } from '../scaffold/plan.ts';
import { checkoutFolder, cliVersion, readTemplate } from '../scaffold/template.ts';
import type { CommandContext } from './command.ts';

const examples = `
The package has a connector that works, a server to try it with, and tests that pass: what every connector has to
do, whatever happens. Nothing that exists is overwritten.

Examples:
  sluice new connector acme-orders
  sluice new connector acme-audit --sink --js --dir ./connectors/audit
  sluice new connector acme-orders --dry-run`;

interface NewFlags {
  readonly source?: boolean;
  readonly sink?: boolean;
  readonly js?: boolean;
  readonly dir?: string;
  readonly dryRun?: boolean;
}

export function addNewCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('new')
    .description('begin something new')
    .command('connector')
    .argument('<name>', 'of the package, such as acme-orders')
    .description('write a package with a connector and its tests')
    .option('--source', 'that reads a system (default)')
    .option('--sink', 'that writes to a system')
    .option('--js', 'in JavaScript; default: TypeScript, which Node runs as it is')
    .option('--dir <folder>', 'where to; default: a new folder with that name')
    .option('--dry-run', 'say what would be written, and write nothing')
    .addHelpText('after', examples);
  command.action((name: string, flags: NewFlags) => {
    const problem = nameProblem(name);
    if (problem !== undefined)
      throw new CliError(exitCodes.usage, `'${name}' is no name for a connector: ${problem}`);
    if (flags.source && flags.sink)
      throw new CliError(exitCodes.usage, 'a connector is a source or a sink: give one of the two');
    const kind = flags.sink ? 'sink' : 'source';
    const language = flags.js ? 'js' : 'ts';
    const folder = resolve(flags.dir ?? name);
    assertFree(folder);
    const files = planScaffold(
      { name, kind, language, version: cliVersion(), checkout: checkoutFolder() },
      readTemplate({ kind, language }),
    );
    if (!flags.dryRun) write(folder, files);
    const { json } = globalOptionsOf(command, context.io);
    const paths = files.map(({ path }) => path);
    context.io.out(
      json
        ? JSON.stringify({ folder, files: paths, written: !flags.dryRun }, undefined, 2)
        : [
            `${flags.dryRun ? 'would write' : 'wrote'} ${folder}:`,
            ...paths.map((path) => `  ${path}`),
            ...(flags.dryRun ? [] : nextSteps(folder, entryOf(language))),
          ].join('\n'),
    );
  });
}

function assertFree(folder: string): void {
  let entries: readonly string[];
  try {
    entries = readdirSync(folder);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return;
    throw new CliError(exitCodes.invalid, `${folder} is not a folder that can be written to`, {
      cause,
    });
  }
  if (entries.length > 0)
    throw new CliError(
      exitCodes.invalid,
      `${folder} is not empty, and nothing in it is overwritten: choose another --dir`,
    );
}

/** `wx`: also what came into the folder meanwhile is not overwritten. */
function write(folder: string, files: readonly ScaffoldFile[]): void {
  try {
    for (const { path, text } of files) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { flag: 'wx' });
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(exitCodes.invalid, `cannot write the connector: ${reason}`, { cause });
  }
}

function nextSteps(folder: string, entry: string): string[] {
  return [
    '',
    'Next:',
    `  cd ${relative('.', folder) || '.'}`,
    '  npm install',
    '  npm test               what every connector has to do',
    '  npm run server         a server to try it with; in another terminal:',
    '  npm run dev            the connector, reloaded when it is saved',
    `Then ${entry}: make it yours. A worker loads it with SLUICE_PLUGINS=${join(folder, entry)}`,
  ];
}
