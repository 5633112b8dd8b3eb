/** What the converters do unless they are told otherwise. */
import type { AvroOptions } from '../src/avro/avro-options.ts';
import type { JsonSchemaOptions } from '../src/json-schema/json-options.ts';
import type { ProtobufOptions } from '../src/protobuf/proto-options.ts';

export const avroOptions: AvroOptions = {
  isEnhanced: false,
  scrubsNames: false,
  hasMetaData: true,
  allowsOptionalMapKeys: false,
  flattensSingletonUnions: true,
  keepsNulls: false,
};

export const jsonOptions: JsonSchemaOptions = {
  validates: false,
  allowsAdditionalProperties: true,
  isOptionalUnlessRequired: false,
  decimalFormat: 'BASE64',
  ignoresModernDialects: false,
  flattensSingletonUnions: true,
  keepsNulls: false,
};

export const protobufOptions: ProtobufOptions = {
  isEnhanced: false,
  scrubsNames: false,
  hasOptionalFields: false,
  hasWrappers: false,
  indexesUnions: true,
  keepsNulls: false,
};
