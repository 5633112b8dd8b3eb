/** A value of any kind as text that can be read. */

export function toJson(value: unknown): string {
  try {
    // A Buffer would be asked for its toJSON before `plain` sees it.
    return JSON.stringify(value instanceof Uint8Array ? plain('', value) : value, plain) ?? 'null';
  } catch (error) {
    return `(cannot be shown: ${(error as Error).message})`;
  }
}

/** Bytes are shown as base64, as in Kafka Connect's JSON. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Map) return Object.fromEntries(value as Map<string, unknown>);
  return value;
}
