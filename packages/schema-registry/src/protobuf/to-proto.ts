/** Connect schema → Protobuf, as Confluent's ProtobufData has it. */
import { DataError, logicalTypeOf, type Schema, schemaFingerprint } from '@sluice/connector-api';
import { scrubFullName } from '../scrub-name.ts';
import { knownFileOf } from './known-protos.ts';
import {
  fieldNameOf,
  isEnumSchema,
  isUnionStruct,
  scalarKindOf,
  validStart,
  wrappedKindOf,
} from './proto-kinds.ts';
import {
  knownMessage,
  type ProtoEnum,
  type ProtoField,
  type ProtoFile,
  type ProtoMessage,
  type ProtoType,
  wrapperOf,
} from './proto-model.ts';
import { type ProtobufOptions, protobufNames, wellKnown } from './proto-options.ts';

interface Context {
  readonly options: ProtobufOptions;
  readonly imports: Set<string>;
  unnamed: number;
}

/** The messages that are nested in one, while it is made. */
interface Scope {
  readonly name: string;
  readonly schema: Schema;
  readonly fullName: string;
  readonly messages: Map<string, { readonly message: ProtoMessage; readonly fingerprint: string }>;
  readonly enums: Map<string, ProtoEnum>;
  readonly oneofs: string[];
}

/** The file of a struct; what is no struct has one of Google's wrappers. @throws DataError */
export function toProto(schema: Schema, options: ProtobufOptions): ProtoFile {
  const context: Context = { options, imports: new Set(), unnamed: 0 };
  const fullName = scrubbedFullName(nameOrDefault(schema.name, context), context);
  const dot = fullName.lastIndexOf('.');
  const name = fullName.slice(dot + 1);
  const message = messageOf(schema, name, fullName, context);
  return {
    package: dot < 0 ? '' : fullName.slice(0, dot),
    imports: [...context.imports],
    messages: [message],
  };
}

function messageOf(schema: Schema, name: string, fullName: string, context: Context): ProtoMessage {
  const scope: Scope = {
    name,
    schema,
    fullName,
    messages: new Map(),
    enums: new Map(),
    oneofs: [],
  };
  const fields: ProtoField[] = [];
  let next = 1;
  for (const { field, schema: of } of schema.fields ?? []) {
    if (isUnionStruct(of)) {
      fields.push(...membersOf(of, scope, () => next++, context));
      continue;
    }
    const number = tagOf(of) ?? next++;
    fields.push(fieldOf({ field, schema: of, number, scope, oneof: undefined }, context));
  }
  assertDistinct(fields, name);
  return {
    name,
    fullName,
    fields,
    oneofs: scope.oneofs,
    messages: [...scope.messages.values()].map(({ message }) => message),
    enums: [...scope.enums.values()],
    isMapEntry: false,
  };
}

function membersOf(
  union: Schema,
  scope: Scope,
  nextTag: () => number,
  context: Context,
): ProtoField[] {
  const qualified = (union.name ?? '').slice(protobufNames.union.length + 1);
  const oneof = unqualified(qualified, context);
  scope.oneofs.push(oneof);
  return (union.fields ?? []).map(({ field, schema }) =>
    fieldOf({ field, schema, number: tagOf(schema) ?? nextTag(), scope, oneof }, context),
  );
}

interface FieldPlace {
  readonly field: string;
  readonly schema: Schema;
  readonly number: number;
  readonly scope: Scope;
  readonly oneof: string | undefined;
}

function fieldOf(
  { field, schema, number, scope, oneof }: FieldPlace,
  context: Context,
): ProtoField {
  const name = scrubbed(field, context);
  const isArray = schema.type === 'array';
  const element = isArray ? elementOf(schema) : schema;
  const isRepeated = isArray || schema.type === 'map';
  const params: Record<string, string> = {};
  const type = typeOf(element, name, oneof !== undefined, params, scope, context);
  if (Object.keys(params).length > 0) context.imports.add('confluent/meta.proto');
  return {
    name,
    number,
    type,
    isRepeated,
    isPacked: isRepeated && !['message', 'string', 'bytes'].includes(type.kind),
    isOptional:
      context.options.hasOptionalFields &&
      schema.optional === true &&
      !isRepeated &&
      oneof === undefined,
    isRequired: false,
    ...(oneof === undefined ? {} : { oneof }),
    params,
  };
}

function elementOf({ items }: Schema): Schema {
  if (!items)
    throw new DataError('An array of which the elements have no schema has no Protobuf type');
  if (items.type === 'array' || items.type === 'map')
    throw new DataError(
      'Protobuf has no arrays of arrays or maps: put the inner one into a field of a struct',
    );
  return items;
}

function typeOf(
  schema: Schema,
  fieldName: string,
  isMember: boolean,
  params: Record<string, string>,
  scope: Scope,
  context: Context,
): ProtoType {
  const logical = logicalTypeOf(schema);
  switch (logical) {
    case 'Decimal': {
      const precision = schema.parameters?.[protobufNames.precision];
      const scale = schema.parameters?.['scale'];
      if (precision !== undefined) params['precision'] = integerText(precision);
      if (scale !== undefined) params['scale'] = integerText(scale);
      return known(wellKnown.decimal, context);
    }
    case 'Date':
      return known(wellKnown.date, context);
    case 'Time':
      return known(wellKnown.time, context);
    case 'Timestamp':
      return known(wellKnown.timestamp, context);
    default:
  }
  switch (schema.type) {
    case 'struct':
      return structType(schema, fieldName, scope, context);
    case 'map':
      return mapType(schema, scope, context);
    case 'array':
      throw new DataError('Array cannot be nested');
    default:
      break;
  }
  if (isEnumSchema(schema)) return enumType(schema, scope, context);
  if (schema.type === 'int8' || schema.type === 'int16')
    params[protobufNames.connectType] = schema.type;
  const kind = scalarKindOf(schema);
  const wraps =
    context.options.hasWrappers && schema.optional && (!isMember || hasWrapperMarker(schema));
  if (!wraps) return { kind };
  context.imports.add('google/protobuf/wrappers.proto');
  return { kind: 'message', of: wrapperOf(wrappedKindOf(kind)) };
}

function known(fullName: string, { imports }: Context): ProtoType {
  imports.add(knownFileOf[fullName] ?? '');
  return { kind: 'message', of: knownMessage(fullName) };
}

function integerText(text: string): string {
  if (/^[+-]?\d{1,10}$/.test(text)) return text;
  throw new DataError('Invalid parameter of a Decimal: not an integer');
}

function structType(schema: Schema, fieldName: string, scope: Scope, context: Context): ProtoType {
  let name = unqualified(nameOrDefault(schema.name, context), context);
  // A message and a field of one name would be in each other's way.
  if (name === fieldName) name += 'Message';
  if (name === scope.name && sameStruct(schema, scope.schema))
    throw new DataError(`The struct ${name} contains itself`);
  return nested(name, schema, scope, () =>
    messageOf(schema, name, `${scope.fullName}.${name}`, context),
  );
}

function sameStruct(one: Schema, other: Schema): boolean {
  return (
    schemaFingerprint({ ...one, optional: false }) ===
    schemaFingerprint({ ...other, optional: false })
  );
}

function mapType(schema: Schema, scope: Scope, context: Context): ProtoType {
  const { keys, values } = schema;
  if (!keys || !values) throw new DataError('A map without schemas has no Protobuf type');
  if ([keys, values].some(({ type }) => type === 'array' || type === 'map'))
    throw new DataError(
      'Protobuf has no maps of arrays or maps: put the inner one into a field of a struct',
    );
  const name = entryName(unqualified(nameOrDefault(schema.name, context), context));
  const struct: Schema = {
    type: 'struct',
    fields: [
      { field: 'key', schema: keys },
      { field: 'value', schema: values },
    ],
  };
  return nested(name, struct, scope, () => {
    const entry = messageOf(struct, name, `${scope.fullName}.${name}`, context);
    return {
      ...entry,
      fields: entry.fields.map((field, index) => ({ ...field, number: index + 1 })),
    };
  });
}

/** A name means one thing in a message. */
function nested(name: string, schema: Schema, scope: Scope, make: () => ProtoMessage): ProtoType {
  const fingerprint = schemaFingerprint({ ...schema, optional: false });
  const found = scope.messages.get(name);
  if (found && found.fingerprint !== fingerprint)
    throw new DataError(
      `The schema has two messages called ${name} that are not the same: give them different names`,
    );
  const message = found?.message ?? make();
  if (!found) scope.messages.set(name, { message, fingerprint });
  return { kind: 'message', of: message };
}

/** `line_items` → `LineItemsEntry`, by which a reader knows that it is the entry of a map. */
function entryName(name: string): string {
  const camel = name.includes('_')
    ? name
        .split('_')
        .map((part) => part.charAt(0).toUpperCase() + part.slice(1).toLowerCase())
        .join('')
    : name;
  return `${camel}Entry`;
}

function enumType(schema: Schema, scope: Scope, context: Context): ProtoType {
  const parameters = schema.parameters ?? {};
  const name = unqualified(parameters[protobufNames.enum] ?? '', context);
  const prefix = `${protobufNames.enum}.`;
  const values = Object.entries(parameters).flatMap(([key, text]) => {
    if (!key.startsWith(prefix)) return [];
    if (!/^-?\d{1,10}$/.test(text))
      throw new DataError(`The enum ${name} has a value that is no number`);
    return [{ name: scrubbed(key.slice(prefix.length), context), number: Number(text) }];
  });
  const made = scope.enums.get(name) ?? { name, fullName: `${scope.fullName}.${name}`, values };
  if (JSON.stringify(made.values) !== JSON.stringify(values))
    throw new DataError(`The schema has two enums called ${name} that are not the same`);
  if (values[0]?.number !== 0)
    throw new DataError(`The first value of the enum ${name} is not 0, which Protobuf requires`);
  scope.enums.set(name, made);
  return { kind: 'enum', of: made };
}

function hasWrapperMarker(schema: Schema): boolean {
  return schema.parameters?.[protobufNames.wrapper] === 'true';
}

function tagOf(schema: Schema): number | undefined {
  const text = schema.parameters?.[protobufNames.tag];
  if (text === undefined) return undefined;
  const tag = Number(text);
  if (!/^\d{1,9}$/.test(text) || tag < 1 || tag >= 2 ** 29 || (tag >= 19_000 && tag < 20_000))
    throw new DataError(`The parameter ${protobufNames.tag} is no field number of Protobuf`);
  return tag;
}

function assertDistinct(fields: readonly ProtoField[], message: string): void {
  for (const key of ['number', 'name'] as const)
    if (new Set(fields.map((field) => field[key])).size < fields.length)
      throw new DataError(`The message ${message} has two fields of one ${key}`);
}

function nameOrDefault(name: string | undefined, context: Context): string {
  if (name !== undefined && name !== '') return name;
  context.unnamed += 1;
  return `${protobufNames.defaultMessage}${String(context.unnamed)}`;
}

function unqualified(fullName: string, context: Context): string {
  return scrubbed(fullName.slice(fullName.lastIndexOf('.') + 1), context);
}

function scrubbed(name: string, { options }: Context): string {
  return checked(fieldNameOf(name, options), name, /^[A-Za-z_]\w*$/);
}

function scrubbedFullName(fullName: string, { options }: Context): string {
  const own = options.scrubsNames ? scrubFullName(fullName, validStart) : fullName;
  return checked(own, fullName, /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/);
}

function checked(own: string, name: string, valid: RegExp): string {
  if (valid.test(own) && own !== '__proto__') return own;
  throw new DataError(
    `Not a name in Protobuf: ${JSON.stringify(name)}. Set scrub.invalid.names=true to have it replaced.`,
  );
}
