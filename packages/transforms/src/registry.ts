/** The transforms and predicates that a definition may name, by class or alias. */
import {
  newestInRange,
  type PredicatePlugin,
  type TransformPlugin,
  type VersionRange,
} from '@sluice/connector-api';
import { extractNewRecordState } from './debezium/extract-new-record-state.ts';
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
  extractNewRecordState,
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

/** All versions of the class that the name, a class or an alias, stands for. */
export function versionsOf<Plugin extends TransformPlugin | PredicatePlugin>(
  plugins: readonly Plugin[],
  name: string,
): readonly Plugin[] {
  const found =
    plugins.find((each) => each.class === name) ??
    plugins.find((each) => each.aliases.includes(name));
  return found ? plugins.filter((each) => each.class === found.class) : [];
}

/** The newest plugin of that class or alias, in a range if one is given; undefined when there is none. */
export function findPlugin<Plugin extends TransformPlugin | PredicatePlugin>(
  plugins: readonly Plugin[],
  name: string,
  range?: VersionRange,
): Plugin | undefined {
  return newestInRange(versionsOf(plugins, name), range);
}
