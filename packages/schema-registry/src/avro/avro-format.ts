/** Avro as a format of schemas in a registry. */
import { DataError, type Schema } from '@sluice/connector-api';
import type { ResolvedSchema } from '../registry/registry-client.ts';
import type { FormatReader, FormatWriter, SchemaFormat } from '../schema-format.ts';
import { ByteSource } from '../wire/byte-source.ts';
import { assertReadable } from './avro-compatibility.ts';
import type { AvroOptions } from './avro-options.ts';
import { avroReader } from './avro-reader.ts';
import { avroText } from './avro-text.ts';
import { type AvroType, isNamed } from './avro-type.ts';
import { avroWriter } from './avro-writer.ts';
import { fromAvro } from './from-avro.ts';
import { parseAvro } from './parse-avro.ts';
import { toAvro } from './to-avro.ts';

export function avroFormat(options: AvroOptions): SchemaFormat {
  return {
    schemaType: 'AVRO',
    label: 'Avro',
    writerOf(schema) {
      const type = toAvro(schema, options);
      const text = { schemaType: 'AVRO', schema: avroText(type), references: [] } as const;
      return { text, recordName: recordNameOf(type), write: valueWriter(schema, type, options) };
    },
    writerFor(schema, registered, isStrict) {
      const type = typeOf(registered);
      if (isStrict) {
        const reader = { schema: registered.schema, references: textsOf(registered) };
        assertReadable(reader, avroText(toAvro(schema, options)));
      }
      const recordName = recordNameOf(type);
      return { text: registered, recordName, write: valueWriter(schema, type, options) };
    },
    variantOf: () => '',
    recordNameOf: (registered) => recordNameOf(typeOf(registered)),
    readerOf(registered, _variant, version): FormatReader {
      const type = typeOf(registered);
      const schema = fromAvro(type, options, version);
      const read = avroReader(type, schema, options);
      return (payload) => {
        const source = new ByteSource(payload);
        const value = read(source);
        if (source.remaining > 0)
          throw new DataError(
            `Invalid Avro data: ${String(source.remaining)} bytes are left over behind the value`,
          );
        return { schema: value === null ? undefined : schema, value };
      };
    },
  };
}

function typeOf(registered: ResolvedSchema): AvroType {
  return parseAvro(registered.schema, textsOf(registered));
}

function textsOf({ resolved }: ResolvedSchema): string[] {
  return resolved.map(({ schema }) => schema);
}

/** Only records have a name here, although enums and fixed have one in Avro. */
function recordNameOf(type: AvroType): string | undefined {
  return isNamed(type) && type.kind === 'record' ? type.name : undefined;
}

function valueWriter(
  schema: Schema | undefined,
  type: AvroType,
  options: AvroOptions,
): FormatWriter['write'] {
  const write = avroWriter(schema, type, options);
  return (value, sink) => {
    if (value === null || value === undefined) {
      if (schema && !schema.optional)
        throw new DataError('Found null value for non-optional schema');
      return false;
    }
    write(value, sink);
    return true;
  };
}
