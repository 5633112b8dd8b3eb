import { setTimeout as sleep } from 'node:timers/promises';
import { defineSource, int, string } from '@sluice/connector-api';

export default defineSource({
  name: 'clock',
  version: '1.0.0',
  config: { topic: string().default('ticks'), everyMs: int().min(1).default(1000) },
  async *run({ config, offset, signal }) {
    for (let tick = Number(offset?.tick ?? 0) + 1; ; tick += 1) {
      const value = { tick, time: new Date().toISOString() };
      yield { topic: config.topic, key: 'clock', value, offset: { tick } };
      await sleep(config.everyMs, undefined, { signal });
    }
  },
});
