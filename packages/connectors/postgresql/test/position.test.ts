import type { SourceOffsetValue, SourcePartition } from '@sluice/connector-api';
import { expect, test } from 'vitest';
import { postgresConnector } from '../src/index.ts';
import { lsnOfText, textOfLsn } from '../src/lsn.ts';
import { positionOf, releasedLsn, snapshotOffset } from '../src/position.ts';

test('a position is where the last whole transaction ended', () => {
  expect(positionOf({ lsn: 50, lsn_proc: 50, lsn_commit: 40, tx_lsn: 60, tx_changes: 3 })).toEqual({
    kind: 'stream',
    lsn: 40,
    inside: { commitLsn: 60, changes: 3 },
  });
  // As Debezium stores it.
  const debezium = {
    lsn_proc: 24023128,
    messageType: 'INSERT',
    lsn_commit: 24023128,
    lsn: 24023128,
    txId: 555,
    ts_usec: 1,
  };
  expect(positionOf(debezium)).toEqual({ kind: 'stream', lsn: 24023128, inside: undefined });
  expect(positionOf({ lsn: 7n })).toMatchObject({ lsn: 7 });
  expect(positionOf(undefined)).toBeUndefined();
  expect(() => positionOf({ position: 5 })).toThrow(/lsn_commit/);
  expect(() => positionOf({ lsn: 'far' })).toThrow(/"lsn"/);
});

test('a snapshot releases nothing before it is complete', () => {
  expect(positionOf(snapshotOffset(9, 'progress', false))).toEqual({
    kind: 'snapshot',
    lsn: 9,
    progress: 'progress',
  });
  expect(releasedLsn(snapshotOffset(9, 'progress', false))).toBeUndefined();
  expect(releasedLsn(snapshotOffset(9, '', true))).toBe(9);
});

test('positions are written as PostgreSQL writes them', () => {
  for (const text of ['0/0', '16/B374D848', '1FFFFF/FFFFFFFF'])
    expect(textOfLsn(lsnOfText(text))).toBe(text);
  expect(() => lsnOfText('FFFFFFFF/0')).toThrow(/no position/);
});

test('offsets are altered only to what a task can go on at', async () => {
  const config = {
    'database.hostname': 'db',
    'database.user': 'sluice',
    'database.dbname': 'shop',
    'topic.prefix': 'shop',
  };
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const alter = async (partition: SourcePartition, offset: SourceOffsetValue | null) =>
    await postgresConnector.alterOffsets?.(config, [{ partition, offset }], {
      logger,
      signal: AbortSignal.timeout(1_000),
    });
  expect(await alter({ server: 'shop' }, { lsn: 5 })).toBe(true);
  expect(await alter({ server: 'gone' }, null)).toBe(true);
  await expect(alter({ server: 'other' }, { lsn: 5 })).rejects.toThrow(/"server":"shop"/);
  await expect(alter({ server: 'shop' }, { position: 5 })).rejects.toThrow(/lsn_commit/);
});
