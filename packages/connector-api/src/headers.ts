/**
 * Headers of a record: a list in which a name may come several times, and every value may have a schema of
 * its own. Records carry plain lists; `ConnectHeaders` is for those who change them.
 */
import { schemaText } from './data-values.ts';
import type { Decimal } from './decimal.ts';
import { DataError } from './errors.ts';
import {
  bytesOfDecimal,
  dateSchema,
  daysOfDate,
  decimalSchema,
  msOfTime,
  msOfTimestamp,
  timeSchema,
  timestampSchema,
} from './logical-types.ts';
import { type InputOf, type Schema, schemas, type TypedSchema } from './schema.ts';
import type { RecordHeader } from './task.ts';
import { validateValue } from './validate-value.ts';

/** The last header of that name: the one that counts where one is expected. */
export function lastHeader(
  headers: readonly RecordHeader[] | undefined,
  name: string,
): RecordHeader | undefined {
  return headers?.findLast((header) => header.name === name);
}

/** All headers of that name, in their order. */
export function headersNamed(
  headers: readonly RecordHeader[] | undefined,
  name: string,
): RecordHeader[] {
  return headers?.filter((header) => header.name === name) ?? [];
}

/** Of each name the last one, in their order. */
export function latestHeaders(headers: readonly RecordHeader[]): RecordHeader[] {
  const last = new Map(headers.map((header, index) => [header.name, index]));
  return headers.filter((header, index) => last.get(header.name) === index);
}

/**
 * A list of headers that can be changed; each method returns the list. Give a record its `toArray()`.
 * @example
 * record.headers = new ConnectHeaders(record.headers).remove('trace').addString('via', 'sluice').toArray();
 */
export class ConnectHeaders implements Iterable<RecordHeader> {
  #headers: RecordHeader[];

  constructor(headers: Iterable<RecordHeader> = []) {
    this.#headers = [...headers];
  }

  get size(): number {
    return this.#headers.length;
  }

  isEmpty(): boolean {
    return this.#headers.length === 0;
  }

  /** @throws DataError when the value does not fit the schema. */
  add<S extends Schema>(name: string, value: InputOf<S>, schema?: S): this {
    if (schema) assertFits(value, schema);
    return this.#append(name, value ?? null, schema);
  }

  addString(name: string, value: string | null): this {
    return this.#typed(name, value, schemas.string, schemas.optionalString);
  }

  addBytes(name: string, value: Uint8Array | null): this {
    return this.#typed(name, value, schemas.bytes, schemas.optionalBytes);
  }

  addBoolean(name: string, value: boolean): this {
    return this.add(name, value, schemas.boolean);
  }

  addInt8(name: string, value: number): this {
    return this.add(name, value, schemas.int8);
  }

  addInt16(name: string, value: number): this {
    return this.add(name, value, schemas.int16);
  }

  addInt32(name: string, value: number): this {
    return this.add(name, value, schemas.int32);
  }

  addInt64(name: string, value: number | bigint): this {
    return this.add(name, value, schemas.int64);
  }

  addFloat32(name: string, value: number): this {
    return this.add(name, value, schemas.float32);
  }

  addFloat64(name: string, value: number): this {
    return this.add(name, value, schemas.float64);
  }

  /** The schema has the value's scale. */
  addDecimal(name: string, value: Decimal): this {
    const schema = decimalSchema(value.scale);
    bytesOfDecimal(schema, value);
    return this.add(name, value, schema);
  }

  /** @throws DataError when it is not midnight UTC. */
  addDate(name: string, value: Date): this {
    daysOfDate(value);
    return this.add(name, value, dateSchema);
  }

  /** @throws DataError when it is not on 1970-01-01. */
  addTime(name: string, value: Date): this {
    msOfTime(value);
    return this.add(name, value, timeSchema);
  }

  addTimestamp(name: string, value: Date): this {
    msOfTimestamp(value);
    return this.add(name, value, timestampSchema);
  }

  lastWithName(name: string): RecordHeader | undefined {
    return lastHeader(this.#headers, name);
  }

  allWithName(name: string): RecordHeader[] {
    return headersNamed(this.#headers, name);
  }

  remove(name: string): this {
    this.#headers = this.#headers.filter((header) => header.name !== name);
    return this;
  }

  /** Leaves the last header of that name, or of each name. */
  retainLatest(name?: string): this {
    const last = name === undefined ? undefined : this.lastWithName(name);
    this.#headers =
      name === undefined
        ? latestHeaders(this.#headers)
        : this.#headers.filter((header) => header.name !== name || header === last);
    return this;
  }

  clear(): this {
    this.#headers = [];
    return this;
  }

  /** Replaces each header, or those of one name, by what `change` returns; undefined takes it out. */
  apply(change: (header: RecordHeader) => RecordHeader | undefined, name?: string): this {
    this.#headers = this.#headers.flatMap((header) =>
      name === undefined || header.name === name ? (change(header) ?? []) : header,
    );
    return this;
  }

  duplicate(): ConnectHeaders {
    return new ConnectHeaders(this.#headers);
  }

  toArray(): readonly RecordHeader[] {
    return [...this.#headers];
  }

  [Symbol.iterator](): Iterator<RecordHeader> {
    return this.#headers.values();
  }

  #typed<Value>(
    name: string,
    value: Value | null,
    schema: TypedSchema<Value>,
    whenNull: Schema,
  ): this {
    return value === null
      ? this.#append(name, null, whenNull)
      : this.add<TypedSchema<Value>>(name, value, schema);
  }

  #append(name: string, value: unknown, schema: Schema | undefined): this {
    this.#headers.push(schema ? { name, value, schema } : { name, value });
    return this;
  }
}

function assertFits(value: unknown, schema: Schema): void {
  if ((value === null || value === undefined) && !schema.optional)
    throw new DataError(`A null value requires an optional schema but was ${schemaText(schema)}`);
  validateValue(schema, value, 'header');
}
