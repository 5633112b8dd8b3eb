/** JSON Schema as a format of schemas in a registry. What is behind the id is JSON text. */

import { DataError, logicalTypeOf, type Schema } from '@sluice/connector-api';
import { parseExactJson, parseJson, readJson } from '@sluice/converters';
import { isObject } from '@sluice/kernel';
import type { ResolvedSchema } from '../registry/registry-client.ts';
import type { FormatWriter, SchemaFormat } from '../schema-format.ts';
import { fromJsonSchema } from './from-json-schema.ts';
import type { JsonSchemaOptions } from './json-options.ts';
import { jsonValidator } from './json-validator.ts';
import { jsonValueReader } from './json-value-reader.ts';
import { jsonValueWriter } from './json-value-writer.ts';
import { SchemaDocuments } from './schema-documents.ts';
import { toJsonSchema } from './to-json-schema.ts';

export function jsonSchemaFormat(options: JsonSchemaOptions): SchemaFormat {
  const writer = (schema: Schema, registered: ResolvedSchema): FormatWriter => ({
    text: registered,
    recordName: titleOf(registered),
    write: valueWriter(schema, registered, options),
  });
  return {
    schemaType: 'JSON',
    label: 'JSON Schema',
    writerOf(schema) {
      const own = required(schema);
      const text = toJsonSchema(own, options);
      return writer(own, { schemaType: 'JSON', schema: text, references: [], resolved: [] });
    },
    writerFor(schema, registered, isStrict) {
      const own = required(schema);
      // JSON is what it is by whichever schema: strict means that it must be valid by the registered one.
      if (!isStrict || options.validates) return writer(own, registered);
      const write = valueWriter(own, registered, { ...options, validates: true });
      return { text: registered, recordName: titleOf(registered), write };
    },
    variantOf: () => '',
    recordNameOf: titleOf,
    readerOf(registered, _variant, version) {
      const schema = fromJsonSchema(new SchemaDocuments(registered), options, version);
      const read = jsonValueReader(schema, options);
      const parse = hasDecimals(schema) ? parseExactJson : parseJson;
      const validate = options.validates
        ? jsonValidator(registered, options.ignoresModernDialects)
        : undefined;
      return (payload) => {
        const json = readJson(payload, parse);
        validate?.(readJson(payload, JSON.parse));
        if (json === undefined) throw new DataError('There is no JSON behind the id of the schema');
        return { schema, value: read(json) };
      };
    },
  };
}

function required(schema: Schema | undefined): Schema {
  if (schema) return schema;
  throw new DataError(
    'Data without a schema cannot be converted to JSON Schema: use the JsonConverter with schemas.enable=false',
  );
}

function titleOf(registered: Pick<ResolvedSchema, 'schema' | 'resolved'>): string | undefined {
  const { json } = new SchemaDocuments(registered).root;
  return isObject(json) && typeof json['title'] === 'string' ? json['title'] : undefined;
}

function valueWriter(
  schema: Schema,
  registered: ResolvedSchema,
  options: JsonSchemaOptions,
): FormatWriter['write'] {
  const write = jsonValueWriter(schema, options);
  const validate = options.validates
    ? jsonValidator(registered, options.ignoresModernDialects)
    : undefined;
  return (value, sink) => {
    const text = write(value);
    if (text === undefined) return false;
    validate?.(JSON.parse(text));
    sink.utf8(text, Buffer.byteLength(text));
    return true;
  };
}

function hasDecimals(schema: Schema): boolean {
  if (logicalTypeOf(schema) === 'Decimal') return true;
  const parts = [schema.items, schema.keys, schema.values].filter((part) => part !== undefined);
  return [...parts, ...(schema.fields ?? []).map((each) => each.schema)].some(hasDecimals);
}
