/** Entry of the process that a preview runs in: connector code may block, leak and crash here. */
import { constants, setPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { loadPlugins, shareConnectorApi } from '@sluice/runtime';

import type { ChildTask, FromPreview } from './messages.ts';
import { runPreview } from './run-preview.ts';

/** After the time of the preview, for tasks to stop in order; then the parent kills. */
process.once('message', (task: ChildTask) => {
  void main(task).then(() => process.exit(0));
});

async function main(task: ChildTask): Promise<void> {
  endWithParent(task.lifeMsMax);
  // Whoever leads a cluster, or runs tasks, comes first.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  shareConnectorApi();
  const plugins = await loadPlugins(task.modules);
  const fail = (message: string): Promise<void> =>
    send({ kind: 'failed', stage: 'config', message });
  const plugin = plugins.facts(task.config);
  if (!plugin) {
    const name = nameOf(task.config);
    const known = plugins.plugins.map((each) => `${each.class} ${each.version}`).sort();
    const failures = plugins.failures.map(({ error }) => error);
    return fail(
      [
        `there is no connector ${name}; there are: ${known.join(', ')}. Name its module with ${task.modulesFrom}`,
        ...failures,
      ].join('\n'),
    );
  }
  if (plugin.type === 'sink')
    return fail(`${plugin.class} is a sink: a preview shows what a source would write`);
  const signal = AbortSignal.timeout(task.timeoutMs);
  const parts = await plugins.load(task.config);
  const tell = (message: FromPreview): void => void send(message);
  await send(await runPreview(plugin, task, { signal, tell, parts }));
}

function nameOf(config: ChildTask['config']): string {
  const version = config['connector.plugin.version']?.trim();
  const name = config['connector.class']?.trim() || 'without a connector.class';
  return version ? `${name} of version ${version}` : name;
}

/** A parent that was killed cannot kill; and where this thread is blocked, only another one still acts. */
function endWithParent(lifeMsMax: number): void {
  process.once('disconnect', () => process.exit(1));
  new Worker(
    `setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${String(lifeMsMax + 1_000)})`,
    { eval: true },
  ).unref();
}

/** Resolves when it has been handed over: the process must not end before. */
function send(message: FromPreview): Promise<void> {
  return new Promise((resolve) => {
    if (process.send) process.send(message, () => resolve());
    else resolve();
  });
}
