/** Entry of the process that a preview runs in. */
import { noProviders, openConfigProviders } from '@sluice/config-providers';
import { withInheritedConverters } from '@sluice/converters';
import { toError, withoutValuesWithin } from '@sluice/kernel';
import { type DefinitionPlugins, LazyPlugins } from '@sluice/runtime';

import type { FromPreview, PreviewTask } from './messages.ts';
import { onTask, tell } from './plugin-child.ts';
import { runPreview } from './run-preview.ts';

onTask((task) => main(task as PreviewTask));

async function main(task: PreviewTask): Promise<void> {
  const plugins = new LazyPlugins(task.index);
  const fail = (message: string): Promise<void> =>
    send({ kind: 'failed', stage: 'config', message });
  if (!plugins.facts(task.config)) return fail(unknownConnector(task));
  let parts: DefinitionPlugins;
  try {
    parts = await plugins.load(withInheritedConverters(task.config, task.workerConfig ?? {}));
  } catch (error) {
    return fail(toError(error).message);
  }
  const plugin = parts.connector;
  if (plugin.type === 'sink')
    return fail(`${plugin.class} is a sink: a preview shows what a source would write`);
  const resolved = await resolvedTask(task).catch((error: unknown) => toError(error));
  if (resolved instanceof Error) return fail(resolved.message);
  const hasValues = Object.keys(resolved.values).length > 0;
  const sendHidden = (message: FromPreview): Promise<void> =>
    send(hasValues ? (withoutValuesWithin(message, resolved.values) as FromPreview) : message);
  const signal = AbortSignal.timeout(task.timeoutMs);
  const tellHidden = (message: FromPreview): void => void sendHidden(message);
  await sendHidden(await runPreview(plugin, resolved.task, { signal, tell: tellHidden, parts }));
}

function unknownConnector({ config, failures, index, modulesFrom }: PreviewTask): string {
  const known = index
    .filter(({ type }) => type === 'source' || type === 'sink')
    .map((each) => `${each.class} ${each.version}`)
    .sort();
  return [
    `there is no connector ${nameOf(config)}; there are: ${known.join(', ')}. Name its module with ${modulesFrom}`,
    ...failures,
  ].join('\n');
}

function nameOf(config: PreviewTask['config']): string {
  const version = config['connector.plugin.version']?.trim();
  const name = config['connector.class']?.trim() || 'without a connector.class';
  return version ? `${name} of version ${version}` : name;
}

/** With values in place of references. @throws ConfigError that names those that stand for nothing. */
async function resolvedTask(
  task: PreviewTask,
): Promise<{ readonly task: PreviewTask; readonly values: Readonly<Record<string, string>> }> {
  const providers = await openConfigProviders(task.providers ?? noProviders);
  try {
    const own = await providers.resolve(task.config);
    const inherited = await providers.resolve(task.workerConfig ?? {});
    return {
      task: {
        ...task,
        config: own.config,
        ...(task.workerConfig ? { workerConfig: inherited.config } : {}),
      },
      values: { ...own.values, ...inherited.values },
    };
  } finally {
    await providers.close();
  }
}

function send(message: FromPreview): Promise<void> {
  return tell(message);
}
