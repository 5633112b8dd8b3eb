/** `set.<field>`: results of expressions as fields of the key or value. */
import {
  DataError,
  optionalSchema,
  type Schema,
  type SchemaField,
  type SchemaType,
  timestampSchema,
  validateValue,
} from '@sluice/connector-api';
import { invalidValue } from '../config-keys.ts';
import {
  cachedBySchema,
  describe,
  findField,
  type MutableFields,
  schemaBasics,
  setField,
} from '../structs.ts';
import { fromCel } from './cel-values.ts';
import { Expression, type StaticType, type Variables } from './expression.ts';

const namedTypes: Readonly<Record<string, Schema>> = {
  ...Object.fromEntries(
    (
      [
        'int8',
        'int16',
        'int32',
        'int64',
        'float32',
        'float64',
        'boolean',
        'string',
        'bytes',
      ] satisfies SchemaType[]
    ).map((type) => [type, { type, optional: true }]),
  ),
  timestamp: optionalSchema(timestampSchema),
};

const schemaOfStatic: Readonly<Partial<Record<StaticType, Schema | undefined>>> = {
  bool: namedTypes['boolean'],
  int: namedTypes['int64'],
  double: namedTypes['float64'],
  string: namedTypes['string'],
  bytes: namedTypes['bytes'],
  timestamp: namedTypes['timestamp'],
};

export class Assignment {
  readonly field: string;
  readonly expression: Expression;
  /** Of a field that the record's schema has not; undefined if it cannot be known. */
  readonly #newSchema: Schema | undefined;
  readonly #isTypeGiven: boolean;

  /** `type` is what `type.<field>` says. @throws ConfigError */
  constructor(field: string, source: string, type: string | undefined) {
    this.field = field;
    this.expression = new Expression(`set.${field}`, source);
    this.#isTypeGiven = type !== undefined;
    if (type === undefined) {
      this.#newSchema = schemaOfStatic[this.expression.type];
      return;
    }
    this.#newSchema = namedTypes[type.trim()];
    if (!this.#newSchema)
      throw invalidValue(
        `type.${field}`,
        type,
        `String must be one of: ${Object.keys(namedTypes).join(', ')}`,
      );
  }

  /** In a record with this schema. @throws DataError if nothing says the type. */
  schemaIn(schema: Schema): Schema {
    const known = this.#isTypeGiven ? undefined : findField(schema, this.field)?.schema;
    const found = known ?? this.#newSchema;
    if (found) return found;
    throw new DataError(
      `${this.expression.key}: the record has a schema, and nothing says the type of this field: set type.${this.field}`,
    );
  }

  assign(fields: MutableFields, variables: Variables, schema: Schema | undefined): void {
    const result = fromCel(this.expression.evaluate(variables));
    if (!schema) return setField(fields, this.field, this.#loose(result));
    const value = fitted(schema, result);
    try {
      validateValue(schema, value, this.field);
    } catch (error) {
      throw new DataError(
        `${this.expression.key}: the result, ${describe(result)}, does not fit type ${schema.type}`,
        { cause: error },
      );
    }
    setField(fields, this.field, value);
  }

  #loose(result: unknown): unknown {
    return this.#newSchema && this.#isTypeGiven ? fitted(this.#newSchema, result) : result;
  }
}

/** Numbers in the form of the type: 3 is a double, 3.0 an int, 3.5 is none. */
function fitted(schema: Schema, result: unknown): unknown {
  if (schema.type === 'float32' && typeof result === 'number') return Math.fround(result);
  if (schema.type.startsWith('float') && typeof result === 'bigint') return Number(result);
  return result;
}

/** The schema of a struct with these fields set: known fields keep their place, new ones follow. */
export function assignedSchema(assignments: readonly Assignment[]): (schema: Schema) => Schema {
  return cachedBySchema((schema) => {
    const fields: SchemaField[] = [...(schema.fields ?? [])];
    for (const assignment of assignments) {
      const changed = { field: assignment.field, schema: assignment.schemaIn(schema) };
      const at = fields.findIndex(({ field }) => field === assignment.field);
      if (at === -1) fields.push(changed);
      else fields[at] = changed;
    }
    return {
      type: 'struct',
      ...schemaBasics(schema),
      ...(schema.optional ? { optional: true } : {}),
      fields,
    };
  });
}
