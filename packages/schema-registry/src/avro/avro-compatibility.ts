/** Whether what is written by one Avro schema can be read by another: Avro's rules, as avsc has them. */
import { DataError } from '@sluice/connector-api';
import { toError } from '@sluice/kernel';
import type avro from 'avsc';
import { lazily } from '../lazily.ts';

/** Needed for this comparison only. */
const avsc = lazily('avsc') as () => typeof avro;

export interface ReaderSchema {
  readonly schema: string;
  /** What it refers to, in the order in which they need each other. */
  readonly references: readonly string[];
}

/** @throws DataError that says why not */
export function assertReadable(reader: ReaderSchema, written: string): void {
  try {
    avscType(reader).createResolver(avscType({ schema: written, references: [] }));
  } catch (error) {
    throw new DataError(
      'Incompatible schema: the latest version in the registry cannot stand for the schema of the data' +
        ` (${toError(error).message}). Set latest.compatibility.strict=false to disable this check`,
      { cause: error },
    );
  }
}

/** A type of avsc, whose longs are bigints: it refuses numbers beyond 2^53. */
export function avscType({ schema, references }: ReaderSchema): avro.Type {
  const registry: Record<string, avro.Type> = {};
  const options = { registry, wrapUnions: true, typeHook: exactLong };
  for (const text of references) avsc().Type.forSchema(parsed(text), options);
  return avsc().Type.forSchema(parsed(schema), options);
}

function exactLong(schema: avro.Schema): avro.Type | undefined {
  const kind = typeof schema === 'object' && 'type' in schema ? schema.type : schema;
  if (kind !== 'long') return undefined;
  // oxlint-disable-next-line no-underscore-dangle -- what avsc calls it
  return avsc().types.LongType.__with({
    fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
    toBuffer: (value: bigint) => {
      const buffer = Buffer.alloc(8);
      buffer.writeBigInt64LE(value);
      return buffer;
    },
    // A default comes as a double, which may have been rounded up.
    fromJSON: (json: number) => BigInt.asIntN(64, BigInt(json)),
    toJSON: Number,
    isValid: (value: unknown) => typeof value === 'bigint',
    compare: (one: bigint, other: bigint) => (one < other ? -1 : Number(one > other)),
  });
}

function parsed(text: string): avro.Schema {
  return JSON.parse(text) as avro.Schema;
}
