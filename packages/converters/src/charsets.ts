/** The charsets that every Java has, as Java writes and reads them: what cannot be written is a question mark. */
import { asBuffer } from './batch.ts';

export interface Charset {
  readonly encode: (text: string) => Buffer;
  readonly decode: (bytes: Uint8Array) => string;
}

export const charsetNames: readonly string[] = [
  'UTF-8',
  'UTF-16',
  'UTF-16BE',
  'UTF-16LE',
  'ISO-8859-1',
  'US-ASCII',
];

export const utf8: Charset = {
  encode: (text) => Buffer.from(wellFormed(text), 'utf8'),
  decode: (bytes) => asBuffer(bytes).toString('utf8'),
};

const utf16le: Charset = {
  encode: (text) => Buffer.from(text, 'utf16le'),
  decode: (bytes) => asBuffer(bytes).toString('utf16le') + halfUnit(bytes),
};

const utf16be: Charset = {
  encode: (text) => Buffer.from(text, 'utf16le').swap16(),
  decode: (bytes) => {
    const whole = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % 2)));
    return whole.swap16().toString('utf16le') + halfUnit(bytes);
  },
};

/** Big-endian with a byte order mark; read in the order that the mark says. */
const utf16: Charset = {
  encode: (text) => (text === '' ? Buffer.alloc(0) : utf16be.encode(`\ufeff${text}`)),
  decode: (bytes) => {
    const isLittle = bytes[0] === 0xff && bytes[1] === 0xfe;
    return (isLittle ? utf16le : utf16be).decode(bytes).replace(/^\ufeff/, '');
  },
};

const latin1: Charset = {
  encode: (text) => Buffer.from(limited(text, /[^\0-\xff]/gu), 'latin1'),
  decode: (bytes) => asBuffer(bytes).toString('latin1'),
};

const ascii: Charset = {
  encode: (text) => Buffer.from(limited(text, /[^\0-\x7f]/gu), 'latin1'),
  decode: (bytes) =>
    asBuffer(bytes)
      .toString('latin1')
      .replace(/[\x80-\xff]/g, '\ufffd'),
};

const charsets: ReadonlyMap<string, Charset> = new Map([
  ['UTF-8', utf8],
  ['UTF8', utf8],
  ['UTF-16', utf16],
  ['UTF-16BE', utf16be],
  ['UTF-16LE', utf16le],
  ['ISO-8859-1', latin1],
  ['ISO8859_1', latin1],
  ['LATIN1', latin1],
  ['US-ASCII', ascii],
  ['ASCII', ascii],
]);

/** By its name in Java, whatever its case. */
export function findCharset(name: string): Charset | undefined {
  return charsets.get(name.toUpperCase());
}

function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.replace(/\p{Surrogate}/gu, '?');
}

function limited(text: string, others: RegExp): string {
  return text.replace(others, '?');
}

/** An odd byte at the end is half of a unit. */
function halfUnit(bytes: Uint8Array): string {
  return bytes.length % 2 === 0 ? '' : '\ufffd';
}
