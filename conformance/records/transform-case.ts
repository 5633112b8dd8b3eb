/**
 * A chain of transforms on the way out of a source and on the way into a sink: the same records have to come of it.
 * All travels as JSON with schemas, so that nothing is lost by converters.
 */
import assert from 'node:assert/strict';
import type { FetchedRecord, ProduceRecord } from '@sluice/record-log';
import type { ConformanceCase } from '../case.ts';
import type { SunkRecord } from '../plugins/records-sink.ts';
import type { ConnectorSettings } from '../targets/target.ts';
import type { Trial } from '../trial.ts';
import { allJson, bytes, dataOf, type Text } from './data.ts';

export interface Piece {
  /** Default `{in}`, the topic that all start from. */
  readonly topic?: string;
  readonly key?: Text;
  readonly value?: Text;
  readonly headers?: readonly (readonly [name: string, value: Text])[];
  /** Default `at`. */
  readonly timestamp?: number;
}

export interface TransformCase {
  readonly title: string;
  /** `transforms`, `predicates` and their settings. */
  readonly settings: ConnectorSettings;
  readonly given: readonly Piece[];
  /**
   * What comes of it, in order; what is dropped is not here. `{in}` stands for the topic that all start from, `{id}`
   * for its name without `in-`, `"{offset}"` for the offset of the first.
   */
  readonly expected: readonly Piece[];
  /** Default: both. */
  readonly sides?: readonly Side[];
  readonly difference?: string;
}

type Side = 'source' | 'sink';

export const at = 1_700_000_000_123;

export function transformCases(each: TransformCase): ConformanceCase[] {
  const { sides = ['source', 'sink'] } = each;
  const runs = { source: inSource, sink: inSink };
  return sides.map((side) => ({
    title: `transforms: ${each.title}, in a ${side}`,
    run: (trial: Trial) => runs[side](trial, each),
  }));
}

async function inSource(trial: Trial, each: TransformCase): Promise<void> {
  const topic = await trial.topic('in');
  const expected = each.expected.map((piece) => comparable(piece, topic));
  for (const name of new Set(expected.map((piece) => piece.topic)))
    if (name !== topic) await trial.log.create(name, 1);
  await trial.source(
    each.given.map(({ headers = [], key = null, timestamp = at, value = null }) => ({
      topic,
      partition: 0,
      timestamp,
      key,
      value,
      headers,
    })),
    { ...allJson, ...each.settings },
  );
  const groups = Map.groupBy(expected, (piece) => piece.topic);
  for (const [name, pieces] of groups)
    assert.deepEqual((await trial.log.read(name, pieces.length)).map(found(name)), pieces);
  if (!groups.has(topic)) assert.deepEqual(await trial.log.readNow(topic), []);
}

async function inSink(trial: Trial, each: TransformCase): Promise<void> {
  const topic = await trial.topic('in');
  const places = await trial.log.produce(topic, each.given.map(toProduce));
  const connector = await trial.sink({ topics: topic, ...allJson, ...each.settings });
  const first = places[0]?.offset ?? 0;
  const expected = each.expected.map((piece) => comparable(piece, topic, first));
  const sunk = await trial.sunk(expected.length);
  assert.deepEqual(sunk.map(given), expected);
  for (const { original, partition } of sunk) {
    assert.equal(original.topic, topic);
    assert.equal(partition, 0);
  }
  // What was dropped is behind it, too.
  const last = places.at(-1)?.offset ?? 0;
  await connector.untilCommitted(last + 1);
}

function toProduce({ headers = [], key, timestamp = at, value }: Piece): ProduceRecord {
  return {
    key: bytes(key),
    value: bytes(value),
    timestampMs: timestamp,
    headers: headers.map(([name, data]) => [name, bytes(data)]),
  };
}

interface Comparable {
  readonly topic: string;
  readonly key: unknown;
  readonly value: unknown;
  readonly headers: readonly unknown[];
  readonly timestamp: number | null;
}

function comparable(piece: Piece, topic: string, offset = -1): Comparable {
  const filled = (text: Text | undefined): Text =>
    text
      ?.replaceAll('{in}', topic)
      .replaceAll('{id}', topic.replace('in-', ''))
      .replaceAll('"{offset}"', String(offset)) ?? null;
  const { headers = [], key, timestamp = at, value } = piece;
  return {
    topic: filled(piece.topic ?? '{in}') ?? '',
    key: dataOf(filled(key)),
    value: dataOf(filled(value)),
    headers: headers.map(([name, data]) => [name, dataOf(filled(data))]),
    timestamp,
  };
}

function found(topic: string): (record: FetchedRecord) => Comparable {
  return ({ headers, key, timestampMs, value }) => ({
    topic,
    key: dataOf(key),
    value: dataOf(value),
    headers: headers.map(([name, data]) => [name, dataOf(data)]),
    timestamp: timestampMs,
  });
}

function given({ headers, key, timestamp, topic, value }: SunkRecord): Comparable {
  return {
    topic,
    key: dataOf(key),
    value: dataOf(value),
    headers: headers.map(([name, data]) => [name, dataOf(data)]),
    timestamp,
  };
}
