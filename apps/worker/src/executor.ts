/** Entry of every executor: a log client and the plugins, shared by the actors that live here. */
import { runExecutor } from '@sluice/actor/executor';
import { openConfigProviders } from '@sluice/config-providers';
import { converterPlugins } from '@sluice/converters';
import { LogLevels } from '@sluice/kernel';
import { LateLog, openLog } from '@sluice/log-choice';
import { createRuntimeFactory, loadPlugins } from '@sluice/runtime';
import { schemaRegistryConverters } from '@sluice/schema-registry';
import { pino } from 'pino';

import type { ExecutorData, ExecutorMessage } from './executor-data.ts';
import { executorLogger } from './executor-logger.ts';

await runExecutor(async ({ id, data, lease, onBroadcast }) => {
  const { cluster, worker, plugins, logLevel, ...rest } = data as ExecutorData;
  const levels = new LogLevels(logLevel, ['sluice.executor']);
  const written = pino({ level: 'debug', base: { worker, executor: id, pid: process.pid } });
  const logger = executorLogger(written, levels);
  onBroadcast((message) => levels.follow((message as ExecutorMessage).settings));
  const log = new LateLog(
    await openLog(rest.log, { cluster, clientId: `${worker}/${id}`, logger }),
  );
  // The log may be away: tasks then wait for it, and the control thread says what is wrong with it.
  log.start().catch(() => {});
  // Drivers retry for seconds after a check: a lease that is over ends their sockets.
  lease.onExpired(() => log.disconnect());
  // Modules that do not load were reported by the scan; here they are just not there.
  const registry = await loadPlugins(plugins);
  const providers = await openConfigProviders(rest.providers);
  return createRuntimeFactory({
    log,
    plugins: registry,
    converters: [...converterPlugins, ...schemaRegistryConverters],
    cluster,
    workerConfig: rest.workerConfig,
    resolveConfig: providers.resolve,
    offsetFlushIntervalMs: rest.offsetFlushIntervalMs,
    continueFencedMs: rest.continueFencedMs,
    trackTopics: rest.trackTopics,
    logger,
  });
});
