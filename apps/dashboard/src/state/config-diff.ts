/** What is different between two configurations, key by key; values of passwords are never shown. Pure. */
import { collate } from './task-rows.ts';

export type Config = Readonly<Record<string, string>>;

export interface ConfigChange {
  readonly key: string;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export function configDiff(before: Config, after: Config): ConfigChange[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted(collate);
  return keys.flatMap((key) => {
    const change = { key, before: before[key], after: after[key] };
    if (change.before === change.after) return [];
    const kind =
      change.before === undefined ? 'added' : change.after === undefined ? 'removed' : 'changed';
    return [{ ...change, kind }];
  });
}

/**
 * Whether what is stored now takes the place of what an editor began from: not over changes that would be lost. Changes
 * that are stored by now are none any more.
 */
export function takesOver(stored: Config, began: Config, edited: Config): boolean {
  return configDiff(began, edited).length === 0 || configDiff(stored, edited).length === 0;
}

export type Parsed = { readonly config: Config } | { readonly problem: string };

/** Of what was typed as JSON: values that are no texts become those, as the API does. */
export function parseConfig(text: string): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'this is no JSON' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { problem: 'must be an object of keys and values' };
  }
  const entries = Object.entries(value).filter(([, each]) => each !== null);
  const nested = entries.find(([, each]) => typeof each === 'object');
  if (nested) return { problem: `${nested[0]} must be a text, a number, true or false` };
  return { config: Object.fromEntries(entries.map(([key, each]) => [key, String(each)])) };
}

/** Sorted, so that it reads the same whoever wrote it. */
export function formatConfig(config: Config): string {
  const sorted = Object.entries(config).toSorted(([a], [b]) => collate(a, b));
  return JSON.stringify(Object.fromEntries(sorted), null, 2);
}
