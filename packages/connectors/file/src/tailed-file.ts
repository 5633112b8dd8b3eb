/**
 * A growing file, read from a position on and followed by its name, as `tail -F` does:
 *
 *     missing ──appears──▶ open ──shorter than what was read: truncated──▶ open, from its beginning
 *                            ├──other bytes in front of the position: rewritten──▶ open, from its beginning
 *                            └──another file under the name: replaced──▶ open the new one, from its beginning
 *
 * Reading anew may deliver lines twice; going on at the old position in other content would lose lines. Whether the content
 * is another is looked at when there is news behind the end that was reached, more than `tail -F` does. What cannot be noticed:
 * content that is the same for the 256 bytes in front of the position, that was written within the tick of the file system's
 * clock in which the file was looked at, or that was written while no task read it and is not shorter.
 */
import { type FileHandle, open, stat } from 'node:fs/promises';
import { ConnectError, type TaskLogger } from '@sluice/connector-api';
import { LineBuffer, type LineBufferOptions } from './line-buffer.ts';
import { ReadEnd } from './read-end.ts';

interface Opened {
  readonly handle: FileHandle;
  readonly device: number;
  readonly inode: number;
}

export interface TailedFileOptions {
  readonly path: string;
  /** Byte position to start at. */
  readonly position: number;
  readonly logger: TaskLogger;
  readonly buffer?: LineBufferOptions;
}

export class TailedFile {
  readonly #path: string;
  readonly #logger: TaskLogger;
  readonly #bufferOptions: LineBufferOptions | undefined;
  #lines: LineBuffer;
  #opened: Opened | undefined;
  #saidMissing = false;
  /** All was read that there was. */
  #isAtEnd = false;
  /** Of the file, when it was known to be what was read. */
  #changedMs: number | undefined;
  readonly #end = new ReadEnd();

  constructor({ path, position, logger, buffer }: TailedFileOptions) {
    this.#path = path;
    this.#logger = logger;
    this.#bufferOptions = buffer;
    this.#lines = new LineBuffer(position, buffer);
  }

  /** Lines that were read; cut from it until it has none, then `read` again. */
  get lines(): LineBuffer {
    return this.#lines;
  }

  /**
   * Reads what is there. False when there is nothing new now.
   * @throws ConnectError when the file cannot be read at all.
   */
  async read(): Promise<boolean> {
    this.#opened ??= await this.#open();
    if (!this.#opened) return false;
    if (this.#isAtEnd) {
      if (!(await this.#hasNews(this.#opened))) return false;
      if (await this.#restartIfRewritten(this.#opened)) return true;
    }
    const room = this.#lines.room();
    const { bytesRead } = await this.#opened.handle
      .read(room, 0, room.length, this.#lines.readPosition)
      .catch((error: unknown) => {
        throw unreadable(this.#path, error);
      });
    this.#end.note(room.subarray(0, bytesRead));
    this.#lines.advance(bytesRead);
    this.#isAtEnd = bytesRead === 0;
    if (bytesRead > 0) return true;
    this.#lines.rest();
    return this.#startsAnew(this.#opened);
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    await opened?.handle.close();
  }

  async #open(): Promise<Opened | undefined> {
    let handle: FileHandle;
    try {
      handle = await open(this.#path, 'r');
    } catch (error) {
      if (!isMissing(error)) throw unreadable(this.#path, error);
      if (!this.#saidMissing)
        this.#logger.warn({ file: this.#path }, 'the file does not exist yet: waiting for it');
      this.#saidMissing = true;
      return undefined;
    }
    const facts = await handle.stat();
    if (!facts.isFile()) {
      await handle.close();
      throw new ConnectError(`${this.#path} is not a regular file: "file" must name one`);
    }
    const opened = { handle, device: facts.dev, inode: facts.ino };
    this.#restartIfShorter(facts.size);
    await this.#end.take(handle, this.#lines.readPosition);
    this.#changedMs = facts.mtimeMs;
    this.#isAtEnd = facts.size === this.#lines.readPosition;
    return opened;
  }

  /** Costs half of what it costs to read nothing, and no room to read into. */
  async #hasNews({ device, inode }: Opened): Promise<boolean> {
    const facts = await stat(this.#path).catch(() => undefined);
    const isSame = facts?.ino === inode && facts.dev === device;
    return !isSame || facts.size !== this.#lines.readPosition || facts.mtimeMs !== this.#changedMs;
  }

  async #restartIfRewritten({ handle }: Opened): Promise<boolean> {
    // Before the bytes: what changes them afterwards is news again.
    const { mtimeMs, size } = await handle.stat();
    this.#changedMs = mtimeMs;
    const { readPosition } = this.#lines;
    // One that is shorter is told apart where its end was read.
    if (size < readPosition || (await this.#end.isBefore(handle, readPosition))) return false;
    this.#logger.warn(
      { file: this.#path, position: readPosition },
      'the file was rewritten: what was read of it is there no more, reading it from its beginning',
    );
    this.#startOver();
    return true;
  }

  /** At the end of the file: is it still the file that was opened, and at least as long? */
  async #startsAnew(opened: Opened): Promise<boolean> {
    const facts = await stat(this.#path).catch((error: unknown) => {
      if (isMissing(error)) return undefined; // Perhaps being replaced; the open file stays readable.
      throw unreadable(this.#path, error);
    });
    if (!facts) return false;
    if (facts.ino !== opened.inode || facts.dev !== opened.device) {
      this.#logger.warn({ file: this.#path }, 'the file was replaced: reading the new one');
      await this.close();
      this.#startOver();
      return true;
    }
    return this.#restartIfShorter(facts.size);
  }

  #startOver(): void {
    this.#lines = new LineBuffer(0, this.#bufferOptions);
    this.#end.forget();
  }

  #restartIfShorter(size: number): boolean {
    const { readPosition } = this.#lines;
    if (size >= readPosition) return false;
    this.#logger.warn(
      { file: this.#path, size, position: readPosition },
      'the file is shorter than the position in it: it was truncated, reading it from its beginning',
    );
    this.#startOver();
    return true;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function unreadable(path: string, cause: unknown): ConnectError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ConnectError(`cannot read "${path}" on this worker: ${reason}`, { cause });
}
