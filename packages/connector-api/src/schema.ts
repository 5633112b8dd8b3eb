/**
 * A schema as Kafka Connect knows it, as plain frozen data: it crosses threads, and two schemas are the same
 * when they look the same (`schemasEqual`). A value of it is plain data too:
 *
 * | schema | value |
 * | --- | --- |
 * | int8, int16, int32, float32, float64 | number |
 * | int64 | number up to 2^53, else bigint; both are taken everywhere |
 * | boolean, string | boolean, string |
 * | bytes | Uint8Array |
 * | array | array |
 * | map with string keys | plain object |
 * | map with other keys | Map |
 * | struct | plain object; what is absent is undefined |
 * | Decimal | Decimal |
 * | Date, Time, Timestamp | Date, in UTC (see logical-types.ts) |
 *
 * Never change a schema that has been used: what is made of it is remembered by its identity.
 */
export type SchemaType =
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'float32'
  | 'float64'
  | 'boolean'
  | 'string'
  | 'bytes'
  | 'array'
  | 'map'
  | 'struct';

export interface Schema {
  readonly type: SchemaType;
  /** Default false: null is refused. */
  readonly optional?: boolean;
  readonly name?: string;
  readonly version?: number;
  readonly doc?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /** Stands for null and for what is absent. */
  readonly default?: unknown;
  /** Structs. */
  readonly fields?: readonly SchemaField[];
  /** Arrays. Absent, as after reading `[]` without a schema: nothing is known about the elements. */
  readonly items?: Schema;
  /** Maps; absent like `items`. */
  readonly keys?: Schema;
  readonly values?: Schema;
}

export interface SchemaField {
  readonly field: string;
  readonly schema: Schema;
}

/** Exists in types only. */
declare const valueType: unique symbol;
declare const inputType: unique symbol;

/**
 * A schema of which TypeScript knows the type of its values: `Value` is what is read, `Input` what may be
 * given, where what has a default may be left out.
 */
export interface TypedSchema<Value, Input = Value> extends Schema {
  readonly [valueType]?: Value;
  readonly [inputType]?: Input;
}

/** The type of the values of a schema; unknown when TypeScript does not know it. */
export type ValueOf<S extends Schema> =
  S extends TypedSchema<infer Value, infer _Input> ? Value : unknown;

/** The type of what `struct` and validation take for a schema. */
export type InputOf<S extends Schema> =
  S extends TypedSchema<infer _Value, infer Input> ? Input : unknown;

type Nullish = null | undefined;

/** Names whose value may be left out. */
type OmittableNames<Fields> = {
  [Name in keyof Fields]: undefined extends Fields[Name] ? Name : never;
}[keyof Fields];

/** `{ a: string; b: number | null | undefined }` → `{ a: string; b?: number | null | undefined }` */
type WithOmittable<Fields> = {
  readonly [Name in Exclude<keyof Fields, OmittableNames<Fields>>]: Fields[Name];
} & { readonly [Name in OmittableNames<Fields>]?: Fields[Name] };

/** One object type instead of an intersection: shorter in errors and tooltips. */
type Flat<Type> = { [Name in keyof Type]: Type[Name] };

export type StructValue<Fields extends Readonly<Record<string, Schema>>> = Flat<
  WithOmittable<{ [Name in keyof Fields]: ValueOf<Fields[Name]> }>
>;

export type StructInput<Fields extends Readonly<Record<string, Schema>>> = Flat<
  WithOmittable<{ [Name in keyof Fields]: InputOf<Fields[Name]> }>
>;

/** A map with string keys is a plain object, any other a Map. */
export type MapValue<Key, Value> = [Key] extends [string]
  ? Readonly<Record<string, Value>>
  : ReadonlyMap<Key, Value>;

export type OptionalSchema<S extends Schema> = TypedSchema<
  ValueOf<S> | Nullish,
  InputOf<S> | Nullish
>;

type Int64 = number | bigint;

function primitive<Value>(type: SchemaType): TypedSchema<Value> {
  return Object.freeze({ type });
}

function optionalPrimitive<Value>(type: SchemaType): TypedSchema<Value | Nullish> {
  return Object.freeze({ type, optional: true });
}

/** The schemas that connectors use most; logical types are in `logical-types.ts`. */
export const schemas = Object.freeze({
  int8: primitive<number>('int8'),
  int16: primitive<number>('int16'),
  int32: primitive<number>('int32'),
  int64: primitive<Int64>('int64'),
  float32: primitive<number>('float32'),
  float64: primitive<number>('float64'),
  boolean: primitive<boolean>('boolean'),
  string: primitive<string>('string'),
  bytes: primitive<Uint8Array>('bytes'),
  optionalInt8: optionalPrimitive<number>('int8'),
  optionalInt16: optionalPrimitive<number>('int16'),
  optionalInt32: optionalPrimitive<number>('int32'),
  optionalInt64: optionalPrimitive<Int64>('int64'),
  optionalFloat32: optionalPrimitive<number>('float32'),
  optionalFloat64: optionalPrimitive<number>('float64'),
  optionalBoolean: optionalPrimitive<boolean>('boolean'),
  optionalString: optionalPrimitive<string>('string'),
  optionalBytes: optionalPrimitive<Uint8Array>('bytes'),
});

/** The same schema, allowing null. */
export function optionalSchema<S extends Schema>(schema: S): OptionalSchema<S> {
  return Object.freeze<Schema>({ ...schema, optional: true });
}

export function arraySchema<S extends Schema>(
  items: S,
): TypedSchema<readonly ValueOf<S>[], readonly InputOf<S>[]> {
  return Object.freeze<Schema>({ type: 'array', items });
}

export function mapSchema<K extends Schema, V extends Schema>(
  keys: K,
  values: V,
): TypedSchema<MapValue<ValueOf<K>, ValueOf<V>>, MapValue<InputOf<K>, InputOf<V>>> {
  return Object.freeze<Schema>({ type: 'map', keys, values });
}

type StructOptions = Pick<Schema, 'name' | 'version' | 'optional' | 'doc'>;

/** Fields in the order of the object's properties. */
export function structSchema<
  const Fields extends Readonly<Record<string, Schema>>,
  const Options extends StructOptions = { readonly optional?: false },
>(
  fields: Fields,
  options?: Options,
): Options extends { readonly optional: true }
  ? OptionalSchema<TypedSchema<StructValue<Fields>, StructInput<Fields>>>
  : TypedSchema<StructValue<Fields>, StructInput<Fields>> {
  const schema: Schema = {
    type: 'struct',
    ...options,
    fields: Object.freeze(
      Object.entries(fields).map(([field, of]) => Object.freeze({ field, schema: of })),
    ),
  };
  return Object.freeze(schema) as never;
}
