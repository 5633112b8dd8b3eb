/** Sluice's own transform and predicate: filters, fields and topics from expressions in CEL. */
import {
  ConfigError,
  type ConfigProblem,
  type ConnectorConfig,
  DataError,
  defineConfig,
  type Predicate,
  type PredicatePlugin,
  string,
  type TestedBatch,
  type Transform,
  type TransformPlugin,
} from '@sluice/connector-api';
import { toError } from '@sluice/kernel';
import { invalidConfig, invalidValue } from '../config-keys.ts';
import { partPlugins, predicatePlugin } from '../part-plugin.ts';
import { type Part, perRecord, schemaOf, valueOf, withPart, withTopic } from '../records.ts';
import { requireMap, requireStruct } from '../structs.ts';
import { Assignment, assignedSchema } from './assignments.ts';
import type { ExpressionVariable } from './environment.ts';
import { Expression, type Variables, variablesOf } from './expression.ts';

const purpose = 'setting fields by expressions';

export const expression: readonly TransformPlugin[] = partPlugins(
  'io.sluice.transforms.Expression',
  defineConfig({
    filter: string()
      .optional()
      .importance('high')
      .doc(
        'An expression in CEL over key, value, headers, topic, partition and timestamp. Records for which it is false are dropped. ' +
          'Besides, set.<field> is an expression whose result becomes that field of the key or value, and type.<field> its type.',
      ),
    topic: string().optional().doc('An expression in CEL whose result becomes the topic.'),
  }),
  (config, part, raw) => createTransform(config, part, raw),
);

export const expressionPredicate: PredicatePlugin = predicatePlugin(
  'io.sluice.transforms.predicates.Expression',
  defineConfig({
    expression: string()
      .nonEmpty()
      .importance('high')
      .doc('An expression in CEL over key, value, headers, topic, partition and timestamp.'),
  }),
  (config): Predicate => {
    const condition = conditionOf('expression', config.expression);
    return {
      test(records): TestedBatch {
        const failures: { index: number; error: Error }[] = [];
        const matches = records.map((record, index) => {
          try {
            return isTrue(condition, variablesOf(record, condition.variables));
          } catch (error) {
            failures.push({ index, error: toError(error) });
            return false;
          }
        });
        return { matches, failures };
      },
    };
  },
);

function createTransform(
  config: { readonly filter: string | undefined; readonly topic: string | undefined },
  part: Part,
  raw: ConnectorConfig,
): Transform {
  const problems: ConfigProblem[] = [];
  const filter = collect(problems, () => config.filter && conditionOf('filter', config.filter));
  const topic = collect(problems, () => config.topic && topicOf(config.topic));
  const assignments = Object.entries(raw).flatMap(([key, source]) => {
    const [, field] = /^set\.(.+)$/s.exec(key) ?? [];
    if (field === undefined) return [];
    return collect(problems, () => new Assignment(field, source, raw[`type.${field}`])) ?? [];
  });
  problems.push(...unusedTypes(raw));
  if (problems.length > 0) throw new ConfigError(problems);
  if (!filter && !topic && assignments.length === 0)
    throw invalidConfig('filter', 'No expression configured: set filter, topic or set.<field>');

  const wanted = new Set<ExpressionVariable>();
  for (const each of [filter, topic, ...assignments.map((one) => one.expression)])
    for (const variable of each ? each.variables : []) wanted.add(variable);
  const schemaWith = assignedSchema(assignments);

  return perRecord((record) => {
    const variables = variablesOf(record, wanted);
    if (filter && !isTrue(filter, variables)) return null;
    const routed = topic ? withTopic(record, topicIn(topic, variables)) : record;
    const value = valueOf(record, part);
    if (assignments.length === 0 || value === null) return routed;
    const schema = schemaOf(record, part);
    const fields = {
      ...(schema ? requireStruct(schema, value, purpose) : requireMap(value, purpose)),
    };
    for (const assignment of assignments)
      assignment.assign(fields, variables, schema && assignment.schemaIn(schema));
    return withPart(routed, part, schema && schemaWith(schema), fields);
  });
}

function conditionOf(key: string, source: string): Expression {
  const compiled = new Expression(key, source);
  if (compiled.type === 'bool' || compiled.type === 'dyn') return compiled;
  throw invalidValue(key, source, `its result is ${compiled.type}, and has to be true or false`);
}

function topicOf(source: string): Expression {
  const compiled = new Expression('topic', source);
  if (compiled.type === 'string' || compiled.type === 'dyn') return compiled;
  throw invalidValue('topic', source, `its result is ${compiled.type}, and has to be a string`);
}

function isTrue(condition: Expression, variables: Variables): boolean {
  const result = condition.evaluate(variables);
  if (typeof result === 'boolean') return result;
  throw new DataError(`${condition.key}: the result is neither true nor false`);
}

function topicIn(topic: Expression, variables: Variables): string {
  const result = topic.evaluate(variables);
  if (typeof result === 'string' && result !== '') return result;
  throw new DataError('topic: the result is no text, or empty');
}

/** A type without a field to set is a typing error. */
function unusedTypes(raw: ConnectorConfig): ConfigProblem[] {
  return Object.keys(raw).flatMap((key) => {
    const [, field] = /^type\.(.+)$/s.exec(key) ?? [];
    if (field === undefined || raw[`set.${field}`] !== undefined) return [];
    return [
      {
        key,
        message: `configuration ${key} says the type of a field that set.${field} does not set`,
      },
    ];
  });
}

function collect<Made>(problems: ConfigProblem[], make: () => Made): Made | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}
