import type { Logger } from '@sluice/kernel';

import type { KafkajsLog } from './internals.ts';

/** What kafkajs logs is detail: what goes wrong is thrown to the caller, who knows whether it matters. */
export function kafkajsLog(logger: Logger): KafkajsLog {
  const log = (message: string, extra: object = {}): void => logger.debug(extra, message);
  return {
    debug: () => {}, // One for every step of a connection and every request.
    info: log,
    warn: log,
    error: log,
    namespace: (name) => kafkajsLog(logger.child({ kafkajs: name })),
  };
}
