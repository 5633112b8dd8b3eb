/** Entry of the process that validations run in. */
import { noProviders, openConfigProviders } from '@sluice/config-providers';
import { toError } from '@sluice/kernel';
import { type DefinitionPlugins, LazyPlugins, type PluginIndex } from '@sluice/runtime';
import type { ResolveConfig } from '@sluice/runtime/references';

import { hasAllCode } from './code-at-hand.ts';
import { onTask, tell } from './plugin-child.ts';
import { runValidation } from './run-validation.ts';
import type {
  ConfigToValidate,
  FromValidation,
  Validation,
  ValidationTask,
} from './validation-messages.ts';

onTask(async (task) => {
  const { configs, index, providers, timeoutMs } = task as ValidationTask;
  const { resolve } = await openConfigProviders(providers ?? noProviders);
  for (const config of configs)
    await send({
      kind: 'result',
      validation: await validated(config, index, resolve, timeoutMs),
    });
});

async function validated(
  { config, pinned }: ConfigToValidate,
  index: PluginIndex,
  resolve: ResolveConfig,
  timeoutMs: number,
): Promise<Validation> {
  // Code is given what the definition says.
  if (!hasAllCode(pinned, index)) return { kind: 'unknown' };
  let parts: DefinitionPlugins;
  try {
    parts = await new LazyPlugins(index).load(pinned);
  } catch (error) {
    return { kind: 'failed', isLate: false, message: toError(error).message };
  }
  await send({ kind: 'loaded' });
  return runValidation(parts.connector, config, resolve, AbortSignal.timeout(timeoutMs), parts);
}

function send(message: FromValidation): Promise<void> {
  return tell(message);
}
