/**
 * Kafka Connect's JsonConverter. With `schemas.enable` (the default) every value travels in an envelope
 * `{"schema": …, "payload": …}` of exactly these two fields; without, as plain JSON. With `schema.content`
 * what is read is plain JSON of that schema.
 */
import {
  type BytesBatch,
  boolean,
  ConfigError,
  type ConnectorConfig,
  type ConvertedBytes,
  type ConvertedData,
  type Converter,
  type DataBatch,
  DataError,
  defineConfig,
  int,
  logicalNames,
  type Schema,
  string,
} from '@sluice/connector-api';
import { toError } from '@sluice/kernel';
import { asBuffer, convertFromBytes, convertToBytes, type SchemaAndValue } from './batch.ts';
import { hasDecimals, type JsonReaders, jsonReaders } from './json-reader.ts';
import type { JsonReader } from './json-scalar-reader.ts';
import type { JsonWriter } from './json-scalar-writer.ts';
import { readSchema, writeSchema } from './json-schema.ts';
import { parseExactJson, parseJson, readJson, writeJson } from './json-text.ts';
import { type JsonWriters, jsonWriters } from './json-writer.ts';

export const jsonConverterConfig = defineConfig({
  'schemas.enable': boolean()
    .default(true)
    .importance('high')
    .group('Schemas')
    .displayName('Enable Schemas')
    .width('medium')
    .doc('Whether every key or value carries its schema in an envelope.'),
  'schemas.cache.size': int()
    .default(1000)
    .min(1)
    .importance('high')
    .group('Schemas')
    .displayName('Schema Cache Size')
    .width('medium')
    .doc('How many schemas are remembered, so that they are not read again for each record.'),
  'schema.content': string()
    .optional()
    .importance('high')
    .group('Schemas')
    .displayName('Schema Content')
    .width('medium')
    .doc(
      'The schema of all that is read, as JSON, instead of one in each record. For sinks, with schemas.enable.',
    ),
  'decimal.format': string()
    .oneOf('NUMERIC', 'BASE64')
    .ignoreCase()
    .default('BASE64')
    .importance('low')
    .group('Serialization')
    .displayName('Decimal Format')
    .width('medium')
    .doc('How decimals are written: as BASE64 of their bytes, or as a NUMERIC. Both are read.'),
  'replace.null.with.default': boolean()
    .default(true)
    .importance('low')
    .group('Serialization')
    .displayName('Replace null with default')
    .width('medium')
    .doc('Whether a null becomes the default, where the schema has one.'),
});

const envelopeProblem =
  'JsonConverter with schemas.enable requires "schema" and "payload" fields and may not contain additional fields.' +
  ' If you are trying to deserialize plain JSON data, set schemas.enable=false in your converter configuration.';

const closingBrace = 0x7d;

interface WrittenSchema {
  readonly prefix: string;
  readonly write: JsonWriter;
}

export class JsonConverter implements Converter {
  readonly #schemasEnabled: boolean;
  readonly #cachedSchemasMax: number;
  readonly #writers: JsonWriters;
  readonly #readers: JsonReaders;
  /** Of all that is read; from the configuration. */
  readonly #fixed: KnownSchema | undefined;
  /** Text of `{"schema":…,"payload":`, or nothing, and the writer, for each schema object seen. */
  readonly #written = new WeakMap<Schema, WrittenSchema>();
  /** Schema by its JSON text; bounded, oldest out first. */
  readonly #schemaOfText = new Map<string, Schema>();
  /** The envelope's beginning of the record before: most records of a batch have the same. */
  #lastRead: (KnownSchema & { readonly prefix: Buffer }) | undefined;

  /** @throws ConfigError */
  constructor(config: ConnectorConfig) {
    const parsed = jsonConverterConfig.parse(config);
    const replaceNullWithDefault = parsed['replace.null.with.default'];
    this.#schemasEnabled = parsed['schemas.enable'];
    this.#cachedSchemasMax = parsed['schemas.cache.size'];
    this.#writers = jsonWriters({
      decimalFormat: parsed['decimal.format'],
      replaceNullWithDefault,
    });
    this.#readers = jsonReaders({ replaceNullWithDefault });
    const fixedSchema = readContent(parsed['schema.content'] ?? '', this.#readers);
    this.#fixed = fixedSchema && this.#known(fixedSchema);
  }

  toBytes({ values, schemas }: DataBatch): ConvertedBytes {
    return convertToBytes(values, schemas, (schema, value) => {
      if (schema === undefined && (value === null || value === undefined)) return null;
      return Buffer.from(this.#write(schema, value), 'utf8');
    });
  }

  fromBytes({ bytes }: BytesBatch): ConvertedData {
    return convertFromBytes(bytes, (one) => {
      if (one === null) return { schema: undefined, value: null };
      const json = asBuffer(one);
      if (!this.#schemasEnabled)
        return { schema: undefined, value: readJson(json, parseJson) ?? null };
      if (this.#fixed) return readAs(this.#fixed, json);
      return this.#readAfterKnownPrefix(json) ?? this.#readWholeEnvelope(json);
    });
  }

  #write(schema: Schema | undefined, value: unknown): string {
    if (!schema) {
      const payload = writeJson(value);
      return this.#schemasEnabled ? `{"schema":null,"payload":${payload}}` : payload;
    }
    const { prefix, write } = this.#written.get(schema) ?? this.#prepare(schema);
    return prefix === '' ? write(value) : `${prefix}${write(value)}}`;
  }

  #prepare(schema: Schema): WrittenSchema {
    // First, since it is what refuses a schema that there cannot be.
    const write = this.#writers.of(schema);
    const prefix = this.#schemasEnabled
      ? `{"schema":${writeSchema(schema, this.#writers)},"payload":`
      : '';
    const written = { prefix, write };
    this.#written.set(schema, written);
    return written;
  }

  /** If the rest, without the closing brace, is JSON, then the envelope has exactly the two fields. */
  #readAfterKnownPrefix(json: Buffer): SchemaAndValue | undefined {
    const last = this.#lastRead;
    const prefixBytes = last?.prefix.length ?? 0;
    if (
      !last ||
      json.length <= prefixBytes ||
      json[json.length - 1] !== closingBrace ||
      json.compare(last.prefix, 0, prefixBytes, 0, prefixBytes) !== 0
    )
      return undefined;
    const { parse, read, schema } = last;
    let payload: unknown;
    try {
      payload = readJson(json.subarray(prefixBytes, -1), parse);
    } catch {
      return undefined;
    }
    // Nothing between the prefix and the brace is no envelope.
    if (payload === undefined) return undefined;
    return { schema, value: read(payload) };
  }

  #readWholeEnvelope(json: Buffer): SchemaAndValue {
    // Also a default may be a decimal.
    const mayHaveDecimals = json.includes(logicalNames.Decimal);
    const envelope = readJson(json, mayHaveDecimals ? parseExactJson : parseJson);
    if (
      typeof envelope !== 'object' ||
      envelope === null ||
      Object.keys(envelope).length !== 2 ||
      !('schema' in envelope && 'payload' in envelope)
    )
      throw new DataError(envelopeProblem);
    const schemaText = writeJson(envelope.schema);
    const schema = this.#schemaFor(schemaText, envelope.schema);
    const prefix = Buffer.from(`{"schema":${schemaText},"payload":`);
    if (json.subarray(0, prefix.length).equals(prefix))
      this.#lastRead = { prefix, ...this.#known(schema) };
    if (schema) return { schema, value: this.#readers.of(schema)(envelope.payload) };
    const { payload } = mayHaveDecimals
      ? (readJson(json, parseJson) as { readonly payload: unknown })
      : envelope;
    return { schema, value: payload };
  }

  #known(schema: Schema | undefined): KnownSchema {
    return { schema, parse: parserFor(schema), read: schema ? this.#readers.of(schema) : asItIs };
  }

  #schemaFor(text: string, json: unknown): Schema | undefined {
    const known = this.#schemaOfText.get(text);
    if (known) return known;
    const schema = readSchema(json, this.#readers);
    if (!schema) return undefined;
    if (this.#schemaOfText.size >= this.#cachedSchemasMax) {
      const [oldest] = this.#schemaOfText.keys();
      if (oldest !== undefined) this.#schemaOfText.delete(oldest);
    }
    this.#schemaOfText.set(text, schema);
    return schema;
  }
}

/** What reading a value of a schema takes; of none, too. */
interface KnownSchema {
  readonly schema: Schema | undefined;
  readonly parse: (text: string) => unknown;
  readonly read: JsonReader;
}

const asItIs: JsonReader = (json) => json;

function readAs({ parse, read, schema }: KnownSchema, json: Buffer): SchemaAndValue {
  return { schema, value: read(readJson(json, parse)) };
}

function parserFor(schema: Schema | undefined): (text: string) => unknown {
  return schema && hasDecimals(schema) ? parseExactJson : parseJson;
}

/** @throws ConfigError when it is no schema. */
function readContent(text: string, readers: JsonReaders): Schema | undefined {
  if (text === '') return undefined;
  try {
    return readSchema(readJson(Buffer.from(text), parseExactJson), readers);
  } catch (error) {
    const message = `Failed to parse schema in converter config schema.content: ${toError(error).message}`;
    throw new ConfigError([{ key: 'schema.content', message }]);
  }
}
