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

interface FoundReference extends ConfigReference {
  readonly index: number;
}

/**
 * Kafka Connect's: a key may hold colons, a path may not. One pass over the text, which anybody may send: a pattern
 * would begin anew at every `${` that nothing ends.
 */
function* found(value: string): Generator<FoundReference> {
  let index = value.indexOf('${');
  while (index >= 0) {
    const end = value.indexOf('}', index);
    if (end < 0) return;
    const text = value.slice(index, end + 1);
    const [provider = '', ...rest] = text.slice(2, -1).split(':');
    // Without a colon none that begins within it has one either.
    if (rest.length > 0) {
      const path = rest.length > 1 ? (rest[0] ?? '') : '';
      const key = rest.length > 1 ? rest.slice(1).join(':') : (rest[0] ?? '');
      yield { index, text, provider, path, key };
    }
    index = value.indexOf('${', end);
  }
}

export function referencesIn(value: string): ConfigReference[] {
  return Array.from(found(value), ({ index: _index, ...reference }) => reference);
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
  let replaced = '';
  let end = 0;
  for (const { index, ...reference } of found(value)) {
    replaced += value.slice(end, index) + replacement(reference);
    end = index + reference.text.length;
  }
  return replaced + value.slice(end);
}

export function hasReferences(config: ConnectorConfig): boolean {
  return Object.values(config).some(hasReference);
}
