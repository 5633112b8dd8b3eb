/** Offsets as text that people read and change. Whole numbers of 64 bits stay exact: JavaScript's own JSON rounds them. Pure. */
import { parseExactJson, stringifyExactJson } from '@sluice/kernel/exact-json';
import type { ConnectorOffset } from '@sluice/rest-api/shapes';

export function offsetText(
  value: ConnectorOffset['partition'] | ConnectorOffset['offset'],
): string {
  return stringifyExactJson(value);
}

/** @throws SyntaxError */
export function parseOffset(text: string): ConnectorOffset['offset'] {
  return parseExactJson(text) as ConnectorOffset['offset'];
}

/** What is wrong with what was typed; undefined: nothing. */
export function offsetProblem(text: string): string | undefined {
  try {
    const value: unknown = parseExactJson(text);
    const isObject = typeof value === 'object' && !Array.isArray(value);
    return isObject ? undefined : 'must be an object, or null to reset it';
  } catch {
    return 'this is no JSON';
  }
}
