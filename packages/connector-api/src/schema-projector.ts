/**
 * Kafka Connect's SchemaProjector: a value of one schema as a value of another one that is compatible.
 * Numbers become larger types, missing fields their defaults, other fields are left out.
 */
import {
  entriesOf,
  isNullish,
  objectMaker,
  type PlainObject,
  propertyReader,
  schemaText,
} from './data-values.ts';
import { SchemaProjectorError } from './errors.ts';
import type { Schema, SchemaType } from './schema.ts';
import { schemaField } from './struct.ts';

/**
 * @throws SchemaProjectorError when the schemas are not compatible: other types, names or parameters, a
 * required field without a default that the source lacks or may be null in it.
 */
export function projectValue(source: Schema, value: unknown, target: Schema): unknown {
  return projectorOf(source, target)(value);
}

type Projector = (value: unknown) => unknown;

const compiled = new WeakMap<Schema, WeakMap<Schema, Projector>>();

function projectorOf(source: Schema, target: Schema): Projector {
  let ofSource = compiled.get(source);
  if (!ofSource) {
    ofSource = new WeakMap();
    compiled.set(source, ofSource);
  }
  let project = ofSource.get(target);
  if (!project) {
    project = compile(source, target);
    ofSource.set(target, project);
  }
  return project;
}

/** Incompatible schemas fail when a value comes, as in Kafka Connect: an empty array has no wrong elements. */
function compile(source: Schema, target: Schema): Projector {
  const problem = incompatibility(source, target);
  if (problem !== undefined)
    return () => {
      throw new SchemaProjectorError(problem);
    };
  const project = compileRequired(source, target);
  const whenNull = source.optional && !target.optional ? target.default : null;
  return (value) => (isNullish(value) ? whenNull : project(value));
}

function incompatibility(source: Schema, target: Schema): string | undefined {
  if (source.type !== target.type && !isPromotable(source.type, target.type))
    return `Schema type mismatch. source type: ${source.type.toUpperCase()} and target type: ${target.type.toUpperCase()}`;
  if (source.name !== target.name)
    return `Schema name mismatch. source name: ${String(source.name ?? null)} and target name: ${String(target.name ?? null)}`;
  const [ofSource, ofTarget] = [parametersText(source), parametersText(target)];
  if (ofSource !== ofTarget)
    return `Schema parameters not equal. source parameters: ${ofSource} and target parameters: ${ofTarget}`;
  if (source.optional && !target.optional && isNullish(target.default))
    return 'Writer schema is optional, however, target schema does not provide a default value.';
  return undefined;
}

function parametersText({ parameters }: Schema): string {
  const entries = Object.entries(parameters ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
  return entries.length === 0
    ? 'null'
    : `{${entries.map(([name, value]) => `${name}=${value}`).join(', ')}}`;
}

/** From the smallest to the largest. */
const numbers: readonly SchemaType[] = ['int8', 'int16', 'int32', 'int64', 'float32', 'float64'];

function isPromotable(source: SchemaType, target: SchemaType): boolean {
  const from = numbers.indexOf(source);
  return from >= 0 && from <= numbers.indexOf(target);
}

function compileRequired(source: Schema, target: Schema): Projector {
  switch (target.type) {
    case 'struct':
      return compileStruct(source, target);
    case 'array': {
      const project = lazily(source.items, target.items);
      return (value) => (value as readonly unknown[]).map(project);
    }
    case 'map':
      return compileMap(source, target);
    case 'float32':
      return (value) => (isNumeric(value) ? Math.fround(Number(value)) : value);
    case 'float64':
      return (value) => (isNumeric(value) ? Number(value) : value);
    default:
      return (value) => value;
  }
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function compileMap(source: Schema, target: Schema): Projector {
  const projectKey = lazily(source.keys, target.keys);
  const projectOne = lazily(source.values, target.values);
  return (value) => {
    const entries = Array.from(entriesOf(value as object), ([key, one]): [unknown, unknown] => [
      projectKey(key),
      projectOne(one),
    ]);
    return value instanceof Map
      ? new Map(entries)
      : Object.fromEntries(entries as [string, unknown][]);
  };
}

function lazily(source: Schema | undefined, target: Schema | undefined): Projector {
  if (!source || !target) return (value) => value;
  return (value) => projectorOf(source, target)(value);
}

function compileStruct(source: Schema, target: Schema): Projector {
  const fields = (target.fields ?? []).map(({ field, schema }) => ({
    field,
    read: fieldProjector(source, field, schema),
  }));
  const make = objectMaker(fields.map(({ field }) => field));
  return (value) => make(fields.map(({ read }) => read(value as PlainObject)));
}

function fieldProjector(
  source: Schema,
  field: string,
  target: Schema,
): (value: PlainObject) => unknown {
  const from = schemaField(source, field)?.schema;
  if (!from) {
    if (target.optional) return () => undefined;
    if (!isNullish(target.default)) return () => target.default;
    return () => {
      throw new SchemaProjectorError(
        `Required field \`${field}\` is missing from source schema: ${schemaText(source)}`,
      );
    };
  }
  const read = propertyReader(field);
  return (value) => {
    try {
      // A struct answers for its defaults: what is null has the source's.
      return projectValue(from, read(value) ?? from.default, target);
    } catch (error) {
      if (!(error instanceof SchemaProjectorError)) throw error;
      throw new SchemaProjectorError(`Error projecting ${field}: ${error.message}`, {
        cause: error,
      });
    }
  };
}
