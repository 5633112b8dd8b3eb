/** A source whose tasks fail while the file `broken` is there, and else write a number now and then. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectError, defineSource, string } from '@sluice/connector-api';

export default defineSource({
  name: 'StubbornSource',
  version: '1.0.0',
  config: { topic: string().nonEmpty(), broken: string().nonEmpty() },
  tasks: ({ max }) => Array.from({ length: max }, (_, task) => ({ task })),
  sourcePartition: ({ work }) => work,
  async *run({ config, work, signal }) {
    for (let number = 0; !signal.aborted; number += 1) {
      if (existsSync(config.broken)) throw new ConnectError(`${config.broken} is in the way`);
      yield [{ topic: config.topic, value: number, sourcePartition: work, offset: { number } }];
      await sleep(100, undefined, { signal }).catch(() => {});
    }
  },
});
