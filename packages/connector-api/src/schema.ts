/** A schema as Kafka Connect knows it, as plain data. */
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
  readonly default?: unknown;
  /** Structs. */
  readonly fields?: readonly SchemaField[];
  /** Arrays. */
  readonly items?: Schema;
  /** Maps. */
  readonly keys?: Schema;
  readonly values?: Schema;
}

export interface SchemaField {
  readonly field: string;
  readonly schema: Schema;
}

/** The schemas that connectors use most; `optional` and `named` vary them. */
export const schemas = {
  int8: { type: 'int8' },
  int16: { type: 'int16' },
  int32: { type: 'int32' },
  int64: { type: 'int64' },
  float32: { type: 'float32' },
  float64: { type: 'float64' },
  boolean: { type: 'boolean' },
  string: { type: 'string' },
  bytes: { type: 'bytes' },
} as const satisfies Record<string, Schema>;

/** The same schema, allowing null. */
export function optionalSchema(schema: Schema): Schema {
  return { ...schema, optional: true };
}

export function arraySchema(items: Schema): Schema {
  return { type: 'array', items };
}

export function mapSchema(keys: Schema, values: Schema): Schema {
  return { type: 'map', keys, values };
}

/** Fields in the order of the object's properties. */
export function structSchema(
  fields: Readonly<Record<string, Schema>>,
  options: Pick<Schema, 'name' | 'version' | 'optional' | 'doc'> = {},
): Schema {
  return {
    type: 'struct',
    ...options,
    fields: Object.entries(fields).map(([field, schema]) => ({ field, schema })),
  };
}
