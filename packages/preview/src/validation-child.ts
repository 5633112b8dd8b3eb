/** Entry of the process that validations run in. */
import { noProviders, openConfigProviders } from '@sluice/config-providers';
import { loadPlugins } from '@sluice/runtime';

import { onTask, tell } from './plugin-child.ts';
import { runValidation } from './run-validation.ts';
import type { FromValidation, Validation, ValidationTask } from './validation-messages.ts';

onTask(async (task) => {
  const { configs, modules, providers, timeoutMs } = task as ValidationTask;
  const plugins = await loadPlugins(modules);
  const resolver = await openConfigProviders(providers ?? noProviders);
  await send({ kind: 'loaded' });
  for (const config of configs) {
    const plugin = plugins.facts(config);
    const validation: Validation = plugin
      ? await runValidation(
          plugin,
          config,
          resolver.resolve,
          AbortSignal.timeout(timeoutMs),
          await plugins.load(config),
        )
      : { kind: 'unknown' };
    await send({ kind: 'result', validation });
  }
});

function send(message: FromValidation): Promise<void> {
  return tell(message);
}
