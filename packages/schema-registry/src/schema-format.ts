/** What Avro, Protobuf and JSON Schema have to say for themselves; all else about a registry they share. */
import type { Schema } from '@sluice/connector-api';
import type { RegistrySchemaType, ResolvedSchema, SchemaText } from './registry/registry-client.ts';
import type { ByteSink } from './wire/byte-sink.ts';

export interface SchemaFormat {
  readonly schemaType: RegistrySchemaType;
  /** In messages: `Avro`. */
  readonly label: string;
  /** What is registered for a schema, and writes its values. @throws DataError */
  writerOf(schema: Schema | undefined): FormatWriter;
  /**
   * Writes values of a schema as another, registered one has them.
   * @throws DataError when it cannot; with `isStrict` also when the registered one is not compatible
   */
  writerFor(
    schema: Schema | undefined,
    registered: ResolvedSchema,
    isStrict: boolean,
  ): FormatWriter;
  /** Which of the things that a registered schema may mean the bytes behind the id are; `''`: there is only one. */
  variantOf(payload: Buffer): string;
  /** The full name of the record, for subjects that are called after it. @throws DataError */
  recordNameOf(registered: ResolvedSchema, variant: string): string | undefined;
  /** `version` is that of the subject, for schemas that say none themselves. @throws DataError */
  readerOf(registered: ResolvedSchema, variant: string, version: number | undefined): FormatReader;
}

export interface FormatWriter {
  readonly text: SchemaText;
  readonly recordName: string | undefined;
  /** Writes what comes after the id; false: the record has no bytes at all. @throws DataError */
  readonly write: (value: unknown, sink: ByteSink) => boolean;
}

export interface SchemaAndValue {
  readonly schema: Schema | undefined;
  readonly value: unknown;
}

/** Reads what comes after the id. @throws DataError */
export type FormatReader = (payload: Buffer) => SchemaAndValue;
