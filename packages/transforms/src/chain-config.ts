/**
 * The chain that a definition describes: `transforms`, `transforms.<name>.type`, `.predicate`, `.negate`,
 * `predicates`, `predicates.<name>.type` and the keys of each. Problems are told in Kafka Connect's words.
 */
import {
  ConfigError,
  type ConfigKey,
  type ConfigProblem,
  type ConnectorConfig,
  hasReference,
  hasReferences,
  isConfigError,
  type PredicatePlugin,
  parseConfigValue,
  parseVersionRange,
  type TransformPlugin,
  validateConfig,
  versionNotFound,
} from '@sluice/connector-api';
import { toError } from '@sluice/kernel';
import { type PredicateName, TransformationChain, type TransformationStage } from './chain.ts';
import {
  builtInTransformations,
  findPlugin,
  type TransformationPlugins,
  versionsOf,
} from './registry.ts';

/** @throws ConfigError that lists every problem. Whoever has the chain closes it. */
export function transformationChain(
  config: ConnectorConfig,
  plugins: TransformationPlugins = builtInTransformations,
): TransformationChain {
  const { problems, stages } = build(config, plugins, 'resolved');
  if (problems.length > 0) throw new ConfigError(problems);
  return new TransformationChain(stages);
}

/**
 * Everything that is wrong with the transforms and predicates of a definition. Names that are there twice are
 * `validateConnectorConfig`'s. Of a transform with a reference (`${provider:key}`) less is known before that is resolved.
 */
export function transformationProblems(
  config: ConnectorConfig,
  plugins: TransformationPlugins = builtInTransformations,
): readonly ConfigProblem[] {
  return build(config, plugins, 'as-defined').problems;
}

/** The keys of the transforms and predicates that a definition names, for its validation by the API. */
export function transformationKeys(
  config: ConnectorConfig,
  plugins: TransformationPlugins = builtInTransformations,
): readonly ConfigKey[] {
  return [
    ...partsOf('transforms', config, plugins),
    ...partsOf('predicates', config, plugins),
  ].flatMap(({ keys }) => keys);
}

type Kind = 'transforms' | 'predicates';

/** One name in `transforms` or `predicates`. */
interface Part {
  readonly alias: string;
  /** `transforms.<alias>.` */
  readonly prefix: string;
  readonly plugin: TransformPlugin | PredicatePlugin | undefined;
  readonly keys: readonly ConfigKey[];
  /** What is wrong with its type or version, so that there is no plugin. */
  readonly problems: readonly ConfigProblem[];
}

const words = {
  transforms: { kind: 'Transformation', group: 'Transforms' },
  predicates: { kind: 'Predicate', group: 'Predicates' },
} as const;

function partsOf(kind: Kind, config: ConnectorConfig, plugins: TransformationPlugins): Part[] {
  // Which there are is known once it is resolved.
  const aliases = new Set(hasReference(config[kind] ?? '') ? [] : listOf(config[kind]));
  return Array.from(aliases, (alias): Part => {
    const prefix = `${kind}.${alias}.`;
    const type = config[`${prefix}type`]?.trim();
    const { plugin, problems } = choose(plugins[kind], prefix, config);
    const group = `${words[kind].group}: ${alias}`;
    const own = (plugin?.configDef.keys ?? []).filter(
      (key) => kind === 'predicates' || !implicitKeys.some((each) => each.name === key.name),
    );
    const keys = type !== undefined && kind === 'transforms' ? [...implicitKeys, ...own] : own;
    const named = keys.map((key) => ({
      ...key,
      name: prefix + key.name,
      displayName: key.displayName ?? key.name,
    }));
    return {
      alias,
      prefix,
      plugin,
      problems,
      keys: [
        typeKey(kind, alias, group),
        versionKey(kind, alias, group),
        ...named.toSorted(byImportance),
      ].map((key, order) => ({ ...key, group, order })),
    };
  });
}

/** With the keys of the newest if no version is the wanted one: forms go on showing them. */
function choose(
  plugins: readonly (TransformPlugin | PredicatePlugin)[],
  prefix: string,
  config: ConnectorConfig,
): Pick<Part, 'plugin' | 'problems'> {
  const typeName = `${prefix}type`;
  const versionName = `${prefix}plugin.version`;
  const type = config[typeName]?.trim();
  if (type === undefined) return { plugin: undefined, problems: [] };
  const newest = findPlugin(plugins, type);
  if (!newest) {
    const message = `Invalid value ${type} for configuration ${typeName}: Class ${type} could not be found.`;
    return { plugin: undefined, problems: [{ key: typeName, message }] };
  }
  const wanted = parseVersionRange(config[versionName]);
  if ('problem' in wanted) {
    const message = `Invalid value ${config[versionName]} for configuration ${versionName}: ${wanted.problem}`;
    return { plugin: newest, problems: [{ key: versionName, message }] };
  }
  const plugin = findPlugin(plugins, type, wanted.range);
  if (plugin) return { plugin, problems: [] };
  const message = versionNotFound(type, wanted.range, versionsOf(plugins, type));
  return {
    plugin: newest,
    problems: [typeName, versionName].map((key) => ({ key, message })),
  };
}

const importances = ['HIGH', 'MEDIUM', 'LOW'] as const;

/** As Kafka Connect lists them in forms. */
function byImportance(a: ConfigKey, b: ConfigKey): number {
  return (
    Number(b.required) - Number(a.required) ||
    importances.indexOf(a.importance) - importances.indexOf(b.importance) ||
    (a.name < b.name ? -1 : 1)
  );
}

function typeKey(kind: Kind, alias: string, group: string): ConfigKey {
  return {
    name: `${kind}.${alias}.type`,
    type: 'CLASS',
    required: true,
    defaultValue: null,
    importance: 'HIGH',
    documentation: `Class for the '${alias}' ${words[kind].kind.toLowerCase()}.`,
    group,
    width: 'LONG',
    displayName: `${words[kind].kind} type for ${alias}`,
  };
}

function versionKey(kind: Kind, alias: string, group: string): ConfigKey {
  return {
    name: `${kind}.${alias}.plugin.version`,
    type: 'STRING',
    required: false,
    defaultValue: null,
    importance: 'HIGH',
    documentation: `Version of the '${alias}' ${words[kind].kind.toLowerCase()}, as for connector.plugin.version.`,
    group,
    width: 'LONG',
    displayName: `${words[kind].kind} version for ${alias}`,
  };
}

const implicitKeys: readonly ConfigKey[] = [
  {
    name: 'predicate',
    type: 'STRING',
    required: false,
    defaultValue: null,
    importance: 'MEDIUM',
    documentation:
      'Name of the predicate that says which records the transformation applies to. Without it: all.',
  },
  {
    name: 'negate',
    type: 'BOOLEAN',
    required: false,
    defaultValue: 'false',
    importance: 'MEDIUM',
    documentation: 'Whether it applies to the records that the predicate is false for.',
  },
];

interface Built {
  readonly stages: readonly TransformationStage[];
  readonly problems: readonly ConfigProblem[];
}

function build(
  config: ConnectorConfig,
  plugins: TransformationPlugins,
  values: 'as-defined' | 'resolved',
): Built {
  const problems: ConfigProblem[] = [];
  const isKnown = ({ prefix }: Part): boolean =>
    values === 'resolved' || !hasReferences(withoutPrefix(config, prefix));
  const stages: TransformationStage[] = [];
  const transforms = partsOf('transforms', config, plugins);
  const predicates = partsOf('predicates', config, plugins);
  for (const part of transforms) {
    const own = partProblems('transforms', part, config);
    const condition = conditionOf(part, predicates, config);
    if (condition.kind === 'problem') own.push(condition.problem);
    problems.push(...own);
    const { alias, plugin } = part;
    if (plugin?.type !== 'transformation' || own.length > 0 || !isKnown(part)) continue;
    const transform = create(plugin.create, part, config, problems);
    if (!transform) continue;
    // What is wrong with a predicate is told once, below.
    const predicate =
      condition.kind === 'found' && isKnown(condition.part)
        ? create(condition.plugin.create, condition.part, config, [])
        : undefined;
    stages.push({
      alias,
      class: plugin.class,
      version: plugin.version,
      transform,
      ...(predicate && condition.kind === 'found'
        ? {
            predicate,
            predicatePlugin: nameOf(condition),
            isNegated: condition.isNegated,
          }
        : {}),
    });
  }
  for (const part of predicates) {
    const own = partProblems('predicates', part, config);
    problems.push(...own);
    if (own.length === 0 && part.plugin?.type === 'predicate' && isKnown(part))
      create(part.plugin.create, part, config, problems);
  }
  return { stages, problems };
}

/** What can be seen without creating anything. */
function partProblems(kind: Kind, part: Part, config: ConnectorConfig): ConfigProblem[] {
  const { keys, prefix } = part;
  const typeName = `${prefix}type`;
  if (part.problems.length > 0) return [...part.problems];
  const problems = validateConfig(keys, config);
  const negate = `${prefix}negate`;
  const predicate = `${prefix}predicate`;
  if (kind === 'transforms' && config[negate] !== undefined && config[predicate] === undefined)
    problems.push({
      key: typeName,
      message: `Config '${negate}' was provided but there is no config '${predicate}' defining a predicate to be negated.`,
    });
  return problems;
}

type Condition =
  | { readonly kind: 'none' }
  | { readonly kind: 'problem'; readonly problem: ConfigProblem }
  | {
      readonly kind: 'found';
      readonly plugin: PredicatePlugin;
      readonly part: Part;
      readonly isNegated: boolean;
    };

function conditionOf(
  { prefix }: Part,
  predicates: readonly Part[],
  config: ConnectorConfig,
): Condition {
  const key = `${prefix}predicate`;
  const name = config[key]?.trim();
  if (name === undefined) return { kind: 'none' };
  const part = predicates.find(({ alias }) => alias === name);
  if (!part) {
    const message = `Invalid value ${name} for configuration ${key}: no predicate has this name; add it to predicates, and set predicates.${name}.type`;
    return { kind: 'problem', problem: { key, message } };
  }
  const isNegated = config[`${prefix}negate`]?.trim().toLowerCase() === 'true';
  // A predicate of an unknown class is a problem of its own.
  return part.plugin?.type === 'predicate'
    ? { kind: 'found', plugin: part.plugin, part, isNegated }
    : { kind: 'none' };
}

function nameOf({ part, plugin }: Condition & { kind: 'found' }): PredicateName {
  return { alias: part.alias, class: plugin.class, version: plugin.version };
}

/** Undefined if it cannot be created: the reasons go to `problems`. */
function create<Created>(
  make: (config: ConnectorConfig) => Created,
  { prefix }: Part,
  config: ConnectorConfig,
  problems: ConfigProblem[],
): Created | undefined {
  try {
    return make(withoutPrefix(config, prefix));
  } catch (error) {
    if (isConfigError(error))
      problems.push(...error.problems.map((problem) => prefixed(problem, prefix)));
    else problems.push({ key: `${prefix}type`, message: toError(error).message });
    return undefined;
  }
}

/** The transform knows its keys without the prefix, and names them in its messages. */
function prefixed({ key, message }: ConfigProblem, prefix: string): ConfigProblem {
  const named = message.replaceAll(`configuration ${key}`, `configuration ${prefix}${key}`);
  return {
    key: prefix + key,
    message: named === message ? `${prefix}${key}: ${message}` : named,
  };
}

function withoutPrefix(config: ConnectorConfig, prefix: string): ConnectorConfig {
  return Object.fromEntries(
    Object.entries(config).flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
    ),
  );
}

function listOf(text: string | undefined): readonly string[] {
  const parsed = parseConfigValue('LIST', text ?? '');
  return 'value' in parsed && Array.isArray(parsed.value) ? (parsed.value as string[]) : [];
}
