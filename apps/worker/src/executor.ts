/** Entry of every executor: a log client and the plugins, shared by the actors that live here. */
import { runExecutor } from '@sluice/actor/executor';
import { builtInConverters } from '@sluice/built-in';
import { openConfigProviders } from '@sluice/config-providers';
import { LogLevels, systemClock } from '@sluice/kernel';
import { LateLog, openLog } from '@sluice/log-choice';
import { createRuntimeFactory, LazyPlugins } from '@sluice/runtime';
import { pino } from 'pino';

import type { ExecutorData, ExecutorMessage } from './executor-data.ts';
import { executorLogger } from './executor-logger.ts';
import { executorLines } from './lines/executor-lines.ts';
import { withLastSpans } from './traces/last-spans.ts';
import type { Traces } from './traces/open-traces.ts';
import type { TraceSettings } from './traces/settings.ts';

await runExecutor(async ({ id, kind, data, lease, onBroadcast, tell }) => {
  const { cluster, worker, plugins, logLevel, ...rest } = data as ExecutorData;
  const levels = new LogLevels(logLevel, ['sluice.executor']);
  const written = pino({
    level: 'debug',
    base: { cluster, worker, executor: id, pid: process.pid },
  });
  const kept = executorLines(written, { clock: systemClock, tell });
  const logger = executorLogger(kept, levels);
  const loader = new LazyPlugins(plugins);
  const traces = rest.traces && (await tracesOf(rest.traces));
  onBroadcast((told) => {
    const message = told as ExecutorMessage;
    if (message.type === 'levels') levels.follow(message.settings);
    else if (message.type === 'plugins') loader.update(message.index);
    else void traces?.flush();
  });
  const log = new LateLog(
    await openLog(rest.log, { cluster, clientId: `${worker}/${id}`, logger }),
  );
  // The log may be away: tasks then wait for it, and the control thread says what is wrong with it.
  log.start().catch(() => {});
  // Drivers retry for seconds after a check: a lease that is over ends their sockets.
  lease.onExpired(() => log.disconnect());
  const providers = await openConfigProviders(rest.providers);
  const factory = createRuntimeFactory({
    log,
    plugins: loader,
    converters: builtInConverters,
    cluster,
    workerConfig: rest.workerConfig,
    resolveConfig: providers.resolve,
    offsetFlushIntervalMs: rest.offsetFlushIntervalMs,
    continueFencedMs: rest.continueFencedMs,
    trackTopics: rest.trackTopics,
    exactlyOnce: rest.exactlyOnce,
    tracer: traces?.tracer,
    logger,
  });
  return traces && kind === 'dedicated' ? withLastSpans(factory, traces) : factory;

  async function tracesOf(settings: TraceSettings): Promise<Traces> {
    const { openTraces } = await import('./traces/open-traces.ts');
    const system = rest.log.kind;
    return openTraces(settings, {
      cluster,
      worker,
      executor: id,
      system,
      clock: systemClock,
      tell,
    });
  }
});
