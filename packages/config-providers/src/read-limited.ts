import { open } from 'node:fs/promises';

const bytesMax = 1024 * 1024;
/** Of other bytes something else would be taken for the secret. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws Error if it is larger than a file of settings may be, or no text. */
export async function readLimited(path: string): Promise<string> {
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(bytesMax + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
      length += bytesRead;
      if (length > bytesMax) throw new Error(`${path} is larger than ${String(bytesMax)} bytes`);
      if (bytesRead === 0) return decoded(buffer.subarray(0, length), path);
    }
  } finally {
    await file.close();
  }
}

function decoded(bytes: Buffer, path: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Error(`${path} is not UTF-8`);
  }
}
