/** Decimals of the binary log: nine digits in four bytes, and the rest in as few as they need. */
import type { ByteReader } from './byte-reader.ts';

/** Bytes that so many digits take. */
const sizes = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];

export function decimalText(reader: ByteReader, precision: number, scale: number): string {
  const whole = precision - scale;
  const wholeRest = whole % 9;
  const scaleRest = scale % 9;
  const wholeGroups = (whole - wholeRest) / 9;
  const scaleGroups = (scale - scaleRest) / 9;
  const size =
    wholeGroups * 4 + (sizes[wholeRest] ?? 0) + scaleGroups * 4 + (sizes[scaleRest] ?? 0);
  const bytes = Buffer.from(reader.take(size));
  // The highest bit is the sign, turned around; a negative number has all others turned around as well.
  const isNegative = ((bytes[0] ?? 0) & 0x80) === 0;
  if (isNegative) for (let index = 0; index < size; index += 1) bytes[index] = ~(bytes[index] ?? 0);
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  let at = 0;
  const digits = (count: number): string => {
    const length = sizes[count] ?? 0;
    if (length === 0) return '';
    const value = bytes.readUIntBE(at, length);
    at += length;
    return String(value).padStart(count, '0');
  };
  let text = digits(wholeRest);
  for (let group = 0; group < wholeGroups; group += 1) text += digits(9);
  text = text.replace(/^0+(?=\d)/, '') || '0';
  if (scale > 0) {
    text += '.';
    for (let group = 0; group < scaleGroups; group += 1) text += digits(9);
    text += digits(scaleRest);
  }
  return isNegative ? `-${text}` : text;
}
