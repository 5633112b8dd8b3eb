import type { ConfigInfos } from '@sluice/rest-api';
import type { Command } from 'commander';

import { withApi } from '../api-session.ts';
import { loadDefinitions } from '../definitions/load-definitions.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { addGlobalOptions, globalOptionsOf } from '../options.ts';
import { type CommandContext, printOutcome } from './command.ts';

const examples = `
Checks definitions by the plugins that the workers have announced, as the REST API does, and tells all that is wrong
with each at once. Changes nothing. A worker has to have joined; a coordinator need not be up.

Examples:
  sluice validate -f orders.yaml
  sluice validate -f connectors/ --json | jq '.[] | select(.errors != [])'`;

interface Validated {
  readonly name: string;
  readonly source: string;
  readonly errors: readonly { readonly key: string; readonly messages: readonly string[] }[];
}

export function addValidateCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('validate')
    .description('tell what is wrong with definitions, key by key')
    .requiredOption('-f, --file <file...>', 'files, folders, or - for the standard input');
  addGlobalOptions(command).addHelpText('after', examples);
  command.action(async ({ file }: { file: string[] }) => {
    const global = globalOptionsOf(command, context.io);
    const definitions = await loadDefinitions(file, context.io);
    const results = await withApi(context, global, (api) =>
      Promise.all(
        definitions.map(async ({ definition: { name, config }, source }): Promise<Validated> => {
          const className = encodeURIComponent(config['connector.class'] ?? '');
          const path = `/connector-plugins/${className}/config/validate`;
          const infos = await api.request('PUT', path, { ...config, name }).catch(refused);
          return { name, source, errors: Array.isArray(infos) ? infos : errorsOf(infos) };
        }),
      ),
    );
    const isSound = results.every(({ errors }) => errors.length === 0);
    printOutcome(context, global, { text: results.map(resultText).join('\n'), data: results });
    if (!isSound) throw new CliError(exitCodes.invalid, '');
  });
}

/** What says that there is no such plugin is about its key. */
function refused(error: unknown): Validated['errors'] {
  const isUnreachable = error instanceof CliError && error.exitCode === exitCodes.unreachable;
  if (!(error instanceof CliError) || isUnreachable) throw error;
  return [{ key: 'connector.class', messages: [error.message] }];
}

function errorsOf(answer: unknown): Validated['errors'] {
  return (answer as ConfigInfos).configs.flatMap(({ value: { name: key, errors: messages } }) =>
    messages.length === 0 ? [] : [{ key, messages }],
  );
}

function resultText({ name, source, errors }: Validated): string {
  if (errors.length === 0) return `connector ${name} is valid`;
  const lines = errors.flatMap(({ key, messages }) =>
    messages.map((message) => `  ${key}: ${message}`),
  );
  return [`connector ${name} is not valid (${source}):`, ...lines].join('\n');
}
