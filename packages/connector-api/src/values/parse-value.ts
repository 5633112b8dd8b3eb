/**
 * What a text stands for, as Kafka Connect's `Values.parseString` reads it: null, a boolean, a number of the
 * smallest type that holds it, a date, a time, a timestamp, an array, a map, else the text itself.
 *
 * Kafka Connect loses some of what it reads, and that we do not follow; what it reads completely is the same:
 * - it takes a number or an array at the beginning for all (`12:30` becomes 12): the text stays text;
 * - it rounds every fraction to 32 bits: one that needs more becomes a float64;
 * - it takes 30 February for 1 March: the text stays text;
 * - within quotes it leaves the backslashes in that it writes, and cuts blanks at the end.
 */
import { exactInteger } from '../data-values.ts';
import { Decimal } from '../decimal.ts';
import { DataError } from '../errors.ts';
import { dateSchema, decimalSchema, timeSchema, timestampSchema } from '../logical-types.ts';
import { arraySchema, mapSchema, type Schema, schemas } from '../schema.ts';
import { castValue } from './cast-value.ts';
import { javaFloat } from './java-numbers.ts';
import { commonSchema } from './merge-schemas.ts';
import { Tokens, trimmed } from './tokens.ts';

export interface SchemaAndValue {
  readonly schema: Schema | undefined;
  readonly value: unknown;
}

const nothing: SchemaAndValue = { schema: undefined, value: null };

/** Never throws: what is nothing else is text. */
export function parseValue(text: string): SchemaAndValue {
  const asText: SchemaAndValue = { schema: schemas.string, value: text };
  const tokens = new Tokens(text);
  const mark = tokens.mark();
  let parsed: SchemaAndValue | undefined;
  try {
    parsed = parse(tokens, { isEmbedded: false, depth: 0 });
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    tokens.rewindTo(mark);
  }
  return parsed && !tokens.hasMore() ? parsed : asText;
}

interface Place {
  readonly isEmbedded: boolean;
  readonly depth: number;
}

/** Deeper text is text: nobody may break the process with ten thousand brackets. */
const depthMax = 100;

/** Undefined when it is text; @throws DataError when what is in an array or a map is nothing. */
function parse(tokens: Tokens, place: Place): SchemaAndValue | undefined {
  const { isEmbedded, depth } = place;
  if (!tokens.hasNext()) return undefined;
  if (isEmbedded && tokens.takeTrimmed('"')) return quoted(tokens);
  if (isLiteral(tokens, 'null', isEmbedded)) return nothing;
  for (const literal of ['true', 'false'])
    if (isLiteral(tokens, literal, isEmbedded))
      return { schema: schemas.boolean, value: literal === 'true' };
  if (depth < depthMax) {
    const inside: Place = { isEmbedded: true, depth: depth + 1 };
    if (tokens.takeTrimmed('[')) return array(tokens, inside);
    if (tokens.takeTrimmed('{')) return map(tokens, inside);
  }
  const token = trimmed(tokens.next());
  const found = token === '' ? undefined : (temporalOfTokens(token, tokens) ?? numberOf(token));
  if (!found && isEmbedded) throw new DataError('Failed to parse embedded value');
  return found;
}

/** On the top, only what is alone is a literal: `true}` is text. */
function isLiteral(tokens: Tokens, literal: string, isEmbedded: boolean): boolean {
  const mark = tokens.mark();
  if (tokens.takeTrimmed(literal) && (isEmbedded || !tokens.hasNext())) return true;
  tokens.rewindTo(mark);
  return false;
}

function quoted(tokens: Tokens): SchemaAndValue {
  let content = '';
  while (tokens.hasNext() && !tokens.take('"')) content += tokens.next();
  return (
    temporalOf(content) ?? {
      schema: schemas.string,
      value: content.replace(/\\([\\"])/g, '$1'),
    }
  );
}

function array(tokens: Tokens, place: Place): SchemaAndValue {
  const elements: SchemaAndValue[] = [];
  while (!tokens.takeTrimmed(']')) {
    if (!tokens.hasNext()) throw new DataError("Array is missing terminating ']'");
    if (tokens.takeTrimmed(',')) throw new DataError('Unable to parse an empty array element');
    elements.push(parse(tokens, place) ?? nothing);
    const mark = tokens.mark();
    if (tokens.takeTrimmed(']')) {
      tokens.rewindTo(mark);
    } else if (!tokens.takeTrimmed(',')) {
      throw new DataError("Array elements missing ',' delimiter");
    }
  }
  const items = commonSchema(elements.map((each) => each.schema));
  const value = elements.map((each) => aligned(items, each));
  return { schema: items ? arraySchema(items) : { type: 'array' }, value };
}

/** The value as one of the schema that all share, if there is one. */
function aligned(common: Schema | undefined, { schema, value }: SchemaAndValue): unknown {
  if (!common) return value;
  // The text that was read, not the double that is next to 32 bits of it.
  if (common.type === 'float64' && schema?.type === 'float32')
    return Number(javaFloat(value as number));
  return castValue(common, undefined, value);
}

function map(tokens: Tokens, place: Place): SchemaAndValue {
  const entries: { key: SchemaAndValue; one: SchemaAndValue }[] = [];
  while (!tokens.takeTrimmed('}')) {
    if (!tokens.hasNext()) throw new DataError("Map is missing terminating '}'");
    if (tokens.takeTrimmed(','))
      throw new DataError('Unable to parse a map entry with no key or value');
    const key = parse(tokens, place) ?? nothing;
    if (key.value === null) throw new DataError('Map entry may not have a null key');
    if (!tokens.takeTrimmed(':')) throw new DataError("Map entry is missing ':'");
    entries.push({ key, one: parse(tokens, place) ?? nothing });
    tokens.takeTrimmed(',');
  }
  const keys = commonSchema(entries.map(({ key }) => key.schema));
  const values = keys && commonSchema(entries.map(({ one }) => one.schema));
  const converted = entries.map(({ key, one }): [unknown, unknown] => [
    aligned(keys, key),
    aligned(values, one),
  ]);
  const value = converted.every(([key]) => typeof key === 'string')
    ? Object.fromEntries(converted as [string, unknown][])
    : new Map(converted);
  if (keys && values) return { schema: mapSchema(keys, values), value };
  return { schema: keys ? { type: 'map', keys } : { type: 'map' }, value };
}

/** A time has colons, which cut it: the two of a time, or of a timestamp, and what is between them. */
function temporalOfTokens(token: string, tokens: Tokens): SchemaAndValue | undefined {
  if (!/^\d/.test(token)) return undefined;
  const mark = tokens.mark();
  // `12`, of a time, or `2020-02-29T12`, of a timestamp.
  const rest = token.length === 2 || token.length === 13 ? tokens.takeAll(4) : undefined;
  const whole = rest === undefined ? undefined : temporalOf(token + rest);
  if (whole) return whole;
  tokens.rewindTo(mark);
  return token.length < 10 ? undefined : temporalOf(token);
}

const day = String.raw`(\d{4})-(\d\d)-(\d\d)`;
const time = String.raw`(\d\d):(\d\d):(\d\d)\.(\d{3})Z`;
const dayOnly = new RegExp(`^${day}$`);
const timeOnly = new RegExp(`^${time}$`);
const dayAndTime = new RegExp(`^${day}T${time}$`);

function temporalOf(text: string): SchemaAndValue | undefined {
  // The colons may have been escaped. The longest is a timestamp.
  const iso = text.length > 40 ? text : text.replaceAll('\\:', ':');
  if (timeOnly.test(iso)) return dateIn(timeSchema, `1970-01-01T${iso}`);
  if (dayAndTime.test(iso)) return dateIn(timestampSchema, iso);
  return dayOnly.test(iso) ? dateIn(dateSchema, `${iso}T00:00:00.000Z`) : undefined;
}

/** Undefined when the calendar has no such time. */
function dateIn(schema: Schema, iso: string): SchemaAndValue | undefined {
  const value = new Date(iso);
  const isReal = !Number.isNaN(value.getTime()) && value.toISOString() === iso;
  return isReal ? { schema, value } : undefined;
}

/** Longer digits are nobody's number, and take long to read. */
const digitsMax = 1000;

function numberOf(token: string): SchemaAndValue | undefined {
  if (!/^[-+\d]/.test(token) || token.length > digitsMax) return undefined;
  // The usual number needs no more.
  if (/^-?\d{1,9}$/.test(token)) return integerOfNumber(Number(token));
  let decimal: Decimal;
  try {
    decimal = Decimal.fromString(token);
  } catch {
    return undefined;
  }
  return integerOf(decimal) ?? fractionOf(decimal);
}

const integers = [
  [8, schemas.int8],
  [16, schemas.int16],
  [32, schemas.int32],
  [64, schemas.int64],
] as const;

function integerOfNumber(number: number): SchemaAndValue {
  // Not -0.
  const value = number === 0 ? 0 : number;
  if (value >= -128 && value < 128) return { schema: schemas.int8, value };
  const isShort = value >= -32_768 && value < 32_768;
  return { schema: isShort ? schemas.int16 : schemas.int32, value };
}

const beyondLong = new Decimal(1n, -19);
const one = new Decimal(1n, 0);

function integerOf(decimal: Decimal): SchemaAndValue | undefined {
  const size = new Decimal(
    decimal.unscaled < 0n ? -decimal.unscaled : decimal.unscaled,
    decimal.scale,
  );
  if (size.compareTo(beyondLong) > 0) return undefined;
  if (size.unscaled !== 0n && size.compareTo(one) < 0) return undefined;
  let integer: bigint;
  try {
    integer = decimal.withScale(0).unscaled;
  } catch {
    return undefined;
  }
  const smallest = integers.find(([bits]) => BigInt.asIntN(bits, integer) === integer);
  return smallest && { schema: smallest[1], value: exactInteger(integer) };
}

function fractionOf(decimal: Decimal): SchemaAndValue {
  const double = decimal.toNumber();
  const isInRange = Number.isFinite(double) && double !== 0 && decimal.scale !== 0;
  if (!isInRange) return { schema: decimalSchema(decimal.scale), value: decimal };
  const single = Math.fround(double);
  const isExact =
    Number.isFinite(single) && Decimal.fromString(javaFloat(single)).compareTo(decimal) === 0;
  return isExact
    ? { schema: schemas.float32, value: single }
    : { schema: schemas.float64, value: double };
}
