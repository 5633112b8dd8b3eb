import type { Command } from 'commander';

import { withApi } from '../api-session.ts';
import { loadDefinitions } from '../definitions/load-definitions.ts';
import { type KeyErrors, validateDefinition } from '../definitions/validate-definition.ts';
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
  readonly errors: readonly KeyErrors[];
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
    const results = await withApi(context, global, 'read', (api) =>
      Promise.all(
        definitions.map(
          async ({ definition, source }): Promise<Validated> => ({
            name: definition.name,
            source,
            errors: await validateDefinition(api, definition),
          }),
        ),
      ),
    );
    const isSound = results.every(({ errors }) => errors.length === 0);
    printOutcome(context, global, { text: results.map(resultText).join('\n'), data: results });
    if (!isSound) throw new CliError(exitCodes.invalid, '');
  });
}

function resultText({ name, source, errors }: Validated): string {
  if (errors.length === 0) return `connector ${name} is valid`;
  const lines = errors.flatMap(({ key, messages }) =>
    messages.map((message) => `  ${key}: ${message}`),
  );
  return [`connector ${name} is not valid (${source}):`, ...lines].join('\n');
}
