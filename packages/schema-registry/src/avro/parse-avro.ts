/** Reads the text of an Avro schema. Names are resolved as the specification says; what is wrong is refused. */
import { DataError } from '@sluice/connector-api';
import { parseJson } from '@sluice/converters';
import { isObject, toError } from '@sluice/kernel';
import type {
  AvroField,
  AvroNamed,
  AvroPrimitiveKind,
  AvroProps,
  AvroRecord,
  AvroType,
} from './avro-type.ts';
import { noProps, splitName } from './avro-type.ts';

const primitives: ReadonlySet<string> = new Set<AvroPrimitiveKind>([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
]);

/**
 * `references` are the schemas that it may name, in the order in which they need each other.
 * @throws DataError
 */
export function parseAvro(text: string, references: readonly string[] = []): AvroType {
  const names = new Map<string, AvroNamed>();
  for (const reference of references) parseType(parseText(reference), '', names);
  return parseType(parseText(text), '', names);
}

function parseText(text: string): unknown {
  // The name of a primitive type may stand there without quotes.
  if (primitives.has(text.trim())) return text.trim();
  try {
    return parseJson(text);
  } catch (error) {
    throw invalid(toError(error).message);
  }
}

type Names = Map<string, AvroNamed>;
type Json = Readonly<Record<string, unknown>>;

function parseType(json: unknown, space: string, names: Names): AvroType {
  if (typeof json === 'string') return named(json, space, names);
  if (Array.isArray(json)) return parseUnion(json, space, names);
  if (!isObject(json)) throw invalid('a type is a name, a list or an object');
  const { type } = json;
  if (typeof type !== 'string') return parseType(type, space, names);
  switch (type) {
    case 'record':
    case 'error':
      return parseRecord(json, space, names);
    case 'enum':
      return parseEnum(json, space, names);
    case 'fixed':
      return parseFixed(json, space, names);
    case 'array':
      return {
        kind: 'array',
        items: parseType(json['items'], space, names),
        props: propsOf(json, ['type', 'items']),
      };
    case 'map':
      return {
        kind: 'map',
        values: parseType(json['values'], space, names),
        props: propsOf(json, ['type', 'values']),
      };
    default:
      if (!primitives.has(type)) return named(type, space, names);
      return { kind: type as AvroPrimitiveKind, props: propsOf(json, ['type']) };
  }
}

function named(name: string, space: string, names: Names): AvroType {
  if (primitives.has(name)) return { kind: name as AvroPrimitiveKind, props: noProps };
  const found =
    names.get(name.includes('.') || space === '' ? name : `${space}.${name}`) ?? names.get(name);
  if (!found) throw invalid(`"${name}" is not a defined name`);
  return found;
}

function parseUnion(json: readonly unknown[], space: string, names: Names): AvroType {
  const types = json.map((each) => parseType(each, space, names));
  const kinds = new Set<string>();
  for (const type of types) {
    if (type.kind === 'union') throw invalid('a union directly in a union');
    const kind = 'name' in type ? type.name : type.kind;
    if (kinds.has(kind)) throw invalid(`twice ${kind} in a union`);
    kinds.add(kind);
  }
  return { kind: 'union', types };
}

function parseRecord(json: Json, space: string, names: Names): AvroType {
  const name = fullNameOf(json, space);
  const fields: AvroField[] = [];
  const record: AvroRecord = {
    kind: 'record',
    name,
    ...docOf(json),
    fields,
    props: propsOf(json, ['type', 'name', 'namespace', 'doc', 'fields', 'aliases']),
  };
  define(record, names);
  const own = splitName(name).namespace;
  if (!Array.isArray(json['fields'])) throw invalid(`record ${name} has no list of fields`);
  const seen = new Set<string>();
  for (const each of json['fields'] as readonly unknown[]) {
    if (!isObject(each) || typeof each['name'] !== 'string')
      throw invalid(`a field of ${name} has no name`);
    checkName(each['name']);
    if (seen.has(each['name'])) throw invalid(`${name} has two fields ${each['name']}`);
    seen.add(each['name']);
    fields.push({
      name: each['name'],
      type: parseType(each['type'], own, names),
      ...docOf(each),
      ...('default' in each ? { default: each['default'] } : {}),
      props: propsOf(each, ['name', 'type', 'doc', 'default', 'order', 'aliases']),
    });
  }
  return record;
}

function parseEnum(json: Json, space: string, names: Names): AvroType {
  const name = fullNameOf(json, space);
  const symbols: unknown = json['symbols'];
  if (!Array.isArray(symbols) || !symbols.every((symbol) => typeof symbol === 'string'))
    throw invalid(`enum ${name} has no list of symbols`);
  return define(
    {
      kind: 'enum',
      name,
      ...docOf(json),
      symbols,
      ...(typeof json['default'] === 'string' ? { default: json['default'] } : {}),
      props: propsOf(json, ['type', 'name', 'namespace', 'doc', 'symbols', 'default', 'aliases']),
    },
    names,
  );
}

function parseFixed(json: Json, space: string, names: Names): AvroType {
  const name = fullNameOf(json, space);
  const size = json['size'];
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw invalid(`fixed ${name} has no size`);
  const props = propsOf(json, ['type', 'name', 'namespace', 'doc', 'size', 'aliases']);
  return define({ kind: 'fixed', name, size, props }, names);
}

function define<Type extends AvroNamed>(type: Type, names: Names): Type {
  if (names.has(type.name)) throw invalid(`Can't redefine: ${type.name}`);
  names.set(type.name, type);
  return type;
}

function fullNameOf(json: Json, space: string): string {
  const { name, namespace } = json;
  if (typeof name !== 'string') throw invalid(`a ${String(json['type'])} has no name`);
  for (const part of name.split('.')) checkName(part);
  if (name.includes('.')) return name;
  const own = typeof namespace === 'string' ? namespace : space;
  return own === '' ? name : `${own}.${name}`;
}

const validName = /^[A-Za-z_]\w*$/;

/** @throws DataError in Avro's words */
export function checkName(name: string): void {
  if (!validName.test(name)) throw invalid(`Illegal character in: ${name}`);
}

function docOf(json: Json): { readonly doc?: string } {
  return typeof json['doc'] === 'string' ? { doc: json['doc'] } : {};
}

function propsOf(json: Json, own: readonly string[]): AvroProps {
  const entries = Object.entries(json).filter(([name]) => !own.includes(name));
  return entries.length === 0 ? noProps : Object.fromEntries(entries);
}

function invalid(reason: string): DataError {
  return new DataError(`Invalid Avro schema: ${reason}`);
}
