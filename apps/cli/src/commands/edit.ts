import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectorRecord } from '@sluice/coordination';
import { toError } from '@sluice/kernel';
import type { Command } from 'commander';

import { parseDefinitions } from '../definitions/parse-definitions.ts';
import { readDocuments } from '../definitions/read-documents.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { changedKeys } from '../format/config.ts';
import type { Io } from '../io.ts';
import { addGlobalOptions, addWaitOptions, globalOptionsOf, waitOptionsOf } from '../options.ts';
import { failuresIn, lookAtConnector, waitUntil } from '../waiting.ts';
import { type CommandContext, printOutcome, request, withSession } from './command.ts';

const examples = `
Opens the configuration as YAML in VISUAL, EDITOR or vi, with its secrets, in a file that only you may read. What is
saved is applied, unless somebody else changed the connector meanwhile: then nothing is, and the edit is kept.

Examples:
  sluice edit orders
  EDITOR='code --wait' sluice edit orders --wait`;

export function addEditCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('edit')
    .argument('<connector>')
    .description('change the configuration of a connector in an editor');
  addWaitOptions(command, 'the connector and all its tasks run the new configuration');
  addGlobalOptions(command).addHelpText('after', examples);
  command.action(async (connector: string) => {
    const global = globalOptionsOf(command, context.io);
    const waiting = waitOptionsOf(command);
    await withSession(context, global, 'write', async (session) => {
      const before = await session.client.snapshot();
      const record = before.connectors.get(connector)?.record;
      if (!record) throw new CliError(exitCodes.notFound, `there is no connector ${connector}`);
      const edited = await edit(record, context.io);
      const changed = changedKeys(record.config, { ...edited.config, name: connector });
      if (changed.length === 0) {
        await edited.forget();
        printOutcome(context, global, {
          text: `connector ${connector} unchanged`,
          data: { connector, outcome: 'unchanged', changedKeys: [] },
        });
        return;
      }
      const done = await request(
        context,
        session,
        {
          op: 'apply',
          mode: 'update',
          definitions: [{ name: connector, config: edited.config }],
          expectedVersion: record.version,
          expectedUid: record.uid,
        },
        { global, waiting, before, locate: (line) => `${line} (your edit is in ${edited.file})` },
      );
      await edited.forget();
      if (!done) return;
      const version = done.connectors[0]?.record.version ?? 0;
      if (waiting.wait) {
        const known = failuresIn(before);
        await waitUntil(session, waiting.timeoutMs, (snapshot) =>
          lookAtConnector(snapshot, connector, { version, known }),
        );
      }
      printOutcome(context, global, {
        text: `connector ${connector} updated: ${changed.join(', ')}`,
        data: { connector, outcome: 'updated', changedKeys: changed },
      });
    });
  });
}

interface Edited {
  readonly config: Readonly<Record<string, string>>;
  readonly file: string;
  forget(): Promise<void>;
}

async function edit({ name, config, version }: ConnectorRecord, io: Io): Promise<Edited> {
  const { stringify } = await import('yaml');
  const folder = await mkdtemp(join(tmpdir(), 'sluice-edit-'));
  // Not the name of the connector, which may be no name of a file.
  const file = join(folder, 'connector.yaml');
  const entries = Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = stringify({ name, config: Object.fromEntries(entries) });
  await writeFile(file, `# Connector ${name}, version ${version}\n${text}`, { mode: 0o600 });
  const forget = async (): Promise<void> => rm(folder, { recursive: true, force: true });
  const after = await editedText(file, io).catch(async (error: unknown) => {
    // Nothing was edited that is worth a file with passwords.
    await forget();
    throw error;
  });
  try {
    const [first, ...others] = parseDefinitions(await readDocuments(after, file));
    if (!first || others.length > 0 || first.definition.name !== name) {
      throw new CliError(
        exitCodes.invalid,
        `it must stay one definition, of the connector ${name}: to rename one, apply it under its new name`,
      );
    }
    return {
      config: first.definition.config,
      file,
      forget,
    };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    throw new CliError(error.exitCode, `${error.message}\n(your edit is in ${file})`);
  }
}

async function editedText(file: string, { env }: Io): Promise<string> {
  const editor = env['VISUAL']?.trim() || env['EDITOR']?.trim() || 'vi';
  const failure = (what: string): CliError =>
    new CliError(
      exitCodes.usage,
      `the editor "${editor}" ${what}: nothing was applied; set VISUAL or EDITOR to choose another`,
    );
  const code = await runEditor(editor, file);
  if (code !== 0) throw failure(`ended with ${code ?? 'a signal'}`);
  return await readFile(file, 'utf8').catch((error: unknown) => {
    throw failure(`left no file (${toError(error).message})`);
  });
}

/**
 * Through a shell: `EDITOR='code --wait'` is more than a name. What would end this process ends the editor instead, so
 * that the file with passwords does not stay behind.
 */
async function runEditor(editor: string, file: string): Promise<number | null> {
  const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
  const pass = (signal: NodeJS.Signals): void => {
    // Ctrl-C of a terminal is for the editor, which has got it, too.
    if (signal !== 'SIGINT') child.kill(signal);
  };
  for (const signal of endingSignals) process.on(signal, pass);
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code;
  } finally {
    for (const signal of endingSignals) process.off(signal, pass);
  }
}

const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
