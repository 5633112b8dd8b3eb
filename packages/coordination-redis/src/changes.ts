/**
 * What changed since a revision: first the names of the records, then, some hundreds at a time, what they
 * are now. They may be newer than the revision, never older; what is newer comes again with the next call.
 */
import type {
  Changes,
  ConnectorRecord,
  MemberRecord,
  UnitId,
  UnitRecord,
} from '@sluice/coordination';
import { newId, SluiceError } from '@sluice/kernel';

import { decodeConnector, decodeMember, decodeUnit, unitFields } from './records.ts';
import type { Reply } from './reply.ts';
import type { Scripts } from './scripts.ts';

/** Records in one round trip; bounds the time that reading keeps Redis from everything else. */
const recordsInRoundTripMax = 500;
/** Times that the data set may be replaced while it is read. */
const attemptsMax = 3;

export async function readChanges(
  scripts: Scripts,
  sinceRevision: number,
  dataset: string | undefined,
): Promise<Changes> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const changes = await tryReadChanges(scripts, sinceRevision, dataset);
    if (changes) return changes;
  }
  throw new SluiceError('store.unreachable', 'the data set in Redis is being replaced: try again', {
    retriable: true,
  });
}

async function tryReadChanges(
  scripts: Scripts,
  sinceRevision: number,
  known: string | undefined,
): Promise<Changes | undefined> {
  const reply = await scripts.run('changes', [sinceRevision, known ?? '', newId()]);
  const kind = reply.at(0).status('delta', 'full');
  const dataset = reply.at(1).text();
  const connectors = new Map<string, ConnectorRecord | undefined>();
  const units = new Map<UnitId, UnitRecord | undefined>();
  const members = new Map<string, MemberRecord | undefined>();
  const protocol = reply.at(3).is('') ? undefined : reply.at(3).integer();
  const changed = reply.texts(4);
  for (let from = 0; from < changed.length; from += recordsInRoundTripMax) {
    const batch = changed.slice(from, from + recordsInRoundTripMax);
    const [current, ...hashes] = await readRecords(scripts, batch);
    // Of a data set that was replaced meanwhile, missing records would look like deleted ones.
    if (!current?.is(dataset)) return undefined;
    for (const [index, record] of batch.entries()) {
      const isUnit = record.startsWith('u:');
      const hash = hashes[index]?.hash(isUnit ? unitFields : undefined);
      if (!hash && kind === 'full') continue;
      const name = record.slice(2);
      if (isUnit) units.set(name, hash && decodeUnit(name, hash));
      else if (record.startsWith('m:')) members.set(name, hash && decodeMember(name, hash));
      else connectors.set(name, hash && decodeConnector(name, hash));
    }
  }
  const revision = reply.at(2).integer();
  return { kind, dataset, revision, protocol, connectors, units, members };
}

async function readRecords(scripts: Scripts, records: readonly string[]): Promise<Reply[]> {
  const args = [unitFields.length, ...unitFields, ...records];
  return (await scripts.run('records', args)).list();
}
