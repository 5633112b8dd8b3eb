/** A Protobuf schema as far as converting data takes it: messages, their fields and enums, names resolved. */

export const scalarKinds = [
  'double',
  'float',
  'int32',
  'int64',
  'uint32',
  'uint64',
  'sint32',
  'sint64',
  'fixed32',
  'fixed64',
  'sfixed32',
  'sfixed64',
  'bool',
  'string',
  'bytes',
] as const;
export type ScalarKind = (typeof scalarKinds)[number];

export interface ProtoEnum {
  readonly name: string;
  readonly fullName: string;
  readonly values: readonly { readonly name: string; readonly number: number }[];
}

export type ProtoType =
  | { readonly kind: ScalarKind }
  | { readonly kind: 'enum'; readonly of: ProtoEnum }
  | { readonly kind: 'message'; readonly of: ProtoMessage };

export interface ProtoField {
  readonly name: string;
  readonly number: number;
  readonly type: ProtoType;
  readonly isRepeated: boolean;
  /** Repeated numbers are written as one run of bytes. */
  readonly isPacked: boolean;
  /** What is absent is not the same as the type's zero: `optional`. */
  readonly isOptional: boolean;
  /** Proto2. */
  readonly isRequired: boolean;
  /** The `oneof` that it is in. */
  readonly oneof?: string;
  /** `params` of the option `confluent.field_meta`. */
  readonly params: Readonly<Record<string, string>>;
}

export interface ProtoMessage {
  readonly name: string;
  readonly fullName: string;
  /** Filled in last: a message may contain itself. */
  readonly fields: readonly ProtoField[];
  /** Names, in order. */
  readonly oneofs: readonly string[];
  readonly messages: readonly ProtoMessage[];
  readonly enums: readonly ProtoEnum[];
  /** Made of `map<…>`: in no list of messages. */
  readonly isMapEntry: boolean;
}

export interface ProtoFile {
  readonly package: string;
  readonly imports: readonly string[];
  readonly messages: readonly ProtoMessage[];
}

/** The scalar that a wrapper message of Google's is about. */
export const wrappedKinds: ReadonlyMap<string, ScalarKind> = new Map<string, ScalarKind>([
  ['google.protobuf.DoubleValue', 'double'],
  ['google.protobuf.FloatValue', 'float'],
  ['google.protobuf.Int64Value', 'int64'],
  ['google.protobuf.UInt64Value', 'uint64'],
  ['google.protobuf.Int32Value', 'int32'],
  ['google.protobuf.UInt32Value', 'uint32'],
  ['google.protobuf.BoolValue', 'bool'],
  ['google.protobuf.StringValue', 'string'],
  ['google.protobuf.BytesValue', 'bytes'],
]);

/** The message of a wrapper. */
export function wrapperOf(kind: ScalarKind): ProtoMessage {
  const found = [...wrappedKinds].find(([, wrapped]) => wrapped === kind);
  const fullName = found?.[0] ?? '';
  const value = scalarField('value', 1, kind);
  return { ...knownMessage(fullName), fields: [value] };
}

/** A message that another file has, of which only the name counts. */
export function knownMessage(fullName: string): ProtoMessage {
  const name = fullName.slice(fullName.lastIndexOf('.') + 1);
  return { name, fullName, fields: [], oneofs: [], messages: [], enums: [], isMapEntry: false };
}

export function scalarField(name: string, number: number, kind: ScalarKind): ProtoField {
  return {
    name,
    number,
    type: { kind },
    isRepeated: false,
    isPacked: false,
    isOptional: false,
    isRequired: false,
    params: {},
  };
}

/**
 * The entries of a map: `map<…>`, or a repeated message that is named and made like the one which that stands for.
 */
export function isMapField({ isRepeated, type }: ProtoField): boolean {
  if (!isRepeated || type.kind !== 'message') return false;
  const { name, fields } = type.of;
  const [key, value] = fields;
  return (
    name.endsWith('Entry') &&
    fields.length === 2 &&
    key?.name === 'key' &&
    value?.name === 'value' &&
    !key.isRepeated &&
    !value.isRepeated
  );
}
