/** The transforms and predicates that a definition may name, by class or alias. */
import type { PredicatePlugin, TransformPlugin } from '@sluice/connector-api';
import { expression, expressionPredicate } from './expression/expression-transform.ts';
import { hasHeaderKey, recordIsTombstone, topicNameMatches } from './predicates/predicates.ts';
import { cast } from './transforms/cast.ts';
import { extractField } from './transforms/extract-field.ts';
import { filter } from './transforms/filter.ts';
import { flatten } from './transforms/flatten.ts';
import { headerFrom } from './transforms/header-from.ts';
import { dropHeaders, insertHeader } from './transforms/headers.ts';
import { hoistField } from './transforms/hoist-field.ts';
import { insertField } from './transforms/insert-field.ts';
import { maskField } from './transforms/mask-field.ts';
import { replaceField } from './transforms/replace-field.ts';
import { regexRouter, timestampRouter } from './transforms/routers.ts';
import { setSchemaMetadata } from './transforms/set-schema-metadata.ts';
import { timestampConverter } from './transforms/timestamp-converter.ts';
import { valueToKey } from './transforms/value-to-key.ts';

export const transformPlugins: readonly TransformPlugin[] = [
  ...cast,
  dropHeaders,
  ...extractField,
  filter,
  ...flatten,
  ...headerFrom,
  ...hoistField,
  ...insertField,
  insertHeader,
  ...maskField,
  regexRouter,
  ...replaceField,
  ...setSchemaMetadata,
  ...timestampConverter,
  timestampRouter,
  valueToKey,
  ...expression,
];

export const predicatePlugins: readonly PredicatePlugin[] = [
  hasHeaderKey,
  recordIsTombstone,
  topicNameMatches,
  expressionPredicate,
];

/** Where the names of a definition are looked up. */
export interface TransformationPlugins {
  readonly transforms: readonly TransformPlugin[];
  readonly predicates: readonly PredicatePlugin[];
}

export const builtInTransformations: TransformationPlugins = {
  transforms: transformPlugins,
  predicates: predicatePlugins,
};

/** The plugin of that class or alias; undefined when there is none. */
export function findPlugin<Plugin extends TransformPlugin | PredicatePlugin>(
  plugins: readonly Plugin[],
  name: string,
): Plugin | undefined {
  return plugins.find((each) => each.class === name || each.aliases.includes(name));
}
