/** Unsigned varints, 7 bits a byte, lowest first, for whole numbers up to 2^53. */

export function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}

/** Returns the place after it. */
export function writeVarint(buffer: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value;
  // Bit operations are for 32 bits only; only timestamps are above.
  while (rest > 0x7fffffff) {
    buffer[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  while (rest >= 0x80) {
    buffer[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  buffer[at++] = rest;
  return at;
}

export function readVarint(buffer: Buffer, start: number): { value: number; next: number } {
  let at = start;
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = buffer[at++];
    if (byte === undefined) throw new RangeError('a stored batch ends within a number');
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, next: at };
    scale *= 0x80;
  }
}

/** Maps 0, −1, 1, −2, … to 0, 1, 2, 3, …; the caller stays below 2^52. */
export function zigzag(value: number): number {
  return value >= 0 ? value * 2 : value * -2 - 1;
}

export function zigzagDecode(value: number): number {
  return value % 2 === 0 ? value / 2 : (value + 1) / -2;
}
