/** How Connect schemas and Protobuf correspond: keys of the converter, and what they mean for both directions. */
import { boolean } from '@sluice/connector-api';

export const protobufShape = {
  'enhanced.protobuf.schema.support': boolean()
    .default(false)
    .group('Protobuf')
    .doc('Whether what is read is called by full names, with the package.'),
  'scrub.invalid.names': boolean()
    .default(false)
    .group('Protobuf')
    .doc(
      'Whether characters that Protobuf does not allow in names are replaced; else such names are refused.',
    ),
  'optional.for.nullables': boolean()
    .default(false)
    .group('Protobuf')
    .doc('Whether optional fields are "optional" in Protobuf, so that null and 0 are different.'),
  'wrapper.for.nullables': boolean()
    .default(false)
    .group('Protobuf')
    .doc(
      'Whether optional fields have wrapper messages in Protobuf (google.protobuf.Int64Value, …).',
    ),
  'generate.index.for.unions': boolean()
    .default(true)
    .importance('low')
    .group('Protobuf')
    .doc('Whether the field of a oneof has its index behind its name: choice_0.'),
};

export interface ProtobufOptions {
  readonly isEnhanced: boolean;
  readonly scrubsNames: boolean;
  readonly hasOptionalFields: boolean;
  readonly hasWrappers: boolean;
  readonly indexesUnions: boolean;
  /** A null stays null where its schema is optional and has a default. */
  readonly keepsNulls: boolean;
}

const protobufNamespace = 'io.confluent.connect.protobuf';

/** Confluent's names of parameters and attributes. */
export const protobufNames = Object.freeze({
  enum: `${protobufNamespace}.Enum`,
  union: `${protobufNamespace}.Union`,
  tag: `${protobufNamespace}.Tag`,
  type: `${protobufNamespace}.Type`,
  wrapper: `${protobufNamespace}.Wrapper`,
  connectType: 'connect.type',
  precision: 'connect.decimal.precision',
  defaultMessage: 'ConnectDefault',
});

export const wellKnown = Object.freeze({
  decimal: 'confluent.type.Decimal',
  date: 'google.type.Date',
  time: 'google.type.TimeOfDay',
  timestamp: 'google.protobuf.Timestamp',
});
