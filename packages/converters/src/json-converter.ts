/**
 * Kafka Connect's JsonConverter. With `schemas.enable` (the default) every value travels in an envelope
 * `{"schema": …, "payload": …}` of exactly these two fields; without, as plain JSON.
 */
import {
  type BytesBatch,
  boolean,
  type ConnectorConfig,
  type ConvertedBytes,
  type ConvertedData,
  type Converter,
  type DataBatch,
  DataError,
  defineConfig,
  int,
  type Schema,
} from '@sluice/connector-api';
import { asBuffer, convertFromBytes, convertToBytes, type SchemaAndValue } from './batch.ts';
import { readerOf } from './json-reader.ts';
import { readSchema, writeSchema } from './json-schema.ts';
import { parseJson, writeJson } from './json-text.ts';
import { writerOf } from './json-writer.ts';

export const jsonConverterConfig = defineConfig({
  'schemas.enable': boolean()
    .default(true)
    .importance('high')
    .group('Schemas')
    .displayName('Enable Schemas')
    .doc('Whether every key or value carries its schema in an envelope.'),
  'schemas.cache.size': int()
    .default(1000)
    .min(1)
    .importance('high')
    .group('Schemas')
    .displayName('Schema Cache Size')
    .doc('How many schemas are remembered, so that they are not read again for each record.'),
});

const envelopeProblem =
  'JsonConverter with schemas.enable requires "schema" and "payload" fields and may not contain additional fields.' +
  ' If you are trying to deserialize plain JSON data, set schemas.enable=false in your converter configuration.';

const closingBrace = 0x7d;

export class JsonConverter implements Converter {
  readonly #schemasEnabled: boolean;
  readonly #cachedSchemasMax: number;
  /** Text of `{"schema":…,"payload":` for each schema object seen. */
  readonly #prefixOfSchema = new WeakMap<Schema, string>();
  /** Schema by its JSON text; bounded, oldest out first. */
  readonly #schemaOfText = new Map<string, Schema>();
  /** The envelope's beginning of the record before: most records of a batch have the same. */
  #lastRead: { readonly prefix: Buffer; readonly schema: Schema | undefined } | undefined;

  constructor(config: ConnectorConfig) {
    const parsed = jsonConverterConfig.parse(config);
    this.#schemasEnabled = parsed['schemas.enable'];
    this.#cachedSchemasMax = parsed['schemas.cache.size'];
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
      if (this.#schemasEnabled)
        return this.#readAfterKnownPrefix(json) ?? this.#readWholeEnvelope(json.toString('utf8'));
      return { schema: undefined, value: parse(json.toString('utf8')) ?? null };
    });
  }

  #write(schema: Schema | undefined, value: unknown): string {
    const payload = schema ? writerOf(schema)(value) : writeJson(value);
    if (!this.#schemasEnabled) return payload;
    if (!schema) return `{"schema":null,"payload":${payload}}`;
    let prefix = this.#prefixOfSchema.get(schema);
    if (prefix === undefined) {
      prefix = `{"schema":${writeSchema(schema)},"payload":`;
      this.#prefixOfSchema.set(schema, prefix);
    }
    return `${prefix}${payload}}`;
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
    let payload: unknown;
    try {
      payload = parseJson(json.toString('utf8', prefixBytes, json.length - 1));
    } catch {
      return undefined;
    }
    return { schema: last.schema, value: last.schema ? readerOf(last.schema)(payload) : payload };
  }

  #readWholeEnvelope(text: string): SchemaAndValue {
    const envelope = parse(text);
    if (
      typeof envelope !== 'object' ||
      envelope === null ||
      Object.keys(envelope).length !== 2 ||
      !('schema' in envelope && 'payload' in envelope)
    )
      throw new DataError(envelopeProblem);
    const schemaText = writeJson(envelope.schema);
    const schema = this.#schemaFor(schemaText, envelope.schema);
    const prefix = `{"schema":${schemaText},"payload":`;
    if (text.startsWith(prefix)) this.#lastRead = { prefix: Buffer.from(prefix), schema };
    return { schema, value: schema ? readerOf(schema)(envelope.payload) : envelope.payload };
  }

  #schemaFor(text: string, json: unknown): Schema | undefined {
    const known = this.#schemaOfText.get(text);
    if (known) return known;
    const schema = readSchema(json);
    if (!schema) return undefined;
    if (this.#schemaOfText.size >= this.#cachedSchemasMax) {
      const [oldest] = this.#schemaOfText.keys();
      if (oldest !== undefined) this.#schemaOfText.delete(oldest);
    }
    this.#schemaOfText.set(text, schema);
    return schema;
  }
}

/** Nothing but whitespace is not an error to Kafka Connect: it is undefined. */
function parse(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return parseJson(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError(
      `Converting byte[] to Kafka Connect data failed due to serialization error: ${reason}`,
      { cause: error },
    );
  }
}
