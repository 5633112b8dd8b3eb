/** One part (keys, values, headers) of a batch through its converter: one call, and more only if something fails. */
import type { ConversionFailure, Converter, Schema } from '@sluice/connector-api';
import { assert, SluiceError, toError } from '@sluice/kernel';

import type { BatchFailures } from './errors/batch-failures.ts';
import type { TaskConverters } from './task-converters.ts';

export type Role = 'key' | 'value' | 'header';

export interface Part {
  readonly role: Role;
  readonly topic: string;
  readonly converters: TaskConverters;
  readonly failures: BatchFailures;
  /** Index in the batch of what is converted. */
  readonly at: (index: number) => number;
  /** For the error: where a record comes from. */
  readonly where: (index: number) => string;
}

const stages = {
  key: 'KEY_CONVERTER',
  value: 'VALUE_CONVERTER',
  header: 'HEADER_CONVERTER',
} as const;

/** Undefined when all are null: a null without a schema is null in every converter. */
export async function toBytes(
  part: Part,
  values: readonly unknown[],
  schemas: readonly (Schema | undefined)[] | undefined,
): Promise<readonly (Uint8Array | null)[] | undefined> {
  if (!schemas && values.every((value) => value === null || value === undefined)) return undefined;
  const converter = part.converters[part.role];
  const first = await callToBytes(converter, part.topic, values, schemas);
  if (first.failures.length === 0) return first.bytes;
  const bytes = [...first.bytes];
  await settle(part, first.failures, async (indexes) => {
    const again = await callToBytes(
      converter,
      part.topic,
      indexes.map((index) => values[index]),
      schemas && indexes.map((index) => schemas[index]),
    );
    for (const [position, index] of indexes.entries()) bytes[index] = again.bytes[position] ?? null;
    return again.failures;
  });
  return bytes;
}

export interface Data {
  readonly values: readonly unknown[];
  readonly schemas?: readonly (Schema | undefined)[] | undefined;
}

/** Null is for the converter to read, too: StringConverter makes a null of it that has a schema. */
export async function fromBytes(part: Part, bytes: readonly (Uint8Array | null)[]): Promise<Data> {
  const converter = part.converters[part.role];
  const first = await callFromBytes(converter, part.topic, bytes);
  if (first.failures.length === 0) return first;
  const values = [...first.values];
  const schemas = bytes.map((_, index) => first.schemas?.[index]);
  await settle(part, first.failures, async (indexes) => {
    const some = indexes.map((index) => bytes[index] ?? null);
    const again = await callFromBytes(converter, part.topic, some);
    for (const [position, index] of indexes.entries()) {
      values[index] = again.values[position] ?? null;
      schemas[index] = again.schemas?.[position];
    }
    return again.failures;
  });
  return { values, schemas };
}

/** Undefined: some of it cannot be converted; nothing is counted as failed by that. */
export async function wholeFromBytes(
  { converters, role, topic }: Part,
  bytes: readonly (Uint8Array | null)[],
): Promise<Data | undefined> {
  const first = await callFromBytes(converters[role], topic, bytes);
  return first.failures.length === 0 ? first : undefined;
}

async function settle(
  { at, converters, failures, role, topic, where }: Part,
  failed: readonly ConversionFailure[],
  redo: (indexes: readonly number[]) => Promise<readonly ConversionFailure[]>,
): Promise<void> {
  await failures.settle({
    stage: stages[role],
    class: converters.classes[role],
    failures: failed,
    at,
    redo: async (indexes) =>
      (await redo(indexes)).map(({ error, index }) => ({ index: indexes[index] ?? 0, error })),
    refusal: ({ error, index }) =>
      new SluiceError(
        'task.conversion_failed',
        `Tolerance exceeded in error handler: the ${role} of a record of ${where(index)} cannot be converted`,
        { details: { role, topic }, cause: error },
      ),
  });
}

interface ToBytes {
  readonly bytes: readonly (Uint8Array | null)[];
  readonly failures: readonly ConversionFailure[];
}

/** A converter that throws does not say at which record: one by one, so that the others are not lost with it. */
async function callToBytes(
  converter: Converter,
  topic: string,
  values: readonly unknown[],
  schemas: readonly (Schema | undefined)[] | undefined,
): Promise<ToBytes> {
  try {
    const converting = converter.toBytes(schemas ? { topic, values, schemas } : { topic, values });
    const converted = converting instanceof Promise ? await converting : converting;
    assertAnswered(converted.bytes, values);
    return converted;
  } catch (error) {
    if (values.length === 1)
      return { bytes: [null], failures: [{ index: 0, error: toError(error) }] };
    const bytes: (Uint8Array | null)[] = [];
    const failures: ConversionFailure[] = [];
    for (const [index, value] of values.entries()) {
      const one = await callToBytes(converter, topic, [value], schemas && [schemas[index]]);
      bytes.push(one.bytes[0] ?? null);
      failures.push(...one.failures.map((failure) => ({ error: failure.error, index })));
    }
    return { bytes, failures };
  }
}

interface FromBytes {
  readonly values: readonly unknown[];
  readonly schemas?: readonly (Schema | undefined)[];
  readonly failures: readonly ConversionFailure[];
}

async function callFromBytes(
  converter: Converter,
  topic: string,
  bytes: readonly (Uint8Array | null)[],
): Promise<FromBytes> {
  try {
    const converting = converter.fromBytes({ topic, bytes });
    const converted = converting instanceof Promise ? await converting : converting;
    assertAnswered(converted.values, bytes);
    return converted;
  } catch (error) {
    if (bytes.length === 1)
      return { values: [null], failures: [{ index: 0, error: toError(error) }] };
    const values: unknown[] = [];
    const schemas: (Schema | undefined)[] = [];
    const failures: ConversionFailure[] = [];
    for (const [index, one] of bytes.entries()) {
      const alone = await callFromBytes(converter, topic, [one]);
      values.push(alone.values[0] ?? null);
      schemas.push(alone.schemas?.[0]);
      failures.push(...alone.failures.map(({ error: each }) => ({ error: each, index })));
    }
    return { values, schemas, failures };
  }
}

function assertAnswered(results: readonly unknown[], given: readonly unknown[]): void {
  assert(
    results.length === given.length,
    `a converter answers for each of ${String(given.length)} records, not for ${String(results.length)}`,
  );
}
