/** The topic that the journal is kept in: one partition, compacted. */
import type { RecordLog } from '@sluice/record-log';

import { unusable } from './journal-records.ts';

/** A connector that was deleted is remembered as long as an old copy of Redis is likely to be put back. */
const tombstonesKeptMs = 7 * 24 * 3_600_000;

/**
 * Creates it on first use.
 * @throws SluiceError `journal.unusable` for a topic in which order or entries could be lost.
 */
export async function ensureJournalTopic(log: RecordLog, topic: string): Promise<void> {
  const found = (await log.topics.describe([topic])).get(topic);
  if (!found) {
    await log.topics.create(topic, {
      partitions: 1,
      config: {
        'cleanup.policy': 'compact',
        'delete.retention.ms': `${tombstonesKeptMs}`,
      },
    });
    return;
  }
  if (found.partitions !== 1) {
    throw unusable(
      `topic '${topic}' has ${found.partitions} partitions, but the journal of definitions needs exactly one: name another topic (SLUICE_CONFIG_STORAGE_TOPIC), or delete this one`,
    );
  }
  const policy = (await log.topics.settings?.(topic))?.['cleanup.policy'];
  if (policy === undefined || policy === 'compact') return;
  throw unusable(
    `topic '${topic}' has cleanup.policy=${policy}, which would delete definitions: set it to compact, or name another topic (SLUICE_CONFIG_STORAGE_TOPIC)`,
  );
}
