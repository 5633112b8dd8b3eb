/** Data of any kind as JSON, for people: nothing is refused, so that what failed can be looked at. */
import { Decimal } from '@sluice/connector-api';

const depthMax = 32;

export function jsonText(value: unknown): string {
  return JSON.stringify(plain(value, new Set(), 0)) ?? 'null';
}

function plain(value: unknown, above: Set<object>, depth: number): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Decimal) return String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (above.has(value) || depth >= depthMax) return '…';
  above.add(value);
  const inner = (part: unknown): unknown => plain(part, above, depth + 1);
  const result = Array.isArray(value)
    ? value.map(inner)
    : value instanceof Map
      ? Array.from(value as Map<unknown, unknown>, ([key, part]) => [inner(key), inner(part)])
      : Object.fromEntries(Object.entries(value).map(([name, part]) => [name, inner(part)]));
  above.delete(value);
  return result;
}
