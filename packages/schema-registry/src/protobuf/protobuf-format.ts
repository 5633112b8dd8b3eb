/** Protobuf as a format of schemas in a registry. Behind the id comes which message of the schema the data is. */
import { DataError, logicalTypeOf, type Schema } from '@sluice/connector-api';
import type { ResolvedSchema } from '../registry/registry-client.ts';
import type { FormatWriter, SchemaFormat } from '../schema-format.ts';
import { ByteSource } from '../wire/byte-source.ts';
import { readMessageIndexes, writeMessageIndexes } from '../wire/wire-format.ts';
import { fromProto } from './from-proto.ts';
import { parseProto } from './parse-proto.ts';
import { scalarKindOf, wrappedKindOf } from './proto-kinds.ts';
import { type ProtoFile, type ProtoMessage, wrappedKinds } from './proto-model.ts';
import type { ProtobufOptions } from './proto-options.ts';
import { messageReader } from './proto-reader.ts';
import { protoText, wrappersText } from './proto-text.ts';
import { messageWriter, type ProtoWrite, wrappedWriter } from './proto-writer.ts';
import { toProto } from './to-proto.ts';

export function protobufFormat(options: ProtobufOptions): SchemaFormat {
  return {
    schemaType: 'PROTOBUF',
    label: 'Protobuf',
    writerOf(schema) {
      const own = required(schema);
      if (own.type !== 'struct') return plainWriter(own);
      const file = toProto(own, options);
      const [message] = file.messages;
      if (!message) throw new DataError('The schema has no message');
      const write = withIndexes([0], messageWriter(own, message, options));
      const text = { schemaType: 'PROTOBUF', schema: protoText(file), references: [] } as const;
      return { text, recordName: message.fullName, write };
    },
    writerFor(schema, registered) {
      const own = required(schema);
      if (own.type !== 'struct') return plainWriter(own);
      const { message, indexes } = messageFor(own, parseProto(registered), options);
      const write = withIndexes(indexes, messageWriter(own, message, options));
      return { text: registered, recordName: message.fullName, write };
    },
    variantOf: (payload) => {
      // Nearly always the first message.
      if (payload[0] === 0) return '';
      return readMessageIndexes(new ByteSource(payload)).join(',');
    },
    recordNameOf: (registered, variant) => messageAt(registered, variant).fullName,
    readerOf(registered, variant, version) {
      const message = messageAt(registered, variant);
      const schema = fromProto(message, options, version);
      const read = messageReader(message, schema, options);
      return (payload) => {
        const source = new ByteSource(payload);
        readMessageIndexes(source);
        return { schema, value: read(source) };
      };
    },
  };
}

function required(schema: Schema | undefined): Schema {
  if (schema) return schema;
  throw new DataError('Data without a schema cannot be converted to Protobuf');
}

/** A value that is no struct is in one of Google's wrappers. */
function plainWriter(schema: Schema): FormatWriter {
  if (schema.type === 'array' || schema.type === 'map' || logicalTypeOf(schema) !== undefined)
    throw new DataError(
      `Unsupported root schema of type ${(schema.name ?? schema.type).toUpperCase()}: put it into a struct, with the transformation HoistField`,
    );
  const kind = wrappedKindOf(scalarKindOf(schema));
  const index = [...wrappedKinds.values()].indexOf(kind);
  const [recordName] = [...wrappedKinds.keys()].slice(index);
  const text = { schemaType: 'PROTOBUF', schema: wrappersText, references: [] } as const;
  return { text, recordName, write: withIndexes([index], wrappedWriter(schema, kind)) };
}

function withIndexes(indexes: readonly number[], write: ProtoWrite): FormatWriter['write'] {
  return (value, sink) => {
    if (value === null || value === undefined) return false;
    writeMessageIndexes(sink, indexes);
    write(value, sink);
    return true;
  };
}

function messageAt(registered: ResolvedSchema, variant: string): ProtoMessage {
  const indexes = variant === '' ? [0] : variant.split(',').map(Number);
  let messages = parseProto(registered).messages;
  let found: ProtoMessage | undefined;
  for (const index of indexes) {
    found = messages[index];
    if (!found) throw new DataError(`The Protobuf schema has no message at ${indexes.join(', ')}`);
    messages = found.messages;
  }
  if (!found) throw new DataError('The Protobuf schema has no message');
  return found;
}

/** The message that is called like the schema, or else the first. */
function messageFor(
  schema: Schema,
  file: ProtoFile,
  options: ProtobufOptions,
): { readonly message: ProtoMessage; readonly indexes: readonly number[] } {
  const [name] = toProto(schema, options).messages.map(({ fullName }) => fullName);
  const index = Math.max(
    0,
    file.messages.findIndex((message) => message.fullName === name || message.name === name),
  );
  const message = file.messages[index];
  if (!message) throw new DataError('The registered Protobuf schema has no message');
  return { message, indexes: [index] };
}
