/**
 * What changed since a revision. The revision is read before the records: they may be newer than it, never
 * older, and what is newer comes again with the next call.
 */
import type {
  Changes,
  ConnectorRecord,
  MemberRecord,
  UnitId,
  UnitRecord,
} from '@sluice/coordination';
import { SluiceError } from '@sluice/kernel';

import type { Reads } from './reads.ts';
import { decodeConnector, decodeMember, decodeUnit } from './records.ts';

export interface ChangesQuery {
  readonly sinceRevision: number;
  readonly dataset: string | undefined;
  /** Gives the data set its nonce if it has none: who reads first founds it. */
  readonly found: () => Promise<string>;
}

/** Records in one round trip; bounds the buffers on both sides. */
const recordsInRoundTripMax = 2_000;
/** Times that the data set may be replaced while it is read. */
const attemptsMax = 3;

export async function readChanges(reads: Reads, query: ChangesQuery): Promise<Changes> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const changes = await tryReadChanges(reads, query);
    if (changes) return changes;
  }
  throw new SluiceError('store.unreachable', 'the data set in Redis is being replaced: try again', {
    retriable: true,
  });
}

async function tryReadChanges(reads: Reads, query: ChangesQuery): Promise<Changes | undefined> {
  const { sinceRevision } = query;
  const [head, delta] = await reads.pipeline('changes', (pipeline, keys) => {
    pipeline.mget(keys.of('dataset'), keys.of('revision'), keys.of('trimmed'));
    if (sinceRevision > 0) {
      pipeline.zrangebyscore(keys.of('changes'), `(${sinceRevision}`, '+inf');
    }
  });
  const [storedDataset, storedRevision, trimmed] = head as (string | null)[];
  const dataset = storedDataset ?? (await query.found());
  const revision = Number(storedRevision ?? 0);
  const isDelta =
    sinceRevision > 0 &&
    dataset === query.dataset &&
    sinceRevision <= revision &&
    sinceRevision >= Number(trimmed ?? 0);
  const changed = isDelta
    ? (delta as string[])
    : await reads.run('changes', (redis, keys) =>
        redis.zrangebyscore(keys.of('changes'), '-inf', '+inf'),
      );

  const connectors = new Map<string, ConnectorRecord | undefined>();
  const units = new Map<UnitId, UnitRecord | undefined>();
  const members = new Map<string, MemberRecord | undefined>();
  for (let from = 0; from < changed.length; from += recordsInRoundTripMax) {
    const batch = changed.slice(from, from + recordsInRoundTripMax);
    const hashes = await readHashes(reads, batch, dataset);
    if (!hashes) return undefined;
    for (const [index, hash] of hashes.entries()) {
      const record = batch[index] ?? '';
      const exists = Object.keys(hash).length > 0;
      if (!exists && !isDelta) continue;
      const name = record.slice(2);
      if (record.startsWith('u:')) units.set(name, exists ? decodeUnit(name, hash) : undefined);
      else if (record.startsWith('m:'))
        members.set(name, exists ? decodeMember(name, hash) : undefined);
      else connectors.set(name, exists ? decodeConnector(name, hash) : undefined);
    }
  }
  return { kind: isDelta ? 'delta' : 'full', dataset, revision, connectors, units, members };
}

/** Undefined if the data set was replaced: a missing record would look like a deleted one. */
async function readHashes(
  reads: Reads,
  records: readonly string[],
  dataset: string,
): Promise<Record<string, string>[] | undefined> {
  const replies = await reads.pipeline('records', (pipeline, keys) => {
    for (const record of records) pipeline.hgetall(`${keys.tag}:${record}`);
    pipeline.get(keys.of('dataset'));
  });
  return replies.pop() === dataset ? (replies as Record<string, string>[]) : undefined;
}
