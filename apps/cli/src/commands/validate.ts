import { hasReferences } from '@sluice/connector-api';
import type { Validation } from '@sluice/preview';
import type { Command } from 'commander';

import { type LocalParts, withApi } from '../api-session.ts';
import { loadDefinitions } from '../definitions/load-definitions.ts';
import { type KeyErrors, validateDefinition } from '../definitions/validate-definition.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import {
  addPluginOptions,
  hasPlaces,
  localPlugins,
  type PluginFlags,
  type PluginPlaces,
  pluginPlaces,
} from '../local-plugins.ts';
import { addGlobalOptions, type GlobalOptions, globalOptionsOf } from '../options.ts';
import { workerSettings } from '../worker-settings.ts';
import { type CommandContext, printOutcome } from './command.ts';

const examples = `
Checks definitions by the plugins that the workers have announced, as the REST API does, and tells all that is wrong
with each at once. Changes nothing. A coordinator need not be up. Plugins of SLUICE_PLUGINS, SLUICE_PLUGIN_PATH and the options
count as well, before any worker has them, and what their code checks is checked; without any a worker has to have joined.

Examples:
  sluice validate -f orders.yaml
  sluice validate -f orders.yaml --plugin ./src/index.ts
  sluice validate -f connectors/ --json | jq '.[] | select(.errors != [])'`;

/** For the code of one plugin. */
const codeLimitMs = 5_000;

interface ValidateFlags extends PluginFlags {
  readonly file: readonly string[];
}

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
  addPluginOptions(command);
  addGlobalOptions(command).addHelpText('after', examples);
  command.action(async (flags: ValidateFlags) => {
    const { io } = context;
    const global = globalOptionsOf(command, io);
    const definitions = await loadDefinitions(flags.file, io);
    const places = pluginPlaces(flags, io.env);
    const local = hasPlaces(places) ? await localParts(places, io, global) : undefined;
    const results = await withApi(
      context,
      global,
      'read',
      (api) =>
        Promise.all(
          definitions.map(
            async ({ definition, source }): Promise<Validated> => ({
              name: definition.name,
              source,
              errors: await validateDefinition(api, definition),
            }),
          ),
        ),
      local,
    );
    const isSound = results.every(({ errors }) => errors.length === 0);
    printOutcome(context, global, { text: results.map(resultText).join('\n'), data: results });
    if (!isSound) throw new CliError(exitCodes.invalid, '');
  });
}

/** Plugins that no worker may have yet, and what their code checks. */
async function localParts(
  places: PluginPlaces,
  io: Io,
  global: GlobalOptions,
): Promise<LocalParts> {
  const { failures, index, plugins } = await localPlugins(places);
  for (const { error } of failures) io.err(`warning: ${error}`);
  const { providers } = workerSettings(io.env, global);
  return {
    plugins,
    runValidations: async (configs) =>
      Promise.all(
        configs.map(async (config) => {
          // What references stand for is known where connectors run.
          if (providers.providers.length === 0 && hasReferences(config.config)) return undefined;
          const { validateInProcess } = await import('@sluice/preview');
          const [validation] = await validateInProcess(
            { index, configs: [config], providers, timeoutMs: codeLimitMs },
            { signal: new AbortController().signal },
          );
          return codeValidation(validation);
        }),
      ),
  };
}

function codeValidation(
  validation: Validation | undefined,
): Extract<Validation, { kind: 'validated' }> | undefined {
  if (validation?.kind !== 'failed')
    return validation?.kind === 'validated' ? validation : undefined;
  const message = validation.isLate
    ? `its code did not answer within ${codeLimitMs / 1_000} s: it waits for something, or blocks its thread`
    : `its code failed: ${validation.message}`;
  const problems = [{ key: 'connector.class', message }];
  return { kind: 'validated', problems, recommendations: {} };
}

function resultText({ name, source, errors }: Validated): string {
  if (errors.length === 0) return `connector ${name} is valid`;
  const lines = errors.flatMap(({ key, messages }) =>
    messages.map((message) => `  ${key}: ${message}`),
  );
  return [`connector ${name} is not valid (${source}):`, ...lines].join('\n');
}
