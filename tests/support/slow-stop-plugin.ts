/** A source whose tasks take a while to stop, as one does that ends sessions on a far system. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { defineSource, int } from '@sluice/connector-api';

export const slowStopSource = defineSource({
  name: 'SlowStopSource',
  version: '1.0.0',
  config: { stopMs: int() },
  tasks: ({ max }) => Array.from({ length: max }, (_, id) => ({ id })),
  sourcePartition: ({ work }) => ({ id: work.id }),
  // eslint-disable-next-line require-yield
  async *run({ config, signal }) {
    if (!signal.aborted) await once(signal, 'abort');
    await sleep(config.stopMs);
  },
});

export const plugins = [slowStopSource];
