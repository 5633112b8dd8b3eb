/**
 * A converter whose schemas are in a Schema Registry. The schemas and ids of a batch are asked for once; a batch
 * of which all are known needs no promise at all.
 *
 * What goes wrong: a record that does not fit, and a schema that the registry does not have or refuses, are
 * failures of the records concerned. A registry that does not answer, or does not let us in, rejects the whole
 * batch: it says nothing about the records, and must not make anyone skip them.
 */
import {
  type BytesBatch,
  type ConversionFailure,
  type ConvertedBytes,
  type ConvertedData,
  type Converter,
  type DataBatch,
  DataError,
  type Schema,
  schemaFingerprint,
} from '@sluice/connector-api';
import { toError } from '@sluice/kernel';
import { BoundedCache } from './registry/bounded-cache.ts';
import type { RegistryClient } from './registry/registry-client.ts';
import { SchemaRegistryError } from './registry/registry-errors.ts';
import type { SubjectNameStrategy } from './registry/registry-keys.ts';
import { subjectName } from './registry/subject-name.ts';
import type { FormatReader, FormatWriter, SchemaFormat } from './schema-format.ts';
import { ByteSink } from './wire/byte-sink.ts';
import { prefixBytes, schemaIdOf, writePrefix } from './wire/wire-format.ts';

export interface RegistryConverterOptions {
  readonly format: SchemaFormat;
  readonly client: RegistryClient;
  readonly isKey: boolean;
  readonly strategy: SubjectNameStrategy;
  /** How the id of a schema is found: `register` it, `lookup` what must be there, take the `latest` version. */
  readonly ids: 'register' | 'lookup' | 'latest';
  readonly isLatestStrict: boolean;
  readonly cachedSchemasMax: number;
}

interface Encoding {
  readonly id: number;
  readonly writer: FormatWriter;
}

/** What became of one kind of records of a batch: they can be converted, or why not. */
type Outcome<Known> = Known | Error;

export class RegistryConverter implements Converter {
  readonly #options: RegistryConverterOptions;
  readonly #sink = new ByteSink();
  readonly #writerOfSchema = new WeakMap<Schema, FormatWriter>();
  /** By fingerprint: sources make the same schema anew. */
  readonly #writers: BoundedCache<string, FormatWriter>;
  /** By fingerprint and id of the version that is written. */
  readonly #latestWriters: BoundedCache<string, FormatWriter>;
  /** By topic, id and variant. */
  readonly #readers: BoundedCache<string, FormatReader>;

  constructor(options: RegistryConverterOptions) {
    this.#options = options;
    this.#writers = new BoundedCache(options.cachedSchemasMax);
    this.#latestWriters = new BoundedCache(options.cachedSchemasMax);
    this.#readers = new BoundedCache(options.cachedSchemasMax);
  }

  toBytes(batch: DataBatch): ConvertedBytes | Promise<ConvertedBytes> {
    const { topic, values, schemas } = batch;
    const encodings = new Map<Schema | undefined, Outcome<Encoding>>();
    const waiting: Promise<void>[] = [];
    for (let index = 0; index < values.length; index += 1) {
      const schema = schemas?.[index];
      if (encodings.has(schema) || isTombstone(schema, values[index])) continue;
      this.#settle(encodings, schema, waiting, () => this.#encodingOf(topic, schema));
    }
    if (waiting.length === 0) return this.#encode(batch, encodings);
    return Promise.all(waiting).then(() => this.#encode(batch, encodings));
  }

  fromBytes({ topic, bytes }: BytesBatch): ConvertedData | Promise<ConvertedData> {
    const readers = new Map<string, Outcome<FormatReader>>();
    const waiting: Promise<void>[] = [];
    let last = '';
    // For each record the key of its reader, or what is wrong with its beginning.
    const kinds = bytes.map((one): string | Error | null => {
      if (one === null) return null;
      try {
        const id = schemaIdOf(one);
        const variant = this.#options.format.variantOf(payloadOf(one));
        const kind = `${String(id)} ${variant}`;
        if (kind === last || readers.has(kind)) return kind;
        last = kind;
        this.#settle(readers, kind, waiting, () => this.#readerOf(topic, id, variant));
        return kind;
      } catch (error) {
        if (!isAboutRecords(error)) throw error;
        return this.#deserializationError(topic, error);
      }
    });
    if (waiting.length === 0) return this.#decode(topic, bytes, kinds, readers);
    return Promise.all(waiting).then(() => this.#decode(topic, bytes, kinds, readers));
  }

  /** Puts the outcome under its key, now or when the registry has answered. */
  #settle<Key, Known>(
    outcomes: Map<Key, Outcome<Known>>,
    key: Key,
    waiting: Promise<void>[],
    find: () => Known | Promise<Known>,
  ): void {
    const failed = (error: unknown): void => {
      if (!isAboutRecords(error)) throw error;
      outcomes.set(key, toError(error));
    };
    // Nothing to say yet, but asked for.
    outcomes.set(key, notSettled);
    try {
      const found = find();
      if (found instanceof Promise)
        waiting.push(
          found.then((known) => {
            outcomes.set(key, known);
          }, failed),
        );
      else outcomes.set(key, found);
    } catch (error) {
      if (isAboutRecords(error)) outcomes.set(key, toError(error));
      // With those that are waited for: none of them may be left alone with its failure.
      else waiting.push(Promise.reject(toError(error)));
    }
  }

  #encodingOf(topic: string, schema: Schema | undefined): Encoding | Promise<Encoding> {
    const { client, ids, isKey, strategy } = this.#options;
    const writer = this.#writerOf(schema);
    const { recordName } = writer;
    const subject = subjectName({ strategy, topic, isKey, recordName });
    if (ids === 'latest') {
      const latest = client.latest(subject);
      const encodingOf = (version: Awaited<typeof latest>): Encoding => ({
        id: version.id,
        writer: this.#latestWriterOf(schema, version),
      });
      return latest instanceof Promise ? latest.then(encodingOf) : encodingOf(latest);
    }
    const id =
      ids === 'register'
        ? client.register(subject, writer.text)
        : client.lookup(subject, writer.text);
    return typeof id === 'number' ? { id, writer } : id.then((known) => ({ id: known, writer }));
  }

  #writerOf(schema: Schema | undefined): FormatWriter {
    const known = schema && this.#writerOfSchema.get(schema);
    if (known) return known;
    const fingerprint = fingerprintOf(schema);
    let writer = this.#writers.get(fingerprint);
    if (!writer) {
      writer = guarded(() => this.#options.format.writerOf(schema));
      this.#writers.set(fingerprint, writer);
    }
    if (schema) this.#writerOfSchema.set(schema, writer);
    return writer;
  }

  #latestWriterOf(
    schema: Schema | undefined,
    version: Awaited<ReturnType<RegistryClient['latest']>>,
  ): FormatWriter {
    const key = `${String(version.id)} ${fingerprintOf(schema)}`;
    let writer = this.#latestWriters.get(key);
    if (!writer) {
      const { format, isLatestStrict } = this.#options;
      writer = guarded(() => format.writerFor(schema, version, isLatestStrict));
      this.#latestWriters.set(key, writer);
    }
    return writer;
  }

  #readerOf(topic: string, id: number, variant: string): FormatReader | Promise<FormatReader> {
    const key = JSON.stringify([topic, id, variant]);
    return this.#readers.getOrLoad(key, async () => {
      const { format, client, isKey, strategy } = this.#options;
      const registered = await client.schemaById(id);
      if (registered.schemaType !== format.schemaType)
        throw new DataError(
          `The schema with id ${String(id)} is of type ${registered.schemaType}: read it with the converter for that`,
        );
      const recordName = guarded(() => format.recordNameOf(registered, variant));
      const subject = subjectName({ strategy, topic, isKey, recordName });
      const version = (await client.versionOf(subject, registered)) ?? undefined;
      return guarded(() => format.readerOf(registered, variant, version));
    });
  }

  #encode(
    { topic, values, schemas }: DataBatch,
    encodings: ReadonlyMap<Schema | undefined, Outcome<Encoding>>,
  ): ConvertedBytes {
    const failures: ConversionFailure[] = [];
    const bytes = values.map((value, index) => {
      const schema = schemas?.[index];
      if (isTombstone(schema, value)) return null;
      const encoding = encodings.get(schema);
      try {
        if (encoding === undefined || encoding instanceof Error) throw encoding ?? notSettled;
        return this.#write(encoding, value);
      } catch (error) {
        const { label } = this.#options.format;
        failures.push({
          index,
          error: dataError(`Failed to serialize ${label} data from topic ${topic}`, error),
        });
        return null;
      }
    });
    return { bytes, failures };
  }

  #write({ id, writer }: Encoding, value: unknown): Buffer | null {
    const sink = this.#sink;
    sink.reset();
    writePrefix(sink, id);
    return writer.write(value, sink) ? sink.take() : null;
  }

  #decode(
    topic: string,
    bytes: readonly (Uint8Array | null)[],
    kinds: readonly (string | Error | null)[],
    readers: ReadonlyMap<string, Outcome<FormatReader>>,
  ): ConvertedData {
    const failures: ConversionFailure[] = [];
    const schemas: (Schema | undefined)[] = [];
    const values = bytes.map((one, index) => {
      const kind = kinds[index] ?? null;
      schemas.push(undefined);
      if (one === null || kind === null) return null;
      try {
        const reader = kind instanceof Error ? kind : readers.get(kind);
        if (reader === undefined || reader instanceof Error) throw reader ?? notSettled;
        const { schema, value } = reader(payloadOf(one));
        schemas[index] = schema;
        return value;
      } catch (error) {
        const failure = kind instanceof Error ? kind : this.#deserializationError(topic, error);
        failures.push({ index, error: failure });
        return null;
      }
    });
    return schemas.some((schema) => schema !== undefined)
      ? { values, schemas, failures }
      : { values, failures };
  }

  #deserializationError(topic: string, error: unknown): DataError {
    const { label } = this.#options.format;
    return dataError(`Failed to deserialize data for topic ${topic} to ${label}`, error);
  }
}

const notSettled = new DataError('The schema was not asked for');

function isTombstone(schema: Schema | undefined, value: unknown): boolean {
  return schema === undefined && (value === null || value === undefined);
}

function fingerprintOf(schema: Schema | undefined): string {
  return schema ? schemaFingerprint(schema) : '';
}

/** Behind the prefix; a view of the same bytes. */
function payloadOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset + prefixBytes, bytes.length - prefixBytes);
}

/** The registry's schemas come from anywhere: one that is nested without end is an error like any other. */
function guarded<Made>(make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError)
      throw new DataError('The schema is nested too deeply', { cause: error });
    throw error;
  }
}

function isAboutRecords(error: unknown): boolean {
  if (error instanceof SchemaRegistryError) return error.isAboutSchema;
  return error instanceof DataError;
}

function dataError(what: string, cause: unknown): DataError {
  const reason = cause instanceof RangeError ? 'it is nested too deeply' : toError(cause).message;
  return new DataError(`${what}: ${reason}`, { cause });
}
