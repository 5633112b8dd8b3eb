/** Texts of columns from the bytes of the binary log, which are in each column's own character set. */

/** MySQL's names, and those of the web's encodings, which are the same or have more characters. */
const encodings: Readonly<Record<string, string>> = {
  ascii: 'windows-1252',
  big5: 'big5',
  cp1250: 'windows-1250',
  cp1251: 'windows-1251',
  cp1256: 'windows-1256',
  cp1257: 'windows-1257',
  cp866: 'ibm866',
  cp932: 'shift_jis',
  eucjpms: 'euc-jp',
  euckr: 'euc-kr',
  gb18030: 'gb18030',
  gb2312: 'gbk',
  gbk: 'gbk',
  greek: 'iso-8859-7',
  hebrew: 'iso-8859-8',
  koi8r: 'koi8-r',
  koi8u: 'koi8-u',
  latin1: 'windows-1252',
  latin2: 'iso-8859-2',
  latin5: 'windows-1254',
  latin7: 'iso-8859-13',
  macroman: 'macintosh',
  sjis: 'shift_jis',
  tis620: 'windows-874',
  ucs2: 'utf-16be',
  ujis: 'euc-jp',
  utf16: 'utf-16be',
  utf16le: 'utf-16le',
};

const utf8 = new Set(['utf8', 'utf8mb3', 'utf8mb4', 'json']);

/** Undefined: a character set that is not supported. */
export function decoderOf(charset: string): ((bytes: Buffer) => string) | undefined {
  if (utf8.has(charset)) return (bytes) => bytes.toString('utf8');
  if (charset === 'utf32') return utf32Text;
  const encoding = encodings[charset];
  if (encoding === undefined) return undefined;
  const decoder = new TextDecoder(encoding, { ignoreBOM: true });
  return (bytes) => decoder.decode(bytes);
}

/** By the ids of their collations, as the log has them. */
export type Charsets = ReadonlyMap<number, string>;

/** In place of each character that cannot be read. */
export const unreadable = '\uFFFD';

/** Of a statement of the log, which is in the character set of its client. `charset`: undefined, if nobody knows. */
export function statementText(bytes: Buffer, charset: string | undefined): string {
  const decode = charset === undefined ? undefined : decoderOf(charset);
  return decode?.(bytes) ?? bytes.toString('latin1').replaceAll(/[\u0080-\u00ff]/g, unreadable);
}

function utf32Text(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at + 3 < bytes.length; at += 4)
    text += String.fromCodePoint(bytes.readUInt32BE(at));
  return text;
}
