/** Entry of the process that validations run in. */
import { noProviders, openConfigProviders } from '@sluice/config-providers';
import type { ConnectorConfig } from '@sluice/connector-api';
import { toError } from '@sluice/kernel';
import { type DefinitionPlugins, LazyPlugins } from '@sluice/runtime';
import type { ResolveConfig } from '@sluice/runtime/references';

import { onTask, tell } from './plugin-child.ts';
import { runValidation } from './run-validation.ts';
import type { FromValidation, Validation, ValidationTask } from './validation-messages.ts';

onTask(async (task) => {
  const { configs, index, providers, timeoutMs } = task as ValidationTask;
  const plugins = new LazyPlugins(index);
  const { resolve } = await openConfigProviders(providers ?? noProviders);
  for (const config of configs)
    await send({
      kind: 'result',
      validation: await validated(config, plugins, resolve, timeoutMs),
    });
});

async function validated(
  config: ConnectorConfig,
  plugins: LazyPlugins,
  resolve: ResolveConfig,
  timeoutMs: number,
): Promise<Validation> {
  if (!plugins.facts(config)) return { kind: 'unknown' };
  let parts: DefinitionPlugins;
  try {
    parts = await plugins.load(config);
  } catch (error) {
    return { kind: 'failed', isLate: false, message: toError(error).message };
  }
  await send({ kind: 'loaded' });
  return runValidation(parts.connector, config, resolve, AbortSignal.timeout(timeoutMs), parts);
}

function send(message: FromValidation): Promise<void> {
  return tell(message);
}
