/** Entry of the process that a preview runs in. */
import { loadPlugins } from '@sluice/runtime';

import type { FromPreview, PreviewTask } from './messages.ts';
import { onTask, tell } from './plugin-child.ts';
import { runPreview } from './run-preview.ts';

onTask(main);

async function main(task: PreviewTask): Promise<void> {
  const plugins = await loadPlugins(task.modules);
  const fail = (message: string): Promise<void> =>
    send({ kind: 'failed', stage: 'config', message });
  const name = task.config['connector.class'] ?? '';
  const plugin = plugins.find(name);
  if (!plugin) {
    const known = plugins.plugins.map((each) => each.class).sort();
    const failures = plugins.failures.map(({ error }) => error);
    return fail(
      [
        `there is no connector ${name || 'without a connector.class'}; there are: ${known.join(', ')}. Name its module with ${task.modulesFrom}`,
        ...failures,
      ].join('\n'),
    );
  }
  if (plugin.type === 'sink')
    return fail(`${plugin.class} is a sink: a preview shows what a source would write`);
  const signal = AbortSignal.timeout(task.timeoutMs);
  await send(await runPreview(plugin, task, { signal, tell: (message) => void send(message) }));
}

function send(message: FromPreview): Promise<void> {
  return tell(message);
}
