/** Loggers of an executor: what an actor logs has the level of its connector, `sluice.connector.<name>`. */
import { parseUnit } from '@sluice/coordination';
import { type Logger, type LogLevels, leveledLogger } from '@sluice/kernel';

export function executorLogger(logger: Logger, levels: LogLevels): Logger {
  const own = leveledLogger(logger, levels, 'sluice.executor');
  return {
    ...own,
    child: (bindings) => {
      const { actor } = bindings;
      if (typeof actor !== 'string') return own.child(bindings);
      const name = `sluice.connector.${parseUnit(actor).connector}`;
      return leveledLogger(logger.child(bindings), levels, name);
    },
  };
}
