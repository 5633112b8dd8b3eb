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
