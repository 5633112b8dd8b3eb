/**
 * One file of a log, open for reading, and what tells it from others: its inode, and a hash of its first bytes, as many
 * of them as were read, up to a limit. The hash holds when the file is renamed or copied, and ceases to hold when it is
 * truncated and written anew, or when its inode is given to another file.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { SourceOffsetValue } from '@sluice/connector-api';
import { LineBuffer } from './line-buffer.ts';
import type { Member } from './log-names.ts';

/** Where to go on in a log: which of its files, and behind which of its bytes. */
export interface LogPosition {
  readonly position: number;
  readonly inode: string;
  readonly head: string;
  readonly headBytes: number;
  readonly mtimeMs: number;
}

export const headBytesMax = 1024;
/** Logs are many, and each has a buffer. */
const chunkBytes = 64 * 1024;

export function offsetOf(at: LogPosition): SourceOffsetValue {
  return { ...at };
}

/** Undefined for what is no offset of this connector: the log is read from its beginning then. */
export function positionOf(offset: SourceOffsetValue | undefined): LogPosition | undefined {
  if (!offset) return undefined;
  const [position, headBytes, mtimeMs] = ['position', 'headBytes', 'mtimeMs'].map((name) =>
    Number(offset[name] ?? Number.NaN),
  );
  const { head, inode } = offset;
  if (typeof head !== 'string' || typeof inode !== 'string') return undefined;
  if (
    !isCount(position) ||
    !isCount(headBytes) ||
    mtimeMs === undefined ||
    !Number.isFinite(mtimeMs)
  )
    return undefined;
  return { position, headBytes, head, inode, mtimeMs };
}

function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isSafeInteger(value) && value >= 0;
}

export class Generation {
  readonly path: string;
  readonly inode: string;
  readonly lines: LineBuffer;
  readonly #handle: FileHandle;
  /** The first bytes of the file, as they were when they were read. */
  #head: Buffer;
  #hash: { readonly bytes: number; readonly head: string } | undefined;
  #mtimeMs: number;
  /** Of the file when there was nothing new in it. */
  #restedMtimeMs: number | undefined;

  private constructor(handle: FileHandle, member: Member, position: number, head: Buffer) {
    this.#handle = handle;
    this.path = member.path;
    this.inode = member.inode;
    this.#mtimeMs = member.mtimeMs;
    this.#head = head;
    this.lines = new LineBuffer(position, { chunkBytes });
  }

  /** From its beginning, or behind what was read of it. Undefined when there is another file of that name by now, or none. */
  static async open(member: Member, at?: LogPosition): Promise<Generation | undefined> {
    const handle = await openIfThere(member.path);
    if (!handle) return undefined;
    const { dev, ino } = await handle.stat();
    const head = await firstBytes(handle, Math.min(at?.position ?? 0, headBytesMax));
    const isSame = at === undefined || hashOf(head.subarray(0, at.headBytes)) === at.head;
    if (`${String(dev)}:${String(ino)}` === member.inode && isSame)
      return new Generation(handle, member, at?.position ?? 0, head);
    await handle.close();
    return undefined;
  }

  /** Bytes that are new; 0 when there are none now; `changed` when it is not the file any more that it was. */
  async read(): Promise<number | 'changed'> {
    const { lines } = this;
    const before = lines.readPosition;
    const facts = await this.#handle.stat();
    if (facts.size === before && facts.mtimeMs === this.#restedMtimeMs) return 0;
    const room = lines.room();
    const { bytesRead } = await this.#handle.read(room, 0, room.length, before);
    // Asked afterwards: what was read before a truncation is what the file had.
    const { mtimeMs, size } = await this.#handle.stat();
    const head = await firstBytes(this.#handle, this.#head.length);
    if (size < before + bytesRead || !head.equals(this.#head)) return 'changed';
    this.#mtimeMs = mtimeMs;
    this.#restedMtimeMs = bytesRead === 0 ? mtimeMs : undefined;
    if (before < headBytesMax)
      this.#head = Buffer.concat([this.#head, room.subarray(0, bytesRead)]).subarray(
        0,
        headBytesMax,
      );
    lines.advance(bytesRead);
    return bytesRead;
  }

  /** Behind the line that ends at this position. */
  positionAt(position: number): LogPosition {
    const headBytes = Math.min(position, this.#head.length);
    if (this.#hash?.bytes !== headBytes)
      this.#hash = { bytes: headBytes, head: hashOf(this.#head.subarray(0, headBytes)) };
    const { inode } = this;
    return { position, inode, headBytes, head: this.#hash.head, mtimeMs: this.#mtimeMs };
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Whether this file begins with what had been read of the one that the position is in. */
export async function isSameContent(member: Member, at: LogPosition): Promise<boolean> {
  if (member.size < at.position) return false;
  const handle = await openIfThere(member.path);
  if (!handle) return false;
  try {
    return hashOf(await firstBytes(handle, at.headBytes)) === at.head;
  } finally {
    await handle.close();
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function firstBytes(handle: FileHandle, count: number): Promise<Buffer> {
  const bytes = Buffer.alloc(count);
  const { bytesRead } = await handle.read(bytes, 0, count, 0);
  return bytes.subarray(0, bytesRead);
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32);
}
