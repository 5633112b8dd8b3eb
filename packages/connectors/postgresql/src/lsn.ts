/** Positions in PostgreSQL's log: numbers here, `16/B374D848` there. Exact up to 8 PiB of log. */

export function lsnOfText(text: string): number {
  const [high = '', low = ''] = text.split('/');
  const lsn = Number.parseInt(high, 16) * 2 ** 32 + Number.parseInt(low, 16);
  if (Number.isSafeInteger(lsn)) return lsn;
  throw new TypeError(`"${text}" is no position in PostgreSQL's log`);
}

export function textOfLsn(lsn: number): string {
  const high = Math.floor(lsn / 2 ** 32);
  return `${high.toString(16)}/${(lsn % 2 ** 32).toString(16)}`.toUpperCase();
}

export function readLsn(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}

export function writeLsn(bytes: Buffer, lsn: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(lsn / 2 ** 32), at);
  bytes.writeUInt32BE(lsn % 2 ** 32, at + 4);
}
