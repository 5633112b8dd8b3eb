/** How Connect schemas and JSON Schemas correspond: keys of the converter, and what they mean for both directions. */
import { boolean, string } from '@sluice/connector-api';

export const jsonSchemaShape = {
  'json.fail.invalid.schema': boolean()
    .default(false)
    .group('JSON Schema')
    .doc('Whether every value is validated against its JSON Schema, written or read.'),
  'object.additional.properties': boolean()
    .default(true)
    .group('JSON Schema')
    .doc('Whether the schemas that are registered allow properties that they do not name.'),
  'use.optional.for.nonrequired': boolean()
    .default(false)
    .group('JSON Schema')
    .doc('Whether a property that is not required is an optional field.'),
  'decimal.format': string()
    .oneOf('BASE64', 'NUMERIC')
    .ignoreCase()
    .default('BASE64')
    .importance('low')
    .group('JSON Schema')
    .doc('How decimals are written: as BASE64 of their bytes, or as a NUMERIC. Both are read.'),
  'ignore.modern.dialects': boolean()
    .default(false)
    .importance('low')
    .group('JSON Schema')
    .doc('Whether schemas of drafts after 7 are taken for draft 7.'),
  'flatten.singleton.unions': boolean()
    .default(true)
    .importance('low')
    .group('Schemas')
    .doc('Whether a union of one type is that type, instead of a struct with one field.'),
};

export interface JsonSchemaOptions {
  readonly validates: boolean;
  readonly allowsAdditionalProperties: boolean;
  readonly isOptionalUnlessRequired: boolean;
  readonly decimalFormat: 'BASE64' | 'NUMERIC';
  readonly ignoresModernDialects: boolean;
  readonly flattensSingletonUnions: boolean;
  /** A null stays null where its schema is optional and has a default. */
  readonly keepsNulls: boolean;
}

const jsonNamespace = 'io.confluent.connect.json';

/** Confluent's names of attributes and parameters. */
export const jsonNames = Object.freeze({
  namespace: jsonNamespace,
  type: 'connect.type',
  version: 'connect.version',
  parameters: 'connect.parameters',
  index: 'connect.index',
  enum: `${jsonNamespace}.Enum`,
  oneOf: `${jsonNamespace}.OneOf`,
  nullSymbol: '<NULL>',
});
