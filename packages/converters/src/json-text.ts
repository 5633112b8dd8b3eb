/**
 * JSON that keeps 64-bit integers: a number beyond 2^53 is read as a BigInt, a BigInt is written as a
 * number. The usual case, no such number, costs one scan of the text. What is written is byte for byte what
 * Jackson writes for Kafka Connect.
 */
import { isUtf8 } from 'node:buffer';
import { DataError, Decimal } from '@sluice/connector-api';
import { javaDouble } from '@sluice/connector-api/values';
import { toError } from '@sluice/kernel';
import { hasEscapedKey, parseByHand } from './escaped-keys.ts';
import { depthMax, isShallow, tooDeepError } from './json-depth.ts';

/** Text that JSON.stringify takes as it is; TypeScript's library does not know it yet. */
const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => object };

/** A number with a fraction or an exponent, as it is written: a Decimal has all its digits. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** @throws SyntaxError */
export function parseJson(text: string): unknown {
  if (hasEscapedKey(text)) return parseEscaped(text, integerOrDouble);
  return hasLongInteger(text) ? parseNumbers(text, integerOrDouble) : JSON.parse(text);
}

/** As `parseJson`, with a JsonNumber for each number that is no plain integer. @throws SyntaxError */
export function parseExactJson(text: string): unknown {
  return hasEscapedKey(text)
    ? parseEscaped(text, integerOrText)
    : parseNumbers(text, integerOrText);
}

type ToNumber = (source: string) => unknown;

const integerOrDouble: ToNumber = (source) => {
  const number = Number(source);
  return Number.isSafeInteger(number) || !isInteger(source) ? number : BigInt(source);
};

const integerOrText: ToNumber = (source) =>
  isInteger(source) ? integerOrDouble(source) : new JsonNumber(source);

function isInteger(source: string): boolean {
  return /^-?\d+$/.test(source);
}

/** So many digits may be an integer that a double cannot hold. */
const longDigits = 16;

/**
 * Whether so many digits follow each other where a number may begin; may be wrong about what is in a string. Only
 * every sixteenth character is looked at, unless it is a digit.
 */
function hasLongInteger(text: string): boolean {
  for (let at = longDigits - 1; at < text.length; at += longDigits) {
    if (!isDigitCode(text.charCodeAt(at))) continue;
    let start = at;
    while (isDigitCode(text.charCodeAt(start - 1))) start -= 1;
    while (isDigitCode(text.charCodeAt(at + 1))) at += 1;
    if (at + 1 - start < longDigits) continue;
    if (/[:,[\s]|^$/.test(text.charAt(text[start - 1] === '-' ? start - 2 : start - 1)))
      return true;
  }
  return false;
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

function parseNumbers(text: string, toNumber: ToNumber): unknown {
  const reviver: Reviver = (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined ? toNumber(source) : value;
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}

function parseEscaped(text: string, toNumber: ToNumber): unknown {
  // It says what is wrong with the text.
  JSON.parse(text);
  return parseByHand(text, toNumber);
}

/**
 * Bytes as parsed JSON; undefined for nothing but whitespace, which is no error to Kafka Connect. Numbers
 * may have leading zeros, as there.
 * @throws DataError when the bytes are no JSON in UTF-8
 */
export function readJson(json: Buffer, parse: (text: string) => unknown): unknown {
  if (!isUtf8(json)) throw failed('the bytes are not UTF-8');
  const decoded = json.toString('utf8');
  const text = decoded.charCodeAt(0) === byteOrderMark ? decoded.slice(1) : decoded;
  if (isBlank(text)) return undefined;
  if (!isShallow(text)) throw failed(`it is nested deeper than ${String(depthMax)} levels`);
  try {
    return parse(text);
  } catch (error) {
    const repaired = withoutLeadingZeros(text);
    if (repaired !== text) {
      try {
        return parse(repaired);
      } catch {
        // What was wrong with the text as it came says more.
      }
    }
    throw failed(problemOf(error));
  }
}

/** V8 quotes the text around what it does not expect: parts of the record, which may be private. */
function problemOf(error: unknown): string {
  const { message } = toError(error);
  if (!message.endsWith('is not valid JSON')) return message;
  const token = /^Unexpected token '[^]{1,2}'/.exec(message)?.[0];
  return token ? `${token} in JSON` : 'it is not valid JSON';
}

const byteOrderMark = 0xfeff;
const space = 0x20;
const tilde = 0x7e;

/** Nearly all JSON begins with something that can be seen, and need not be looked at to its end. */
function isBlank(text: string): boolean {
  const first = text.charCodeAt(0);
  return !(first > space && first <= tilde) && text.trim() === '';
}

function failed(reason: string): DataError {
  return new DataError(
    `Converting byte[] to Kafka Connect data failed due to serialization error: ${reason}`,
  );
}

/** Outside of strings; a loop, since regular expressions run out of stack on long texts. */
function withoutLeadingZeros(text: string): string {
  let repaired = '';
  let copied = 0;
  let isString = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (character === '"') isString = !isString;
    else if (isString) {
      if (character === '\\') index += 1;
    } else if (character === '0' && isDigit(text.charAt(index + 1))) {
      if (/[\d.eE+]/.test(text.charAt(index - 1)) && copied !== index) continue;
      repaired += text.slice(copied, index);
      copied = index + 1;
    }
  }
  return repaired + text.slice(copied);
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}

/** Also of what is beyond a text: NaN. */
function isDigitCode(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Without schema: bytes become base64, Maps objects or pairs, as Kafka Connect writes them. */
export function writeJson(value: unknown): string {
  return asJackson(JSON.stringify(plain(value)) ?? 'null');
}

/** Of longer texts JSON.stringify finds out sooner than we whether anything in them has to be escaped. */
const shortText = 64;

/** A text as a JSON string. */
export function jsonString(text: string): string {
  return text.length <= shortText && isPlainText(text)
    ? `"${text}"`
    : asJackson(JSON.stringify(text));
}

/** Nothing in it has to be escaped, whoever writes it. */
function isPlainText(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < space || code === quote || code === backslash || isSurrogate(code)) return false;
  }
  return true;
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}

const quote = 0x22;
const backslash = 0x5c;

const surrogates = /[\ud800-\udfff]/;
const escapes = /[\ud800-\udfff]|\\(?:u([0-9a-f]{4})|.)/g;

/** Jackson escapes what UTF-16 has two units for, and writes escapes in capitals. */
function asJackson(json: string): string {
  // Two quick looks: a text of Latin letters alone can have no surrogates, which the expression knows.
  if (!json.includes('\\u') && !surrogates.test(json)) return json;
  return json.replace(escapes, (found, digits: string | undefined) => {
    if (digits !== undefined) return `\\u${digits.toUpperCase()}`;
    return found.startsWith('\\') ? found : `\\u${found.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}

/** The value itself when JSON.stringify does the right thing with it, else a copy that it does. */
function plain(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case 'bigint':
      return rawJSON(String(value));
    case 'number':
      return plainNumber(value);
    case 'object':
      break;
    default:
      return value;
  }
  if (value === null) return null;
  if (depth > depthMax) throw tooDeepError();
  if (Array.isArray(value)) return plainElements(value as unknown[], depth);
  if (value instanceof Uint8Array) return base64Of(value);
  if (value instanceof Map) return plainMap(value, depth);
  if (value instanceof Decimal) return rawJSON(value.toString());
  if (value instanceof JsonNumber) return rawJSON(value.text);
  // As of a Date; a field of that name is data.
  if ('toJSON' in value && typeof value.toJSON === 'function') return value;
  return plainFields(value as Record<string, unknown>, depth);
}

/** What is no safe integer is a double, which Java prints in its own way: `1.0E21`. */
function plainNumber(value: number): unknown {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? rawJSON('-0.0') : value;
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e7 ? value : rawJSON(javaDouble(value));
}

function plainElements(elements: readonly unknown[], depth: number): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let index = 0; index < elements.length; index += 1) {
    const changed = plain(elements[index], depth + 1);
    if (changed === elements[index]) continue;
    copy ??= [...elements];
    copy[index] = changed;
  }
  return copy ?? elements;
}

function plainFields(fields: Record<string, unknown>, depth: number): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined;
  for (const name in fields) {
    const value = fields[name];
    const changed = typeof value === 'string' ? value : plain(value, depth + 1);
    // What is inherited is not written, and need not be changed.
    if (changed === value || !Object.hasOwn(fields, name)) continue;
    copy ??= { ...fields };
    copy[name] = changed;
  }
  return copy ?? fields;
}

function plainMap(map: ReadonlyMap<unknown, unknown>, depth: number): unknown {
  const entries = [...map];
  return entries.every(([key]) => typeof key === 'string')
    ? Object.fromEntries(entries.map(([key, value]) => [key, plain(value, depth + 1)]))
    : entries.map(([key, value]) => [plain(key, depth + 1), plain(value, depth + 1)]);
}

export function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
