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
import { readValue } from './json-reader.ts';
import { readSchema, writeSchema } from './json-schema.ts';
import { parseJson, writeJson } from './json-text.ts';
import { writeValue } from './json-writer.ts';

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

export class JsonConverter implements Converter {
  readonly #schemasEnabled: boolean;
  readonly #cachedSchemasMax: number;
  /** Text of `{"schema":…,"payload":` for each schema object seen. */
  readonly #prefixOfSchema = new WeakMap<Schema, string>();
  /** Schema by its JSON text; bounded, oldest out first. */
  readonly #schemaOfText = new Map<string, Schema>();
  /** The envelope's beginning of the record before: most records of a batch have the same. */
  #lastRead: { readonly prefix: string; readonly schema: Schema | undefined } | undefined;

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
      const text = asBuffer(one).toString('utf8');
      return this.#schemasEnabled
        ? this.#readEnvelope(text)
        : { schema: undefined, value: parse(text) };
    });
  }

  #write(schema: Schema | undefined, value: unknown): string {
    if (!this.#schemasEnabled) return writeValue(schema, value);
    if (schema === undefined) return `{"schema":null,"payload":${writeJson(value)}}`;
    let prefix = this.#prefixOfSchema.get(schema);
    if (prefix === undefined) {
      prefix = `{"schema":${writeSchema(schema)},"payload":`;
      this.#prefixOfSchema.set(schema, prefix);
    }
    return `${prefix}${writeValue(schema, value)}}`;
  }

  #readEnvelope(text: string): SchemaAndValue {
    return this.#readAfterKnownPrefix(text) ?? this.#readWholeEnvelope(text);
  }

  /** If the rest, without the closing brace, is JSON, then the envelope has exactly the two fields. */
  #readAfterKnownPrefix(text: string): SchemaAndValue | undefined {
    const last = this.#lastRead;
    if (!last || !text.endsWith('}') || !text.startsWith(last.prefix)) return undefined;
    let payload: unknown;
    try {
      payload = parseJson(text.slice(last.prefix.length, -1));
    } catch {
      return undefined;
    }
    return { schema: last.schema, value: last.schema ? readValue(last.schema, payload) : payload };
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
    if (text.startsWith(prefix)) this.#lastRead = { prefix, schema };
    return { schema, value: schema ? readValue(schema, envelope.payload) : envelope.payload };
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

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new DataError(
      'Converting byte[] to Kafka Connect data failed due to serialization error: ',
      { cause: error },
    );
  }
}
