/** A source that acknowledges to where it reads from, as one on a replication slot does: what it released is gone there. */
import { defineSource, string } from '@sluice/connector-api';

export const releasingSource = defineSource({
  name: 'ReleasingSource',
  version: '1.0.0',
  movesExternalCursor: true,
  config: { topic: string() },
  async *run({ config, offset }) {
    if (offset === undefined) yield { topic: config.topic, value: 'released', offset: { at: 1 } };
  },
});

export const plugins = [releasingSource];
