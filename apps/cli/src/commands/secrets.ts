/** `sluice secrets …`: what definitions refer to as `${secrets:NAME}`. Values go in and are never shown. */
import { parseSecretKeys, type SecretKey } from '@sluice/config-providers';
import type { SecretStore } from '@sluice/config-providers/secrets';
import { hasCode, systemClock } from '@sluice/kernel';
import type { Command } from 'commander';

import { CliError, exitCodes } from '../exit-codes.ts';
import { formatAge } from '../format/age.ts';
import { formatTable } from '../format/table.ts';
import type { Io } from '../io.ts';
import { addGlobalOptions, type GlobalOptions, globalOptionsOf } from '../options.ts';
import { type CommandContext, note, printOutcome } from './command.ts';

const setExamples = `
NAME is <key> or <path>:<key>; definitions write \${secrets:NAME}. The value is read from standard input, without the
line break at its end, and encrypted with the first key of SLUICE_SECRETS_KEYS.

Examples:
  export SLUICE_SECRETS_KEYS=k1:$(openssl rand -base64 32)      # keep it; workers need it, too
  sluice secrets set db:password < password.txt
  read -rs value && printf %s "$value" | sluice secrets set token`;

const rotateExamples = `
Put the new key first in SLUICE_SECRETS_KEYS, of the workers as well, and leave the old one behind it. After this the old
one can go.

Example:
  SLUICE_SECRETS_KEYS=k2:<new>,k1:<old> sluice secrets rotate`;

export function addSecretsCommand(program: Command, context: CommandContext): void {
  const secrets = program.command('secrets').description('keep what definitions only refer to');
  addSetCommand(secrets, context);
  addListCommand(secrets, context);
  addDeleteCommand(secrets, context);
  addRotateCommand(secrets, context);
}

function addSetCommand(secrets: Command, context: CommandContext): void {
  const command = secrets
    .command('set')
    .argument('<name>')
    .description('create or replace a secret; its value comes from standard input');
  addGlobalOptions(command).addHelpText('after', setExamples);
  command.action(async (name: string) => {
    const { io } = context;
    const global = globalOptionsOf(command, io);
    const keys = keysOf(io);
    const value = (await io.stdin()).replace(/\r?\n$/, '');
    if (value === '') throw new CliError(exitCodes.usage, 'there is no value on standard input');
    const outcome = await withSecrets(global, keys, (store) =>
      store.set(name, value, systemClock.wallMs()),
    );
    await note(context, global, { action: 'set-secret', targets: [name], detail: null });
    // Whoever runs already keeps what it was started with.
    const text = `secret ${name} ${outcome}; connectors see it when they are started the next time`;
    printOutcome(context, global, { text, data: { name, outcome } });
  });
}

function addListCommand(secrets: Command, context: CommandContext): void {
  const command = secrets.command('list').description('list the names of secrets, and their keys');
  addGlobalOptions(command).addHelpText('after', '\nExamples:\n  sluice secrets list');
  command.action(async () => {
    const { io } = context;
    const global = globalOptionsOf(command, io);
    const found = await withSecrets(global, [], (store) => store.list());
    if (global.json) return io.out(JSON.stringify(found, undefined, 2));
    if (found.length === 0) return io.out('there are no secrets');
    const nowMs = systemClock.wallMs();
    const rows = found.map(({ keyId, name, setAtMs }) => [
      name,
      keyId,
      `${formatAge(nowMs - setAtMs)} ago`,
    ]);
    io.out(formatTable(['NAME', 'KEY', 'SET'], rows, io));
  });
}

function addDeleteCommand(secrets: Command, context: CommandContext): void {
  const command = secrets
    .command('delete')
    .argument('<names...>')
    .description('delete secrets; what refers to one cannot be started any more');
  addGlobalOptions(command).addHelpText(
    'after',
    '\nExamples:\n  sluice secrets delete db:password token',
  );
  command.action(async (names: readonly string[]) => {
    const global = globalOptionsOf(command, context.io);
    const deleted = await withSecrets(global, [], (store) => store.delete(names));
    const missing = names.filter((name) => !deleted.includes(name));
    if (deleted.length > 0) {
      await note(context, global, { action: 'delete-secret', targets: deleted, detail: null });
      const text = deleted.map((name) => `secret ${name} deleted`).join('\n');
      printOutcome(context, global, { text, data: { deleted } });
    }
    if (missing.length > 0)
      throw new CliError(exitCodes.notFound, `there is no secret ${missing.join(', ')}`);
  });
}

function addRotateCommand(secrets: Command, context: CommandContext): void {
  const command = secrets
    .command('rotate')
    .description('encrypt all secrets with the first key of SLUICE_SECRETS_KEYS');
  addGlobalOptions(command).addHelpText('after', rotateExamples);
  command.action(async () => {
    const { io } = context;
    const global = globalOptionsOf(command, io);
    const keys = keysOf(io);
    const count = await withSecrets(global, keys, (store) => store.rotate());
    const detail = `${count} secrets`;
    await note(context, global, { action: 'rotate-secrets', targets: [], detail });
    const text = `${count} secrets encrypted anew with the key ${keys[0]?.id ?? ''}`;
    printOutcome(context, global, { text, data: { count } });
  });
}

/** @throws CliError that quotes no key. */
function keysOf({ env }: Io): readonly SecretKey[] {
  const text = env['SLUICE_SECRETS_KEYS']?.trim() ?? '';
  const parsed =
    text === ''
      ? {
          problem:
            'is not set: it must have the form <id>:<key>, with a key of "openssl rand -base64 32"',
        }
      : parseSecretKeys(text);
  if ('keys' in parsed) return parsed.keys;
  throw new CliError(exitCodes.usage, `SLUICE_SECRETS_KEYS ${parsed.problem}`);
}

async function withSecrets<Result>(
  { cluster, redisUrl }: GlobalOptions,
  keys: readonly SecretKey[],
  action: (store: SecretStore) => Promise<Result>,
): Promise<Result> {
  const { SecretStore } = await import('@sluice/config-providers/secrets');
  const store = new SecretStore({ redisUrl, cluster, keys });
  try {
    return await action(store);
  } catch (error) {
    if (hasCode(error, 'secrets.unreachable') || hasCode(error, 'config.invalid')) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new CliError(exitCodes.invalid, message, { cause: error });
  } finally {
    store.close();
  }
}
