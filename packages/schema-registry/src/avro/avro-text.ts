/**
 * The text of an Avro schema, attributes in the order in which Avro's Java library prints them: the registry
 * takes schemas that differ in it for different ones.
 */
import { DataError } from '@sluice/connector-api';
import {
  type AvroField,
  type AvroNamed,
  type AvroProps,
  type AvroType,
  splitName,
} from './avro-type.ts';

/** @throws DataError when two types of the same name differ */
export function avroText(type: AvroType): string {
  return print(type, '', { types: new Map(), open: new Set() });
}

interface Defined {
  /** What stands under each name already. */
  readonly types: Map<string, AvroNamed>;
  /** Those that are not complete yet: what is in them is another type. */
  readonly open: Set<AvroNamed>;
}

function print(type: AvroType, space: string, defined: Defined): string {
  switch (type.kind) {
    case 'union':
      return `[${type.types.map((each) => print(each, space, defined)).join(',')}]`;
    case 'array':
      return object([
        '"type":"array"',
        `"items":${print(type.items, space, defined)}`,
        ...propTexts(type.props),
      ]);
    case 'map':
      return object([
        '"type":"map"',
        `"values":${print(type.values, space, defined)}`,
        ...propTexts(type.props),
      ]);
    case 'record':
    case 'enum':
    case 'fixed':
      return printNamed(type, space, defined);
    default: {
      const props = propTexts(type.props);
      return props.length === 0 ? `"${type.kind}"` : object([`"type":"${type.kind}"`, ...props]);
    }
  }
}

function printNamed(type: AvroNamed, space: string, defined: Defined): string {
  const { namespace, name } = splitName(type.name);
  const known = defined.types.get(type.name);
  if (known) {
    if (known !== type && (defined.open.has(known) || avroText(known) !== avroText(type)))
      throw new DataError(
        `Can't redefine: ${type.name}. The schema has two types of this name that are not the same: give them different names.`,
      );
    return JSON.stringify(namespace === space ? name : type.name);
  }
  defined.types.set(type.name, type);
  defined.open.add(type);
  const parts = [`"type":"${type.kind}"`, `"name":${JSON.stringify(name)}`];
  // What is in no namespace, within something that is in one, must say so.
  if (namespace !== space) parts.push(`"namespace":${JSON.stringify(namespace)}`);
  if ('doc' in type && type.doc !== undefined) parts.push(`"doc":${JSON.stringify(type.doc)}`);
  if (type.kind === 'record')
    parts.push(
      `"fields":[${type.fields.map((field) => printField(field, namespace, defined)).join(',')}]`,
    );
  if (type.kind === 'enum') {
    parts.push(`"symbols":${JSON.stringify(type.symbols)}`);
    if (type.default !== undefined) parts.push(`"default":${JSON.stringify(type.default)}`);
  }
  if (type.kind === 'fixed') parts.push(`"size":${String(type.size)}`);
  defined.open.delete(type);
  return object([...parts, ...propTexts(type.props)]);
}

function printField(field: AvroField, space: string, defined: Defined): string {
  return object([
    `"name":${JSON.stringify(field.name)}`,
    `"type":${print(field.type, space, defined)}`,
    ...(field.doc === undefined ? [] : [`"doc":${JSON.stringify(field.doc)}`]),
    ...(field.default === undefined ? [] : [`"default":${jsonText(field.default)}`]),
    ...propTexts(field.props),
  ]);
}

function object(parts: readonly string[]): string {
  return `{${parts.join(',')}}`;
}

function propTexts(props: AvroProps): string[] {
  return Object.entries(props).map(([name, value]) => `${JSON.stringify(name)}:${jsonText(value)}`);
}

/** Floating point numbers come as JSON.rawJSON; a bigint becomes a number. */
function jsonText(value: unknown): string {
  return JSON.stringify(value, (_name, one: unknown) =>
    typeof one === 'bigint' ? rawJson(String(one)) : one,
  );
}

/** Text that JSON.stringify takes as it is; TypeScript's library does not know it yet. */
export const rawJson: (text: string) => object = (
  JSON as unknown as { rawJSON: (text: string) => object }
).rawJSON;
