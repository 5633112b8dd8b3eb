/** Kafka Connect's SchemaBuilder: each call adds to the schema and returns the builder. */
import { SchemaBuilderError } from './errors.ts';
import { dateSchema, decimalSchema, timeSchema, timestampSchema } from './logical-types.ts';
import {
  arraySchema,
  type InputOf,
  mapSchema,
  type Schema,
  type SchemaField,
  type SchemaType,
  type StructInput,
  type StructValue,
  schemas,
  type TypedSchema,
  type ValueOf,
} from './schema.ts';
import { validateValue } from './validate-value.ts';

type Nullish = null | undefined;
type Draft = { -readonly [Name in keyof Schema]: Schema[Name] };
type Merged<One, Other> = { [Name in keyof (One & Other)]: (One & Other)[Name] };

/**
 * @example
 * const order = SchemaBuilder.struct()
 *   .name('com.acme.Order')
 *   .field('id', schemas.int64)
 *   .field('note', schemas.optionalString)
 *   .field('state', SchemaBuilder.string().defaultValue('new').build())
 *   .build();
 * type Order = ValueOf<typeof order>; // { id: number | bigint; state: string; note?: string | null }
 */
export class SchemaBuilder<Value, Input = Value, Nullable = never, Omittable = never> {
  /** In types only: without it builders of different values would be the same type. */
  declare readonly built?: TypedSchema<Value | Nullable, Input | Nullable | Omittable>;
  readonly #draft: Draft;
  readonly #fields: SchemaField[] = [];

  private constructor(start: Schema) {
    this.#draft = { ...start };
    delete this.#draft.fields;
    this.#fields.push(...(start.fields ?? []));
  }

  static int8(): SchemaBuilder<number> {
    return SchemaBuilder.from(schemas.int8);
  }

  static int16(): SchemaBuilder<number> {
    return SchemaBuilder.from(schemas.int16);
  }

  static int32(): SchemaBuilder<number> {
    return SchemaBuilder.from(schemas.int32);
  }

  static int64(): SchemaBuilder<number | bigint> {
    return SchemaBuilder.from(schemas.int64);
  }

  static float32(): SchemaBuilder<number> {
    return SchemaBuilder.from(schemas.float32);
  }

  static float64(): SchemaBuilder<number> {
    return SchemaBuilder.from(schemas.float64);
  }

  static bool(): SchemaBuilder<boolean> {
    return SchemaBuilder.from(schemas.boolean);
  }

  static string(): SchemaBuilder<string> {
    return SchemaBuilder.from(schemas.string);
  }

  static bytes(): SchemaBuilder<Uint8Array> {
    return SchemaBuilder.from(schemas.bytes);
  }

  static decimal(scale: number): SchemaBuilder<ValueOf<ReturnType<typeof decimalSchema>>> {
    return SchemaBuilder.from(decimalSchema(scale));
  }

  static date(): SchemaBuilder<Date> {
    return SchemaBuilder.from(dateSchema);
  }

  static time(): SchemaBuilder<Date> {
    return SchemaBuilder.from(timeSchema);
  }

  static timestamp(): SchemaBuilder<Date> {
    return SchemaBuilder.from(timestampSchema);
  }

  static array<S extends Schema>(
    items: S,
  ): SchemaBuilder<readonly ValueOf<S>[], readonly InputOf<S>[]> {
    return SchemaBuilder.from(arraySchema(items));
  }

  static map<K extends Schema, V extends Schema>(
    keys: K,
    values: V,
  ): SchemaBuilder<
    ValueOf<ReturnType<typeof mapSchema<K, V>>>,
    InputOf<ReturnType<typeof mapSchema<K, V>>>
  > {
    return new SchemaBuilder(mapSchema(keys, values));
  }

  static struct(): SchemaBuilder<object> {
    return new SchemaBuilder({ type: 'struct' });
  }

  /** For types that are known at run time only. */
  static type(type: SchemaType): SchemaBuilder<unknown> {
    return new SchemaBuilder({ type });
  }

  /** Starts with all that a schema has. */
  static from<Value, Input = Value>(
    schema: TypedSchema<Value, Input>,
  ): SchemaBuilder<Value, Input> {
    return new SchemaBuilder(schema);
  }

  /** Null is a value. */
  optional(): SchemaBuilder<Value, Input, Nullish, Omittable> {
    this.#set('optional', true);
    return this.#as();
  }

  /** Null is no value: what a schema is anyway. */
  required(): SchemaBuilder<Value, Input, never, Omittable> {
    this.#set('optional', false);
    return this.#as();
  }

  /** Stands for null and for what is absent. @throws SchemaBuilderError when it does not fit. */
  defaultValue(value: Input): SchemaBuilder<Value, Input, Nullable, Nullish> {
    try {
      validateValue(this.#schema(), value, 'default');
    } catch (error) {
      const reason = error instanceof Error ? `: ${error.message}` : '';
      throw new SchemaBuilderError(`Invalid default value${reason}`, { cause: error });
    }
    if (value !== null && value !== undefined) this.#set('default', value);
    return this.#as();
  }

  name(name: string): this {
    this.#set('name', name);
    return this;
  }

  version(version: number): this {
    this.#set('version', version);
    return this;
  }

  doc(doc: string): this {
    this.#set('doc', doc);
    return this;
  }

  parameter(name: string, value: string): this {
    return this.parameters({ [name]: value });
  }

  /** Added to those that there are. */
  parameters(parameters: Readonly<Record<string, string>>): this {
    if (Object.keys(parameters).length > 0)
      this.#draft.parameters = Object.freeze({ ...this.#draft.parameters, ...parameters });
    return this;
  }

  /** A field of a struct, after those that there are. @throws SchemaBuilderError */
  field<const Name extends string, S extends Schema>(
    name: Name,
    schema: S,
  ): SchemaBuilder<
    Merged<Value, StructValue<{ readonly [Key in Name]: S }>>,
    Merged<Input, StructInput<{ readonly [Key in Name]: S }>>,
    Nullable,
    Omittable
  > {
    if (this.#draft.type !== 'struct')
      throw new SchemaBuilderError(
        `Cannot create fields on type ${this.#draft.type.toUpperCase()}`,
      );
    if (name === '') throw new SchemaBuilderError('fieldName cannot be empty.');
    if (this.#fields.some(({ field }) => field === name))
      throw new SchemaBuilderError(`Cannot create field because of field name duplication ${name}`);
    this.#fields.push(Object.freeze({ field: name, schema }));
    return this.#as();
  }

  build(): TypedSchema<Value | Nullable, Input | Nullable | Omittable> {
    return Object.freeze(this.#schema());
  }

  #schema(): Schema {
    const { optional, ...rest } = this.#draft;
    return {
      ...rest,
      ...(optional === true ? { optional } : {}),
      ...(rest.type === 'struct' ? { fields: Object.freeze([...this.#fields]) } : {}),
    };
  }

  #set<Name extends keyof Draft>(name: Name, value: Draft[Name]): void {
    const known = this.#draft[name];
    if (known !== undefined && known !== value)
      throw new SchemaBuilderError(`Invalid SchemaBuilder call: ${name} has already been set.`);
    this.#draft[name] = value;
  }

  #as<V, I, N, O>(): SchemaBuilder<V, I, N, O> {
    return this as unknown as SchemaBuilder<V, I, N, O>;
  }
}
