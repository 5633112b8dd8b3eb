/**
 * JSON that keeps 64-bit integers: a number beyond 2^53 is read as a BigInt, a BigInt is written as a
 * number. The usual case, no such number, costs one scan of the text.
 */

/** Text that JSON.stringify takes as it is; TypeScript's library does not know it yet. */
const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => object };

/** Where a number may begin, sixteen digits may be an integer that a double cannot hold. */
const longDigits = /(?:^|[:,[\s])-?\d{16}/;

/** @throws SyntaxError */
export function parseJson(text: string): unknown {
  if (!longDigits.test(text)) return JSON.parse(text);
  return JSON.parse(text, exactInteger as (key: string, value: unknown) => unknown);
}

function exactInteger(
  _key: string,
  value: unknown,
  context: { readonly source?: string },
): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const { source } = context;
  return source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

/** Without schema: bytes become base64, Maps objects or pairs, as Kafka Connect writes them. */
export function writeJson(value: unknown): string {
  return JSON.stringify(plain(value)) ?? 'null';
}

/** The value itself when JSON.stringify does the right thing with it, else a copy that it does. */
function plain(value: unknown): unknown {
  switch (typeof value) {
    case 'bigint':
      return rawJSON(String(value));
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'object':
      break;
    default:
      return value;
  }
  if (value === null) return null;
  if (Array.isArray(value)) return plainElements(value as unknown[]);
  if (value instanceof Uint8Array) return base64Of(value);
  if (value instanceof Map) return plainMap(value);
  if ('toJSON' in value) return value;
  return plainFields(value as Record<string, unknown>);
}

function plainElements(elements: readonly unknown[]): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let index = 0; index < elements.length; index += 1) {
    const changed = plain(elements[index]);
    if (changed === elements[index]) continue;
    copy ??= [...elements];
    copy[index] = changed;
  }
  return copy ?? elements;
}

function plainFields(fields: Record<string, unknown>): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined;
  for (const name of Object.keys(fields)) {
    const changed = plain(fields[name]);
    if (changed === fields[name]) continue;
    copy ??= { ...fields };
    copy[name] = changed;
  }
  return copy ?? fields;
}

function plainMap(map: ReadonlyMap<unknown, unknown>): unknown {
  const entries = [...map];
  return entries.every(([key]) => typeof key === 'string')
    ? Object.fromEntries(entries.map(([key, value]) => [key, plain(value)]))
    : entries.map(([key, value]) => [plain(key), plain(value)]);
}

export function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
