/** Protobuf message → Connect schema, as Confluent's ProtobufData has it. */
import {
  DataError,
  dateSchema,
  decimalSchema,
  type Schema,
  type SchemaField,
  type SchemaType,
  timeSchema,
  timestampSchema,
} from '@sluice/connector-api';
import {
  isMapField,
  type ProtoEnum,
  type ProtoField,
  type ProtoMessage,
  type ScalarKind,
  wrappedKinds,
} from './proto-model.ts';
import { type ProtobufOptions, protobufNames, wellKnown } from './proto-options.ts';

type Draft = { -readonly [Name in keyof Schema]: Schema[Name] };

interface Context {
  readonly options: ProtobufOptions;
  /** What the message that is converted is part of: one that contains itself has no end. */
  readonly within: Set<ProtoMessage>;
}

/** Wrappers of Google's stand for plain values. @throws DataError for what Connect has no schema for */
export function fromProto(
  message: ProtoMessage,
  options: ProtobufOptions,
  version?: number,
): Schema {
  const wrapped = wrappedKinds.get(message.fullName);
  const draft: Draft = wrapped
    ? { type: typeOfKind[wrapped] }
    : structOf(message, { options, within: new Set() });
  if (version !== undefined) draft.version = version;
  return Object.freeze(draft);
}

/** The parts of a message in the order in which the struct has them: first the oneofs, then all other fields. */
export type StructPart =
  | { readonly kind: 'oneof'; readonly name: string; readonly fields: readonly ProtoField[] }
  | { readonly kind: 'field'; readonly name: string; readonly field: ProtoField };

export function partsOf(
  message: ProtoMessage,
  { indexesUnions }: Pick<ProtobufOptions, 'indexesUnions'>,
): StructPart[] {
  const oneofs = message.oneofs.map(
    (oneof, index): StructPart => ({
      kind: 'oneof',
      name: indexesUnions ? `${oneof}_${String(index)}` : oneof,
      fields: message.fields.filter((field) => field.oneof === oneof),
    }),
  );
  const fields = message.fields
    .filter(({ oneof }) => oneof === undefined)
    .map((field): StructPart => ({ kind: 'field', name: field.name, field }));
  return [...oneofs, ...fields];
}

function structOf(message: ProtoMessage, context: Context): Draft {
  if (context.within.has(message))
    throw new DataError(
      `The Protobuf message ${message.fullName} contains itself: such a schema cannot be read here. Read the bytes with the ByteArrayConverter.`,
    );
  context.within.add(message);
  const { options } = context;
  const fields = partsOf(message, options).map((part, index): SchemaField => {
    const schema =
      part.kind === 'field'
        ? fieldSchema(part.field, false, context)
        : unionOf(message, index, part.fields, context);
    return Object.freeze({ field: part.name, schema });
  });
  context.within.delete(message);
  const names = new Set(fields.map(({ field }) => field));
  if (names.size < fields.length)
    throw new DataError(`The message ${message.fullName} has a oneof that is called like a field`);
  return {
    type: 'struct',
    name: options.isEnhanced ? message.fullName : message.name,
    fields: Object.freeze(fields),
  };
}

function unionOf(
  message: ProtoMessage,
  index: number,
  fields: readonly ProtoField[],
  context: Context,
): Schema {
  const oneof = message.oneofs[index] ?? '';
  const name = context.options.isEnhanced ? `${message.fullName}.${oneof}` : oneof;
  return Object.freeze<Schema>({
    type: 'struct',
    name: `${protobufNames.union}.${name}`,
    optional: true,
    fields: Object.freeze(
      fields.map((field) =>
        Object.freeze({ field: field.name, schema: fieldSchema(field, true, context) }),
      ),
    ),
  });
}

function fieldSchema(field: ProtoField, isMember: boolean, context: Context): Schema {
  const { options } = context;
  const isMap = isMapField(field);
  let draft = bare(field, context);
  if (field.isRepeated && !isMap)
    draft = { type: 'array', items: Object.freeze({ ...draft, optional: true }), optional: true };
  const isWrapper = field.type.kind === 'message' && wrappedKinds.has(field.type.of.fullName);
  if (isMember) {
    draft.optional = true;
    if (options.hasWrappers && isWrapper) addParameter(draft, protobufNames.wrapper, 'true');
  } else if (options.hasOptionalFields) {
    if (field.isOptional) draft.optional = true;
  } else if (!options.hasWrappers) draft.optional = true;
  addParameter(draft, protobufNames.tag, String(field.number));
  return Object.freeze(draft);
}

const typeOfKind: Readonly<Record<ScalarKind, SchemaType>> = {
  double: 'float64',
  float: 'float32',
  int32: 'int32',
  sint32: 'int32',
  sfixed32: 'int32',
  // What has no sign may be beyond 32 bits.
  uint32: 'int64',
  fixed32: 'int64',
  int64: 'int64',
  uint64: 'int64',
  sint64: 'int64',
  fixed64: 'int64',
  sfixed64: 'int64',
  bool: 'boolean',
  string: 'string',
  bytes: 'bytes',
};

function bare(field: ProtoField, context: Context): Draft {
  const { type } = field;
  switch (type.kind) {
    case 'enum':
      return enumSchema(type.of, context.options);
    case 'message':
      return { ...messageSchema(field, type.of, context), optional: true };
    default:
      return scalarSchema(type.kind, field);
  }
}

function scalarSchema(kind: ScalarKind, { params }: ProtoField): Draft {
  const own = params[protobufNames.connectType];
  const type = typeOfKind[kind];
  if (type === 'int32' && (own === 'int8' || own === 'int16')) return { type: own };
  const draft: Draft = { type };
  const isPlain = kind === 'int32' || kind === 'int64' || !type.startsWith('int');
  if (!isPlain) addParameter(draft, protobufNames.type, kind);
  return draft;
}

function enumSchema({ name, fullName, values }: ProtoEnum, { isEnhanced }: ProtobufOptions): Draft {
  const parameters = [
    [protobufNames.enum, name],
    ...values.map((value) => [`${protobufNames.enum}.${value.name}`, String(value.number)]),
  ];
  return {
    type: 'string',
    name: isEnhanced ? fullName : name,
    optional: true,
    parameters: Object.freeze(Object.fromEntries(parameters) as Record<string, string>),
  };
}

function messageSchema(field: ProtoField, message: ProtoMessage, context: Context): Draft {
  switch (message.fullName) {
    case wellKnown.decimal:
      return decimalDraft(field);
    case wellKnown.date:
      return { ...dateSchema };
    case wellKnown.time:
      return { ...timeSchema };
    case wellKnown.timestamp:
      return { ...timestampSchema };
    default:
  }
  if (isMapField(field)) return mapOf(message, context);
  const wrapped = context.options.hasWrappers ? wrappedKinds.get(message.fullName) : undefined;
  return wrapped ? { type: typeOfKind[wrapped] } : structOf(message, context);
}

function decimalDraft({ params }: ProtoField): Draft {
  const { scale, precision } = params;
  const draft: Draft = { ...decimalSchema(isInteger(scale) ? Number(scale) : 0) };
  if (isInteger(precision)) addParameter(draft, protobufNames.precision, String(Number(precision)));
  return draft;
}

function isInteger(text: string | undefined): boolean {
  return text !== undefined && /^[+-]?\d{1,9}$/.test(text);
}

function mapOf(entry: ProtoMessage, context: Context): Draft {
  const [key, value] = entry.fields;
  if (!key || !value) throw new DataError(`The entry ${entry.fullName} has no key and value`);
  const full = context.options.isEnhanced ? entry.fullName : entry.name;
  return {
    type: 'map',
    name: full.replace(/([^.]*)Entry$/, (_found, name: string) => lowerUnderscore(name)),
    keys: fieldSchema(key, false, context),
    values: fieldSchema(value, false, context),
  };
}

/** `LineItems` → `line_items` */
function lowerUnderscore(name: string): string {
  return name.replace(/(?!^)([A-Z])/g, '_$1').toLowerCase();
}

function addParameter(draft: Draft, name: string, value: string): void {
  draft.parameters = Object.freeze({ ...draft.parameters, [name]: value });
}
