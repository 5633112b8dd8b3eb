/** The log behind real sentinels: writers and readers follow the master together. */
import {
  eventually,
  newGroup,
  newIdentity,
  readRecords,
  records,
  values,
} from '@sluice/record-log/conformance';
import { startSentinel } from '@sluice/testkit';
import { expect, onTestFinished, test } from 'vitest';

import { RedisLog } from '../src/index.ts';

test('readers leave a master that writers have left, also when it goes on answering them', {
  timeout: 60_000,
}, async () => {
  const sentinel = await startSentinel();
  onTestFinished(() => sentinel.stop());
  const log = new RedisLog({ url: sentinel.url, cluster: 'test', clientId: 'test' });
  onTestFinished(() => log.stop());
  await log.start();
  // Each server syncs each write; its replicas get it only afterwards.
  expect(log.capabilities.durability).toBe('eventual');
  const topic = 'topic';
  const writer = await log.openWriter(newIdentity());
  const reader = await log.openReader({ identity: newIdentity(), group: newGroup() });
  const produce = async (prefix: string): Promise<void> => {
    await writer.produce([{ topic, records: records(1, { prefix }) }]);
  };
  await produce('before');
  await reader.assign([{ topic, partition: 0 }]);
  expect(values(await readRecords(reader, 1))).toEqual(['before0']);

  await sentinel.leaveMaster();
  await eventually(
    async () =>
      await produce('after').then(
        () => true,
        () => undefined,
      ),
  );
  // The former master has nothing new, and would say so for ever.
  expect(values(await readRecords(reader, 1))).toEqual(['after0']);
});
