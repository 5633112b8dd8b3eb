import { open } from 'node:fs/promises';

const bytesMax = 1024 * 1024;

/** @throws Error if it is larger than a file of settings may be. */
export async function readLimited(path: string): Promise<string> {
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(bytesMax + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
      length += bytesRead;
      if (length > bytesMax) throw new Error(`${path} is larger than ${String(bytesMax)} bytes`);
      if (bytesRead === 0) return buffer.toString('utf8', 0, length);
    }
  } finally {
    await file.close();
  }
}
