import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';

import { CliError, exitCodes } from '../exit-codes.ts';
import { listOf } from '../local-plugins.ts';
import { globalOptionsOf } from '../options.ts';
import {
  entryOf,
  nameProblem,
  planScaffold,
  type ScaffoldFile,
  type ScaffoldOptions,
} from '../scaffold/plan.ts';
import { checkoutFolder, cliVersion, readTemplate } from '../scaffold/template.ts';
import type { CommandContext } from './command.ts';

const about = `
The package has a plugin that works, and tests that pass. Nothing that exists is overwritten. With --plugin-path, or in a
folder of SLUICE_PLUGIN_PATH, it is where workers find it by themselves.`;

const connectorExamples = `${about}
A connector also has a server to try it with, and its tests are what every connector has to do, whatever happens.

Examples:
  sluice new connector acme-orders
  sluice new connector acme-audit --sink --js --dir ./connectors/audit
  sluice new connector acme-orders --dry-run`;

const transformExamples = `${about}

Examples:
  sluice new transform acme-hash
  sluice new transform acme-hash --js --plugin-path /opt/sluice/plugins`;

interface NewFlags {
  readonly source?: boolean;
  readonly sink?: boolean;
  readonly js?: boolean;
  readonly dir?: string;
  readonly pluginPath?: string;
  readonly dryRun?: boolean;
}

export function addNewCommand(program: Command, context: CommandContext): void {
  const commands = program.command('new').description('begin something new');
  const connector = commands
    .command('connector')
    .argument('<name>', 'of the package, such as acme-orders')
    .description('write a package with a connector and its tests')
    .option('--source', 'that reads a system (default)')
    .option('--sink', 'that writes to a system');
  addPackageOptions(connector).addHelpText('after', connectorExamples);
  connector.action((name: string, flags: NewFlags) => {
    if (flags.source && flags.sink)
      throw new CliError(exitCodes.usage, 'a connector is a source or a sink: give one of the two');
    writePackage(name, flags.sink ? 'sink' : 'source', flags, { command: connector, context });
  });
  const transform = commands
    .command('transform')
    .argument('<name>', 'of the package, such as acme-hash')
    .description('write a package with a transform and its tests');
  addPackageOptions(transform).addHelpText('after', transformExamples);
  transform.action((name: string, flags: NewFlags) =>
    writePackage(name, 'transform', flags, { command: transform, context }),
  );
}

function addPackageOptions(command: Command): Command {
  return command
    .option('--js', 'in JavaScript; default: TypeScript, which Node runs as it is')
    .option('--dir <folder>', 'where to; default: a new folder with that name')
    .option('--plugin-path <directory>', 'where to put that folder; default: here')
    .option('--dry-run', 'say what would be written, and write nothing');
}

function writePackage(
  name: string,
  kind: ScaffoldOptions['kind'],
  flags: NewFlags,
  { command, context: { io } }: { readonly command: Command; readonly context: CommandContext },
): void {
  const problem = nameProblem(name);
  if (problem !== undefined)
    throw new CliError(exitCodes.usage, `'${name}' is no name for a ${kind}: ${problem}`);
  if (flags.dir !== undefined && flags.pluginPath !== undefined)
    throw new CliError(
      exitCodes.usage,
      '--dir names the folder, --plugin-path the one around it: give one',
    );
  const language = flags.js ? 'js' : 'ts';
  const folder = resolve(flags.pluginPath ?? '.', flags.dir ?? name);
  assertFree(folder);
  const files = planScaffold(
    { name, kind, language, version: cliVersion(), checkout: checkoutFolder() },
    readTemplate({ kind, language }),
  );
  if (!flags.dryRun) write(folder, files);
  const { json } = globalOptionsOf(command, io);
  const paths = files.map(({ path }) => path);
  const directories = [flags.pluginPath ?? [], listOf(io.env['SLUICE_PLUGIN_PATH'])].flat();
  const isOnPath = directories.some((directory) => resolve(directory) === dirname(folder));
  const loading = isOnPath
    ? `A worker that has ${dirname(folder)} in SLUICE_PLUGIN_PATH finds it`
    : `A worker loads it with SLUICE_PLUGINS=${join(folder, entryOf(language))}`;
  io.out(
    json
      ? JSON.stringify({ folder, files: paths, written: !flags.dryRun }, undefined, 2)
      : [
          `${flags.dryRun ? 'would write' : 'wrote'} ${folder}:`,
          ...paths.map((path) => `  ${path}`),
          ...(flags.dryRun ? [] : nextSteps(folder, kind)),
          ...(flags.dryRun ? [] : [`Then ${entryOf(language)}: make it yours. ${loading}`]),
        ].join('\n'),
  );
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
    throw new CliError(exitCodes.invalid, `cannot write the package: ${reason}`, { cause });
  }
}

function nextSteps(folder: string, kind: ScaffoldOptions['kind']): string[] {
  return [
    '',
    'Next:',
    `  cd ${relative('.', folder) || '.'}`,
    '  npm install',
    ...(kind === 'transform'
      ? [
          '  npm test               what it does to records',
          '  npm run preview        records before it and after it',
        ]
      : [
          '  npm test               what every connector has to do',
          '  npm run server         a server to try it with; in another terminal:',
          '  npm run dev            the connector, reloaded when it is saved',
        ]),
  ];
}
