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
  readonly version: string;
  readonly transform: Transform;
  readonly predicate?: Predicate;
  /** Which one that is. */
  readonly predicatePlugin?: PredicateName;
  /** Applies to the records that the predicate is false for. */
  readonly isNegated?: boolean;
}

/** A predicate as the definition names it, and what it is. */
export interface PredicateName {
  readonly alias: string;
  readonly class: string;
  readonly version: string;
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

/**
 * What becomes of those that failed at one stage: returns those that are given up, after having tried some again
 * with `redo`, which answers like the first try did. May throw instead.
 */
export type SettleFailures = (
  stage: TransformationStage,
  failures: readonly ConversionFailure[],
  redo: (positions: readonly number[]) => Promise<readonly ConversionFailure[]>,
) => Promise<readonly ConversionFailure[]>;

/** Who sees what passes a stage, batch by batch. Must not throw. */
export interface StageObserver {
  /** Records that come to it, those that its predicate leaves out among them. */
  began(stage: TransformationStage, records: number): void;
  /** Records that go on. */
  ended(stage: TransformationStage, records: number): void;
}

export class TransformationChain {
  readonly #stages: readonly TransformationStage[];

  constructor(stages: readonly TransformationStage[]) {
    this.#stages = stages;
  }

  get isEmpty(): boolean {
    return this.#stages.length === 0;
  }

  get stages(): readonly TransformationStage[] {
    return this.#stages;
  }

  /** What is null stays null. Without `settle` nothing is tried again. @throws what `settle` throws. */
  async apply<RecordType extends TransformableRecord>(
    records: readonly (RecordType | null)[],
    settle?: SettleFailures,
    observer?: StageObserver,
  ): Promise<ChainResult<RecordType>> {
    const current: (RecordType | null)[] = [...records];
    const failures: TransformationFailure[] = [];
    let positions = positionsOf(current);
    for (const stage of this.#stages) {
      const run = (some: readonly number[]): Promise<readonly ConversionFailure[]> =>
        applyStage(stage, current, some);
      if (positions.length === 0) break;
      observer?.began(stage, positions.length);
      let failed = await run(positions);
      if (failed.length > 0 && settle) failed = await settle(stage, failed, run);
      for (const { error, index } of failed) {
        current[index] = null;
        failures.push({ index, error, alias: stage.alias, class: stage.class });
      }
      positions = positionsOf(current);
      observer?.ended(stage, positions.length);
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

/** Of the records that are still there. */
function positionsOf(records: readonly unknown[]): number[] {
  const positions: number[] = [];
  for (let index = 0; index < records.length; index += 1)
    if (records[index] !== null) positions.push(index);
  return positions;
}

/** Changes `current` at these positions, except at those that failed. */
async function applyStage(
  { isNegated = false, predicate, transform }: TransformationStage,
  current: (TransformableRecord | null)[],
  positions: readonly number[],
): Promise<readonly ConversionFailure[]> {
  if (!predicate) return change(transform, current, positions);
  const { failures, selected } = await select(predicate, isNegated, current, positions);
  if (selected.length === 0) return failures;
  return [...failures, ...(await change(transform, current, selected))];
}

interface Selected {
  readonly selected: readonly number[];
  readonly failures: readonly ConversionFailure[];
}

async function select(
  predicate: Predicate,
  isNegated: boolean,
  current: readonly (TransformableRecord | null)[],
  positions: readonly number[],
): Promise<Selected> {
  const records = recordsAt(current, positions);
  let tested: TestedBatch;
  try {
    const testing = predicate.test(records);
    tested = testing instanceof Promise ? await testing : testing;
    assertLength(tested.matches, records);
  } catch (error) {
    if (positions.length === 1)
      return { selected: [], failures: [{ index: positions[0] ?? 0, error: toError(error) }] };
    const each: Selected[] = [];
    for (const position of positions)
      each.push(await select(predicate, isNegated, current, [position]));
    return {
      selected: each.flatMap(({ selected }) => selected),
      failures: each.flatMap(({ failures }) => failures),
    };
  }
  const failed = new Set(tested.failures.map(({ index }) => index));
  return {
    selected: positions.filter(
      (_, index) => !failed.has(index) && tested.matches[index] !== isNegated,
    ),
    failures: tested.failures.map(({ error, index }) => ({ index: positions[index] ?? 0, error })),
  };
}

async function change(
  transform: Transform,
  current: (TransformableRecord | null)[],
  positions: readonly number[],
): Promise<readonly ConversionFailure[]> {
  const records = recordsAt(current, positions);
  let changed: TransformedBatch<TransformableRecord>;
  try {
    const changing = transform.apply(records);
    changed = changing instanceof Promise ? await changing : changing;
    assertLength(changed.records, records);
  } catch (error) {
    if (positions.length === 1) return [{ index: positions[0] ?? 0, error: toError(error) }];
    // It does not say which record it is: one by one, so that the others are not lost with it.
    const failures: ConversionFailure[] = [];
    for (const position of positions)
      failures.push(...(await change(transform, current, [position])));
    return failures;
  }
  const failed = new Set(changed.failures.map(({ index }) => index));
  for (let index = 0; index < positions.length; index += 1)
    if (failed.size === 0 || !failed.has(index))
      current[positions[index] ?? 0] = changed.records[index] ?? null;
  return changed.failures.map(({ error, index }) => ({ index: positions[index] ?? 0, error }));
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
