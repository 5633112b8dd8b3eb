/** JSON in which whole numbers of 64 bits, as Java writes them, stay exact: beyond 2^53 they are BigInts. For browsers, too. */

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
type RawJson = (text: string) => unknown;

// Newer than TypeScript's description of JSON.
const parse = JSON.parse as (text: string, reviver: Reviver) => unknown;
const { rawJSON } = JSON as unknown as { readonly rawJSON: RawJson };

export function parseExactJson(text: string): unknown {
  return parse(text, (_key, value, { source }) => exactNumber(value, source));
}

/** What a value is that JSON.parse made of this text. */
export function exactNumber(value: unknown, source: string | undefined): unknown {
  const isInexact = typeof value === 'number' && !Number.isSafeInteger(value);
  return isInexact && source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

/** For a replacer: the number as it is, and no text. */
export function rawNumber(value: bigint): unknown {
  return rawJSON(value.toString());
}

export function stringifyExactJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_key, each: unknown) => (typeof each === 'bigint' ? rawNumber(each) : each),
    indent,
  );
}
