/** Avro schemas as a tree whose names are resolved, with all attributes that Avro itself does not know. */

export type AvroPrimitiveKind =
  | 'null'
  | 'boolean'
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'bytes'
  | 'string';

/** Attributes beyond Avro's own, `connect.name` and `logicalType` among them, in their order. */
export type AvroProps = Readonly<Record<string, unknown>>;

export interface AvroPrimitive {
  readonly kind: AvroPrimitiveKind;
  readonly props: AvroProps;
}

export interface AvroFixed {
  readonly kind: 'fixed';
  /** With its namespace. */
  readonly name: string;
  readonly size: number;
  readonly props: AvroProps;
}

export interface AvroEnum {
  readonly kind: 'enum';
  readonly name: string;
  readonly doc?: string;
  readonly symbols: readonly string[];
  readonly default?: string;
  readonly props: AvroProps;
}

export interface AvroArray {
  readonly kind: 'array';
  readonly items: AvroType;
  readonly props: AvroProps;
}

export interface AvroMap {
  readonly kind: 'map';
  readonly values: AvroType;
  readonly props: AvroProps;
}

export interface AvroUnion {
  readonly kind: 'union';
  readonly types: readonly AvroType[];
}

export interface AvroField {
  readonly name: string;
  readonly type: AvroType;
  readonly doc?: string;
  /** JSON; absent where there is none, which null is not. */
  readonly default?: unknown;
  readonly props: AvroProps;
}

export interface AvroRecord {
  readonly kind: 'record';
  readonly name: string;
  readonly doc?: string;
  /** Filled in last: a record may contain itself. */
  readonly fields: readonly AvroField[];
  readonly props: AvroProps;
}

export type AvroNamed = AvroRecord | AvroEnum | AvroFixed;
export type AvroType = AvroPrimitive | AvroArray | AvroMap | AvroUnion | AvroNamed;

export const noProps: AvroProps = Object.freeze({});

export const avroNamespace = 'io.confluent.connect.avro';

/** Confluent's names of attributes and parameters. */
export const avroNames = Object.freeze({
  doc: 'connect.doc',
  version: 'connect.version',
  parameters: 'connect.parameters',
  default: 'connect.default',
  name: 'connect.name',
  type: 'connect.type',
  internalType: 'connect.internal.type',
  fixedSize: 'connect.fixed.size',
  precision: 'connect.decimal.precision',
  recordDoc: `${avroNamespace}.record.doc`,
  enumDocPrefix: `${avroNamespace}.enum.doc.`,
  fieldDocPrefix: `${avroNamespace}.field.doc.`,
  fieldDefault: `${avroNamespace}.field.default`,
  enumDefaultPrefix: `${avroNamespace}.enum.default.`,
  union: `${avroNamespace}.Union`,
  enum: `${avroNamespace}.Enum`,
  anything: `${avroNamespace}.Anything`,
  defaultRecord: `${avroNamespace}.ConnectDefault`,
  mapEntry: 'MapEntry',
});

export const precisionDefault = 64;

export function isNamed(type: AvroType): type is AvroNamed {
  return type.kind === 'record' || type.kind === 'enum' || type.kind === 'fixed';
}

/** Namespace and last part of a full name. */
export function splitName(fullName: string): { readonly namespace: string; readonly name: string } {
  const dot = fullName.lastIndexOf('.');
  return dot < 0
    ? { namespace: '', name: fullName }
    : { namespace: fullName.slice(0, dot), name: fullName.slice(dot + 1) };
}

/** A non-string map is an array of records of this kind. */
export function isMapEntry(type: AvroType): type is AvroRecord {
  if (type.kind !== 'record') return false;
  return (
    type.name === `${avroNamespace}.${avroNames.mapEntry}` ||
    type.props[avroNames.internalType] === avroNames.mapEntry
  );
}

/** The fewest bytes that a value takes: how many of them a record can hold at most. */
export function bytesMinOf(type: AvroType, within: ReadonlySet<AvroType> = new Set()): number {
  switch (type.kind) {
    case 'null':
      return 0;
    case 'float':
      return 4;
    case 'double':
      return 8;
    case 'fixed':
      return type.size;
    case 'record':
      if (within.has(type)) return 0;
      return type.fields.reduce(
        (sum, field) => sum + bytesMinOf(field.type, new Set([...within, type])),
        0,
      );
    default:
      return 1;
  }
}
