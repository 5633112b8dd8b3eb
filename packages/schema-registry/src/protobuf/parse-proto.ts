/** Reads the text of a `.proto` file, and of what it imports, by protobufjs. */
import { DataError } from '@sluice/connector-api';
import { toError } from '@sluice/kernel';
import type protobufjs from 'protobufjs';
import { lazily } from '../lazily.ts';
import type { ResolvedSchema } from '../registry/registry-client.ts';
import { knownProtos } from './known-protos.ts';
import {
  type ProtoEnum,
  type ProtoField,
  type ProtoFile,
  type ProtoMessage,
  type ProtoType,
  type ScalarKind,
  scalarField,
  scalarKinds,
} from './proto-model.ts';

const protobuf = lazily('protobufjs') as () => typeof protobufjs;

/** Which file a message is of; the schema itself is ''. */
type FileName = string;

interface Files {
  readonly root: protobufjs.Root;
  /** What each file says of its syntax; Protobuf's default is proto2. */
  readonly syntaxes: Map<FileName, string>;
  readonly texts: ReadonlyMap<FileName, string>;
}

/** @throws DataError */
export function parseProto({
  schema,
  resolved,
}: Pick<ResolvedSchema, 'schema' | 'resolved'>): ProtoFile {
  const texts = new Map(resolved.map((reference) => [reference.name, reference.schema]));
  const files: Files = { root: new (protobuf().Root)(), syntaxes: new Map(), texts };
  try {
    const parsed = parseFile('', schema, files);
    files.root.resolveAll();
    const convert = messageConverter(files);
    const space = parsed.package === undefined ? files.root : files.root.lookup(parsed.package);
    return {
      package: parsed.package ?? '',
      imports: parsed.imports ?? [],
      messages: typesOf(space)
        .filter(({ filename }) => filename === '')
        .map(convert),
    };
  } catch (error) {
    if (error instanceof DataError || error instanceof RangeError) throw error;
    throw invalid(toError(error).message, error);
  }
}

function parseFile(name: FileName, text: string, files: Files): protobufjs.IParserResult {
  // protobufjs would leave such a field out without a word.
  if (/\b__proto__\b/.test(text)) throw invalid('the name __proto__ is not supported');
  // Known to what it parses as the file that it is of; left out of the library's types.
  const parse = protobuf().parse as typeof protobufjs.parse & { filename: string };
  files.syntaxes.set(name, /^\s*syntax\s*=\s*["'](\w+)["']/m.exec(text)?.[1] ?? syntaxOf(text));
  parse.filename = name;
  const parsed = parse(text, files.root, { keepCase: true });
  for (const imported of [...(parsed.imports ?? []), ...(parsed.weakImports ?? [])])
    if (!files.syntaxes.has(imported)) importFile(imported, files);
  return parsed;
}

function syntaxOf(text: string): string {
  return /^\s*edition\s*=/m.test(text) ? 'edition' : 'proto2';
}

function importFile(name: FileName, files: Files): void {
  const text = files.texts.get(name) ?? knownProtos.get(name);
  if (text !== undefined) {
    parseFile(name, text, files);
    return;
  }
  const common = protobuf().common.get(name);
  if (!common?.nested)
    throw invalid(`it imports "${name}", which is not among its references in the registry`);
  files.syntaxes.set(name, 'proto3');
  files.root.addJSON(common.nested);
}

function typesOf(space: protobufjs.ReflectionObject | null): protobufjs.Type[] {
  const { Namespace, Type } = protobuf();
  if (!(space instanceof Namespace)) return [];
  return space.nestedArray.filter((nested) => nested instanceof Type);
}

/** Each message once, also where it contains itself. */
function messageConverter(files: Files): (type: protobufjs.Type) => ProtoMessage {
  const { Enum } = protobuf();
  const known = new Map<protobufjs.Type, ProtoMessage>();
  const enums = new Map<protobufjs.Enum, ProtoEnum>();

  const enumOf = (of: protobufjs.Enum): ProtoEnum => {
    let found = enums.get(of);
    if (!found) {
      const values = Object.entries(of.values).map(([name, number]) => ({ name, number }));
      found = { name: of.name, fullName: withoutDot(of.fullName), values };
      enums.set(of, found);
    }
    return found;
  };

  const convert = (type: protobufjs.Type): ProtoMessage => {
    const found = known.get(type);
    if (found) return found;
    const fields: ProtoField[] = [];
    const messages: ProtoMessage[] = [];
    const message: ProtoMessage = {
      name: type.name,
      fullName: withoutDot(type.fullName),
      fields,
      oneofs: type.oneofsArray.filter((oneof) => !oneof.isProto3Optional).map(({ name }) => name),
      messages,
      enums: type.nestedArray.filter((nested) => nested instanceof Enum).map(enumOf),
      isMapEntry: false,
    };
    known.set(type, message);
    fields.push(...type.fieldsArray.map((field) => fieldOf(field.resolve(), type)));
    messages.push(...typesOf(type).map(convert));
    return message;
  };

  const typeOf = (field: protobufjs.Field): ProtoType => {
    const of = field.resolvedType;
    if (of instanceof Enum) return { kind: 'enum', of: enumOf(of) };
    if (of) {
      if ('group' in of && of.group === true)
        throw invalid(`groups are not supported (field ${field.name})`);
      return { kind: 'message', of: convert(of) };
    }
    if (!isScalar(field.type)) throw invalid(`no such type: ${field.type}`);
    return { kind: field.type };
  };

  const fieldOf = (field: protobufjs.Field, parent: protobufjs.Type): ProtoField => {
    const isMap = field instanceof protobuf().MapField;
    const syntax = files.syntaxes.get(parent.filename ?? '') ?? 'proto3';
    const { partOf } = field;
    return {
      name: field.name,
      number: field.id,
      type: isMap ? { kind: 'message', of: entryOf(field, typeOf(field)) } : typeOf(field),
      isRepeated: field.repeated || isMap,
      isPacked: field.repeated && field.packed,
      isOptional:
        partOf?.isProto3Optional === true ||
        (syntax !== 'proto3' && !field.repeated && !field.required && !isMap && !partOf),
      isRequired: field.required,
      ...(partOf && !partOf.isProto3Optional ? { oneof: partOf.name } : {}),
      params: paramsOf(field),
    };
  };
  return convert;
}

function entryOf(field: protobufjs.MapField, value: ProtoType): ProtoMessage {
  if (!isScalar(field.keyType)) throw invalid(`no such type of a key: ${field.keyType}`);
  // As protoc calls it: line_items → LineItemsEntry.
  const name = `${field.name.replace(/(?:^|_+)(.)/g, (_found, first: string) => first.toUpperCase())}Entry`;
  return {
    name,
    fullName: `${withoutDot(field.parent?.fullName ?? '')}.${name}`,
    fields: [
      scalarField('key', 1, field.keyType),
      { ...scalarField('value', 2, 'bytes'), type: value },
    ],
    oneofs: [],
    messages: [],
    enums: [],
    isMapEntry: true,
  };
}

function isScalar(type: string): type is ScalarKind {
  return (scalarKinds as readonly string[]).includes(type);
}

/** `[(confluent.field_meta) = { params: [{ key: "connect.type", value: "int8" }] }]` */
function paramsOf(field: protobufjs.Field): Record<string, string> {
  const found: [string, string][] = [];
  for (const options of field.parsedOptions ?? []) {
    const meta: unknown = options['(confluent.field_meta)'];
    for (const one of [meta].flat())
      for (const param of [(one as { readonly params?: unknown } | undefined)?.params].flat()) {
        const { key, value } = (param ?? {}) as {
          readonly key?: unknown;
          readonly value?: unknown;
        };
        if (typeof key === 'string') found.push([key, String(value)]);
      }
  }
  return Object.fromEntries(found);
}

function withoutDot(fullName: string): string {
  return fullName.replace(/^\./, '');
}

function invalid(reason: string, cause?: unknown): DataError {
  return new DataError(`Invalid Protobuf schema: ${reason}`, { cause });
}
