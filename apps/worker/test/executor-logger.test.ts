import { type Logger, LogLevels, silentLogger } from '@sluice/kernel';
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

test('what an actor logs says which connector, task and owner it is of', () => {
  const bound: object[] = [];
  const all: Logger = {
    ...silentLogger,
    child: (bindings) => {
      bound.push(bindings);
      return all;
    },
  };
  const logger = executorLogger(all, new LogLevels('info', []));
  logger.child({ actor: 'task/orders/3', fence: 7, more: 1 });
  logger.child({ actor: 'connector/orders' });
  logger.child({ purpose: 'x' });
  expect(bound).toEqual([
    { unit: 'task/orders/3', connector: 'orders', task: 3, fence: 7, more: 1 },
    { unit: 'connector/orders', connector: 'orders' },
    { purpose: 'x' },
  ]);
});
