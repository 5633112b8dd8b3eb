/** What the product logs, as part of the trace; what it did not expect is a violation. */
import type { Logger } from '@sluice/kernel';

import type { World } from './world.ts';

/** Logged where a loop catches what nothing else did. */
const unexpected = new Set([
  'turn of the coordinator failed',
  'election failed',
  'heartbeat failed',
  'reconciliation failed',
  'request failed',
]);

export function traceLogger(world: World, who: string): Logger {
  const note = (_fields: object, message: string): void => world.trace.note(who, message);
  const logger: Logger = {
    debug: () => {},
    info: note,
    warn: note,
    error: (fields, message) => {
      note(fields, message);
      if (!unexpected.has(message)) return;
      const error = 'error' in fields ? String(fields.error) : JSON.stringify(fields);
      world.violated('crash', `${who}: ${message}: ${error}`);
    },
    child: () => logger,
  };
  return logger;
}
