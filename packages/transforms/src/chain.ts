/**
 * The transforms of a connector, one after the other, on a whole batch: those that a predicate leaves out pass,
 * and a record that was dropped or failed goes no further.
 */
import type {
  ConversionFailure,
  Predicate,
  TestedBatch,
  Transform,
  TransformableRecord,
  TransformedBatch,
} from '@sluice/connector-api';
import { assert, toError } from '@sluice/kernel';

export interface TransformationStage {
  /** The name that the definition gives it. */
  readonly alias: string;
  readonly class: string;
  readonly transform: Transform;
  readonly predicate?: Predicate;
  /** Applies to the records that the predicate is false for. */
  readonly isNegated?: boolean;
}

export interface TransformationFailure extends ConversionFailure {
  readonly alias: string;
  readonly class: string;
}

export interface ChainResult<RecordType> {
  /** Index by index with what came in; null: dropped or failed. */
  readonly records: readonly (RecordType | null)[];
  /** In no order. */
  readonly failures: readonly TransformationFailure[];
}

export class TransformationChain {
  readonly #stages: readonly TransformationStage[];

  constructor(stages: readonly TransformationStage[]) {
    this.#stages = stages;
  }

  get isEmpty(): boolean {
    return this.#stages.length === 0;
  }

  async apply<RecordType extends TransformableRecord>(
    records: readonly RecordType[],
  ): Promise<ChainResult<RecordType>> {
    const current: (RecordType | null)[] = [...records];
    const failures: TransformationFailure[] = [];
    for (const stage of this.#stages) {
      const fail = (index: number, error: Error): void => {
        current[index] = null;
        failures.push({ index, error, alias: stage.alias, class: stage.class });
      };
      let positions = positionsOf(current);
      if (stage.predicate)
        positions = await select(
          stage.predicate,
          stage.isNegated ?? false,
          current,
          positions,
          fail,
        );
      if (positions.length === 0) continue;
      await change(stage.transform, current, positions, fail);
    }
    return { records: current, failures };
  }

  /** Closes every stage, also if one throws. @throws what the first of them threw. */
  async close(): Promise<void> {
    const errors: unknown[] = [];
    for (const { predicate, transform } of this.#stages)
      for (const part of [transform, predicate])
        try {
          await part?.close?.();
        } catch (error) {
          errors.push(error);
        }
    if (errors.length > 0) throw toError(errors[0]);
  }
}

type Fail = (index: number, error: Error) => void;

/** Of the records that are still there. */
function positionsOf(records: readonly unknown[]): number[] {
  const positions: number[] = [];
  for (let index = 0; index < records.length; index += 1)
    if (records[index] !== null) positions.push(index);
  return positions;
}

async function select(
  predicate: Predicate,
  isNegated: boolean,
  current: readonly (TransformableRecord | null)[],
  positions: readonly number[],
  fail: Fail,
): Promise<number[]> {
  const records = recordsAt(current, positions);
  let tested: TestedBatch;
  try {
    const testing = predicate.test(records);
    tested = testing instanceof Promise ? await testing : testing;
    assertLength(tested.matches, records);
  } catch (error) {
    for (const position of positions) fail(position, toError(error));
    return [];
  }
  const failed = new Set<number>();
  for (const { error, index } of tested.failures) {
    failed.add(index);
    fail(positions[index] ?? 0, error);
  }
  return positions.filter((_, index) => !failed.has(index) && tested.matches[index] !== isNegated);
}

async function change(
  transform: Transform,
  current: (TransformableRecord | null)[],
  positions: readonly number[],
  fail: Fail,
): Promise<void> {
  const records = recordsAt(current, positions);
  let changed: TransformedBatch<TransformableRecord>;
  try {
    const changing = transform.apply(records);
    changed = changing instanceof Promise ? await changing : changing;
    assertLength(changed.records, records);
  } catch (error) {
    // It says nothing of a single record, so it counts for each.
    for (const position of positions) fail(position, toError(error));
    return;
  }
  for (const [index, position] of positions.entries())
    current[position] = changed.records[index] ?? null;
  for (const { error, index } of changed.failures) fail(positions[index] ?? 0, error);
}

function recordsAt<RecordType>(
  current: readonly (RecordType | null)[],
  positions: readonly number[],
): RecordType[] {
  if (positions.length === current.length) return [...current] as RecordType[];
  return positions.map((position) => current[position] as RecordType);
}

function assertLength(results: readonly unknown[], records: readonly unknown[]): void {
  assert(
    results.length === records.length,
    `a transform or predicate answers for each of ${String(records.length)} records, not for ${String(results.length)}`,
  );
}
