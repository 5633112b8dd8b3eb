import { type Logger, LogLevels } from '@sluice/kernel';
import { expect, test } from 'vitest';

import { executorLogger } from '../src/executor-logger.ts';

test('what an actor logs has the level of its connector', () => {
  const lines: string[] = [];
  const note = (_fields: object, message: string): void => void lines.push(message);
  const all: Logger = { debug: note, info: note, warn: note, error: note, child: () => all };
  const levels = new LogLevels('info', ['sluice.executor']);
  const logger = executorLogger(all, levels);
  const loggers = {
    executor: logger.child({ purpose: 'x' }),
    orders: logger.child({ actor: 'task/orders/3' }),
    bills: logger.child({ actor: 'connector/bills' }),
  };
  levels.set('sluice.connector.orders', 'DEBUG', 1);
  levels.set('sluice.connector.bills', 'WARN', 2);
  for (const [name, each] of Object.entries(loggers)) {
    each.debug({}, `${name} debug`);
    each.info({}, `${name} info`);
  }
  expect(lines).toEqual(['executor info', 'orders debug', 'orders info']);
});
