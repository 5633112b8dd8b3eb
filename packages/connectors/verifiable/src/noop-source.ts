/** A source whose tasks produce nothing and cost almost nothing: for measuring what everything else costs. */
import { once } from 'node:events';
import { defineSource, type SourcePlugin } from '@sluice/connector-api';
import { numbered } from './sequence.ts';

export const noopSource: SourcePlugin = defineSource({
  name: 'NoopSource',
  version: '1.0.0',
  config: {},
  tasks: ({ max }) => numbered(max),
  sourcePartition: ({ work }) => ({ id: work.id }),
  // eslint-disable-next-line require-yield
  async *run({ signal }) {
    if (!signal.aborted) await once(signal, 'abort');
  },
});
