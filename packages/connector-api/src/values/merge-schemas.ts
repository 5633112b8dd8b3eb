/** The one schema that elements of several may share, as Kafka Connect finds it when it reads text. */
import type { Schema, SchemaType } from '../schema.ts';

/** From the smallest to the largest: the larger one holds both. */
const numbers: readonly SchemaType[] = ['int8', 'int16', 'int32', 'int64', 'float32', 'float64'];

/** Undefined where there is none, or where nothing has a schema. */
export function commonSchema(schemas: readonly (Schema | undefined)[]): Schema | undefined {
  let common: Schema | undefined;
  for (const schema of schemas) {
    if (!schema) continue;
    if (!common) {
      common = schema;
      continue;
    }
    common = common.type === schema.type ? schema : larger(common, schema);
    if (!common) return undefined;
  }
  return common;
}

function larger(one: Schema, other: Schema): Schema | undefined {
  const [ofOne, ofOther] = [numbers.indexOf(one.type), numbers.indexOf(other.type)];
  if (ofOne < 0 || ofOther < 0) return undefined;
  return ofOne > ofOther ? one : other;
}
