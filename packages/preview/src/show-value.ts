/** A value of any kind as text that can be read. */
import { rawNumber } from '@sluice/kernel';

export function toJson(value: unknown): string {
  try {
    return JSON.stringify(value, plain) ?? 'null';
  } catch (error) {
    return `(cannot be shown: ${(error as Error).message})`;
  }
}

/**
 * Bytes are shown as base64, as in Kafka Connect's JSON. They are looked for where they are held: a Buffer has been asked
 * for its toJSON by now.
 */
function plain(this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return rawNumber(value);
  const held = this[key];
  if (held instanceof Uint8Array) return Buffer.from(held).toString('base64');
  if (value instanceof Map) return Object.fromEntries(value as Map<string, unknown>);
  return value;
}
