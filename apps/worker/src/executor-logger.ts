/** Loggers of an executor: what an actor logs has the level of its connector, `sluice.connector.<name>`. */
import { type Logger, type LogLevels, leveledLogger } from '@sluice/kernel';

import { aboutUnit } from './about-unit.ts';

export function executorLogger(logger: Logger, levels: LogLevels): Logger {
  const own = leveledLogger(logger, levels, 'sluice.executor');
  return {
    ...own,
    child: (bindings) => {
      const { actor, fence, ...rest } = bindings;
      if (typeof actor !== 'string') return own.child(bindings);
      const about = aboutUnit(actor, typeof fence === 'number' ? fence : undefined);
      const name = `sluice.connector.${about.connector}`;
      return leveledLogger(logger.child({ ...about, ...rest }), levels, name);
    },
  };
}
