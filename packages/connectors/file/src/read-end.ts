/**
 * The last bytes that were read of a file, by which it is known again where reading goes on: in a file that was truncated
 * and written anew others stand there, however long it has become.
 */
import type { FileHandle } from 'node:fs/promises';

/** More than a time and a few words, so that the lines of two runs of a program differ in them. */
const bytesMax = 256;
const noBytes: Buffer = Buffer.alloc(0);

export class ReadEnd {
  #bytes = noBytes;

  /** What was read, behind what was read before. */
  note(read: Uint8Array): void {
    const last = read.subarray(-bytesMax);
    this.#bytes =
      last.length === bytesMax
        ? Buffer.from(last)
        : Buffer.concat([this.#bytes.subarray(last.length - bytesMax), last]);
  }

  /** Nothing was read yet. */
  forget(): void {
    this.#bytes = noBytes;
  }

  /** What is there now counts as read: where a task goes on, nobody knows what it read before. */
  async take(handle: FileHandle, position: number): Promise<void> {
    this.#bytes = await bytesBefore(handle, position, Math.min(bytesMax, position));
  }

  /** Whether it still stands in front of the position. */
  async isBefore(handle: FileHandle, position: number): Promise<boolean> {
    return this.#bytes.equals(await bytesBefore(handle, position, this.#bytes.length));
  }
}

async function bytesBefore(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  if (length === 0) return noBytes;
  const { buffer, bytesRead } = await handle.read(
    Buffer.alloc(length),
    0,
    length,
    position - length,
  );
  return buffer.subarray(0, bytesRead);
}
