/** Signed varints of record batches: zigzag, 7 bits a byte, lowest first. */

/** Of a length or a count; not negative. */
export function lengthVarintBytes(length: number): number {
  if (length < 0x40) return 1;
  if (length < 0x2000) return 2;
  if (length < 0x10_0000) return 3;
  return length < 0x800_0000 ? 4 : 5;
}

/** Returns the place after it. −1 is for null. */
export function writeLengthVarint(target: Buffer, start: number, length: number): number {
  let at = start;
  let rest = (length << 1) ^ (length >> 31);
  while ((rest & ~0x7f) !== 0) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[at++] = rest;
  return at;
}

/** Of a number between −2^52 and 2^52. */
export function varlongBytes(value: number): number {
  let bytes = 1;
  for (let rest = zigzag(value); rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}

export function writeVarlong(target: Buffer, start: number, value: number): number {
  let at = start;
  let rest = zigzag(value);
  // Bit operations are for 32 bits only.
  while (rest >= 0x80) {
    target[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  target[at++] = rest;
  return at;
}

export function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : (value + 1) / -2;
}

function zigzag(value: number): number {
  return value >= 0 ? value * 2 : value * -2 - 1;
}
