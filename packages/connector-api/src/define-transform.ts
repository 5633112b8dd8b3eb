/** `defineTransform` and `definePredicate`: what happens to records on their way, as one object. */
import { type ConfigOf, type ConfigShape, defineConfig } from './config-builders.ts';
import type { ConversionFailure } from './converter.ts';
import { aliasesOf } from './plugin.ts';
import type {
  Predicate,
  PredicatePlugin,
  Transform,
  TransformableRecord,
  TransformedBatch,
  TransformPlugin,
} from './transform.ts';

interface Definition<Shape extends ConfigShape> {
  readonly name: string;
  /** Full class name. Default: the name. */
  readonly class?: string;
  readonly version: string;
  readonly config: Shape;
}

export interface TransformDefinition<Shape extends ConfigShape> extends Definition<Shape> {
  /** Called also to check a definition: what holds resources gets them with the first batch. */
  readonly create: (config: ConfigOf<Shape>) => Transform;
}

export interface PredicateDefinition<Shape extends ConfigShape> extends Definition<Shape> {
  /** As for transforms. */
  readonly create: (config: ConfigOf<Shape>) => Predicate;
}

/**
 * @example
 * export default defineTransform({
 *   name: 'prefix-topic', version: '1.0.0', config: { prefix: string() },
 *   create: ({ prefix }) => perRecord((record) => ({ ...record, topic: prefix + record.topic })),
 * });
 */
export function defineTransform<Shape extends ConfigShape>(
  definition: TransformDefinition<Shape>,
): TransformPlugin {
  const { base, parse } = baseOf(definition);
  return {
    ...base,
    type: 'transformation',
    create: (config) => definition.create(parse(config)),
  };
}

/**
 * @example
 * export default definePredicate({
 *   name: 'has-key', version: '1.0.0', config: {},
 *   create: () => ({
 *     test: (records) => ({ matches: records.map(({ key }) => key != null), failures: [] }),
 *   }),
 * });
 */
export function definePredicate<Shape extends ConfigShape>(
  definition: PredicateDefinition<Shape>,
): PredicatePlugin {
  const { base, parse } = baseOf(definition);
  return { ...base, type: 'predicate', create: (config) => definition.create(parse(config)) };
}

function baseOf<Shape extends ConfigShape>(definition: Definition<Shape>) {
  const className = definition.class ?? definition.name;
  const configDef = defineConfig(definition.config);
  const { name, version } = definition;
  return {
    base: {
      class: className,
      aliases: aliasesOf(className, name),
      version,
      configDef: { keys: configDef.keys },
    },
    parse: configDef.parse,
  };
}

/** `change` returns the record itself if there is nothing to do, and null to drop it. */
export type RecordChange = <RecordType extends TransformableRecord>(
  record: RecordType,
) => RecordType | null;

/** A transform that looks at one record at a time; what `change` throws fails that record only. */
export function perRecord(change: RecordChange): Transform {
  return {
    apply<RecordType extends TransformableRecord>(
      records: readonly RecordType[],
    ): TransformedBatch<RecordType> {
      const failures: ConversionFailure[] = [];
      const changed = records.map((record, index) => {
        try {
          return change(record);
        } catch (error) {
          failures.push({
            index,
            error: error instanceof Error ? error : new Error(String(error)),
          });
          return null;
        }
      });
      return { records: changed, failures };
    },
  };
}
