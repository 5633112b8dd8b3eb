/**
 * References to what is kept elsewhere: `${provider:key}` and `${provider:path:key}` within a value, as in Kafka
 * Connect. They are resolved where a connector runs, and nowhere else.
 */
import type { ConnectorConfig } from './task.ts';

export interface ConfigReference {
  /** As it stands in the value. */
  readonly text: string;
  readonly provider: string;
  /** Empty: there is none. */
  readonly path: string;
  readonly key: string;
}

/** Kafka Connect's: a key may hold colons, a path may not. */
const pattern = /\$\{([^}]*?):(?:([^}]*?):)?([^}]*?)\}/g;

export function referencesIn(value: string): ConfigReference[] {
  return Array.from(value.matchAll(pattern), ([text, provider = '', path = '', key = '']) => ({
    text,
    provider,
    path,
    key,
  }));
}

/** Whether it says nothing by itself. */
export function isReference(value: string): boolean {
  const [only] = referencesIn(value);
  return only?.text === value.trim();
}

export function hasReference(value: string): boolean {
  return value.includes('${') && referencesIn(value).length > 0;
}

/** The value with `replacement` in place of each reference. */
export function replaceReferences(
  value: string,
  replacement: (reference: ConfigReference) => string,
): string {
  return value.replaceAll(pattern, (text: string, provider: string, path = '', key = '') =>
    replacement({ text, provider, path, key }),
  );
}

export function hasReferences(config: ConnectorConfig): boolean {
  return Object.values(config).some(hasReference);
}
