/** Lines of an executor on their way to the control thread: a message a second, while there are any. */
import { logLineLimits } from '@sluice/coordination';
import type { Clock, Logger, Timer } from '@sluice/kernel';

import { type LineBatch, LineBuffer } from './line-buffer.ts';
import { type ToldLine, tellingLogger, toldLine } from './told-line.ts';

/** What an executor tells the control thread. */
export interface LinesTold extends LineBatch<ToldLine> {
  readonly type: 'lines';
}

export function isLinesTold(message: unknown): message is LinesTold {
  return typeof message === 'object' && message !== null && 'lines' in message;
}

const tellEveryMs = 500;

export function executorLines(
  logger: Logger,
  { clock, tell }: { readonly clock: Clock; readonly tell: (told: LinesTold) => void },
): Logger {
  const buffer = new LineBuffer<ToldLine>(logLineLimits.perSecond);
  let timer: Timer | undefined;
  return tellingLogger(logger, (level, fields, message) => {
    buffer.add(toldLine(level, fields, message, clock.wallMs()));
    timer ??= clock.after(tellEveryMs, () => {
      timer = undefined;
      tell({ type: 'lines', ...buffer.take() });
    });
  });
}
