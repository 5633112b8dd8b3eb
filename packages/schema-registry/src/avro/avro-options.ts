/** How Connect schemas and Avro schemas correspond: keys of the converter, and what they mean for both directions. */
import { boolean } from '@sluice/connector-api';

export const avroShape = {
  'enhanced.avro.schema.support': boolean()
    .default(false)
    .group('Avro')
    .doc('Whether enums stay enums, and types in unions are called by their full names.'),
  'scrub.invalid.names': boolean()
    .default(false)
    .group('Avro')
    .doc(
      'Whether characters that Avro does not allow in names are replaced; else such names are refused.',
    ),
  'connect.meta.data': boolean()
    .default(true)
    .importance('low')
    .group('Avro')
    .doc(
      'Whether Avro schemas say what only Connect knows: names, versions, parameters, defaults.',
    ),
  'allow.optional.map.keys': boolean()
    .default(false)
    .importance('low')
    .group('Avro')
    .doc(
      'Whether a map whose keys are optional strings is a map in Avro, too, instead of a list of entries.',
    ),
  'flatten.singleton.unions': boolean()
    .default(true)
    .importance('low')
    .group('Schemas')
    .doc('Whether a union of one type is that type, instead of a struct with one field.'),
};

export interface AvroOptions {
  readonly isEnhanced: boolean;
  readonly scrubsNames: boolean;
  readonly hasMetaData: boolean;
  readonly allowsOptionalMapKeys: boolean;
  readonly flattensSingletonUnions: boolean;
  /** A null stays null where its schema is optional and has a default. */
  readonly keepsNulls: boolean;
}
