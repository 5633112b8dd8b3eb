/** Files that schemas import without having them registered: Google's and Confluent's. */

const date = `syntax = "proto3";
package google.type;
message Date {
  int32 year = 1;
  int32 month = 2;
  int32 day = 3;
}
`;

const timeOfDay = `syntax = "proto3";
package google.type;
message TimeOfDay {
  int32 hours = 1;
  int32 minutes = 2;
  int32 seconds = 3;
  int32 nanos = 4;
}
`;

const decimal = `syntax = "proto3";
package confluent.type;
message Decimal {
  bytes value = 1;
  uint32 precision = 2;
  int32 scale = 3;
}
`;

/** Options are read without their definitions. */
const onlyOptions = 'syntax = "proto3";\n';

export const knownProtos: ReadonlyMap<string, string> = new Map([
  ['google/type/date.proto', date],
  ['google/type/timeofday.proto', timeOfDay],
  ['confluent/type/decimal.proto', decimal],
  ['confluent/meta.proto', onlyOptions],
  ['google/protobuf/descriptor.proto', onlyOptions],
]);

export const knownFileOf: Readonly<Record<string, string>> = {
  'confluent.type.Decimal': 'confluent/type/decimal.proto',
  'google.type.Date': 'google/type/date.proto',
  'google.type.TimeOfDay': 'google/type/timeofday.proto',
  'google.protobuf.Timestamp': 'google/protobuf/timestamp.proto',
};
