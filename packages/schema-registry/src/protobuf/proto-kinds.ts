/** Small facts about Connect schemas in Protobuf, which making a schema and writing values share. */
import { DataError, type Schema } from '@sluice/connector-api';
import { scrubName } from '../scrub-name.ts';
import { type ScalarKind, scalarKinds } from './proto-model.ts';
import { type ProtobufOptions, protobufNames } from './proto-options.ts';

const kindOfType: Readonly<Partial<Record<Schema['type'], ScalarKind>>> = {
  int8: 'int32',
  int16: 'int32',
  int32: 'int32',
  int64: 'int64',
  float32: 'float',
  float64: 'double',
  boolean: 'bool',
  string: 'string',
  bytes: 'bytes',
};

const kinds32: readonly string[] = ['int32', 'sint32', 'sfixed32'];
const kinds64: readonly string[] = scalarKinds.filter((kind) =>
  /int64|fixed64|^uint32|^fixed32/.test(kind),
);

export function scalarKindOf(schema: Schema): ScalarKind {
  const kind = kindOfType[schema.type];
  if (!kind) throw new DataError(`Values of type ${schema.type.toUpperCase()} are no scalars`);
  const own = schema.parameters?.[protobufNames.type];
  if (own === undefined) return kind;
  const allowed = schema.type === 'int32' ? kinds32 : schema.type === 'int64' ? kinds64 : [kind];
  if (!allowed.includes(own))
    throw new DataError(
      `The parameter ${protobufNames.type} says a type that ${schema.type.toUpperCase()} does not fit`,
    );
  return own as ScalarKind;
}

/** There are wrappers of plain types only. */
export function wrappedKindOf(kind: ScalarKind): ScalarKind {
  if (kind === 'uint32' || kind === 'fixed32') return 'uint32';
  if (kind === 'uint64' || kind === 'fixed64') return 'uint64';
  if (kind === 'sint32' || kind === 'sfixed32') return 'int32';
  return kind === 'sint64' || kind === 'sfixed64' ? 'int64' : kind;
}

export function isUnionStruct(schema: Schema): boolean {
  return schema.type === 'struct' && schema.name?.startsWith(`${protobufNames.union}.`) === true;
}

export function isEnumSchema(schema: Schema): boolean {
  return (
    (schema.type === 'string' || schema.type === 'int32') &&
    schema.parameters?.[protobufNames.enum] !== undefined
  );
}

/** Where a name may begin. */
export const validStart = /^[A-Za-z]/;

/** What a field of a struct is called in Protobuf. */
export function fieldNameOf(
  name: string,
  { scrubsNames }: Pick<ProtobufOptions, 'scrubsNames'>,
): string {
  return scrubsNames ? scrubName(name, validStart) : name;
}
