/** The text of a `.proto` file of messages that were made of a Connect schema. */
import type { ProtoEnum, ProtoField, ProtoFile, ProtoMessage } from './proto-model.ts';

export function protoText(file: ProtoFile): string {
  const parts = ['syntax = "proto3";'];
  if (file.package !== '') parts.push(`package ${file.package};`);
  if (file.imports.length > 0)
    parts.push(`\n${file.imports.map((name) => `import "${name}";`).join('\n')}`);
  for (const message of file.messages) parts.push(`\n${messageText(message, '')}`);
  return `${parts.join('\n')}\n`;
}

function messageText(message: ProtoMessage, indent: string): string {
  const inner = `${indent}  `;
  const lines = message.fields
    .filter(({ oneof }) => oneof === undefined)
    .map((field) => fieldText(field, inner));
  for (const oneof of message.oneofs) {
    const members = message.fields.filter((field) => field.oneof === oneof);
    lines.push(
      `${inner}oneof ${oneof} {`,
      ...members.map((field) => fieldText(field, `${inner}  `)),
      `${inner}}`,
    );
  }
  lines.push(
    ...message.messages.map((nested) => messageText(nested, inner)),
    ...message.enums.map((nested) => enumText(nested, inner)),
  );
  return `${indent}message ${message.name} {\n${lines.map((line) => `${line}\n`).join('')}${indent}}`;
}

function fieldText(field: ProtoField, indent: string): string {
  const label = field.isRepeated ? 'repeated ' : field.isOptional ? 'optional ' : '';
  const { type } = field;
  const name = type.kind === 'message' || type.kind === 'enum' ? referenceTo(type.of) : type.kind;
  return `${indent}${label}${name} ${field.name} = ${String(field.number)}${metaText(field, indent)};`;
}

/** What is nested here is in reach by its name; what another file has is not. */
function referenceTo({ name, fullName }: ProtoMessage | ProtoEnum): string {
  return /^(google|confluent)\.(protobuf|type)\./.test(fullName) ? fullName : name;
}

function metaText({ params }: ProtoField, indent: string): string {
  const entries = Object.entries(params);
  if (entries.length === 0) return '';
  const texts = entries.map(
    ([key, value]) =>
      `${indent}    {\n${indent}      key: "${key}",\n${indent}      value: "${value}"\n${indent}    }`,
  );
  return ` [(confluent.field_meta) = {\n${indent}  params: [\n${texts.join(',\n')}\n${indent}  ]\n${indent}}]`;
}

function enumText({ name, values }: ProtoEnum, indent: string): string {
  const lines = values.map((value) => `${indent}  ${value.name} = ${String(value.number)};\n`);
  return `${indent}enum ${name} {\n${lines.join('')}${indent}}`;
}

/** Google's file of wrappers, which stands for a value that is no struct. */
export const wrappersText = `syntax = "proto3";
package google.protobuf;

option csharp_namespace = "Google.Protobuf.WellKnownTypes";
option cc_enable_arenas = true;
option go_package = "google.golang.org/protobuf/types/known/wrapperspb";
option java_package = "com.google.protobuf";
option java_outer_classname = "WrappersProto";
option java_multiple_files = true;
option objc_class_prefix = "GPB";

message DoubleValue {
  double value = 1;
}
message FloatValue {
  float value = 1;
}
message Int64Value {
  int64 value = 1;
}
message UInt64Value {
  uint64 value = 1;
}
message Int32Value {
  int32 value = 1;
}
message UInt32Value {
  uint32 value = 1;
}
message BoolValue {
  bool value = 1;
}
message StringValue {
  string value = 1;
}
message BytesValue {
  bytes value = 1;
}
`;
