/**
 * A file that lines are appended to, perhaps by several tasks at once: each append is one write at the end
 * of the file, so that lines never mix. It owns the open file, and the rest of a write that failed half
 * way: that goes out first when the batch is tried again, so that no line is glued to half of another.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConnectError, RetriableError } from '@sluice/connector-api';

const newline = 0x0a;

export interface AppendedFileOptions {
  readonly task?: string;
  readonly tornLineMark?: string;
}

export class AppendedFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  #rest: Buffer | undefined;
  #isDirty = false;

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  /**
   * `tornLineMark`: what is put behind half a line that a crash left. `task`: whose error it is.
   * @throws ConnectError that names the file.
   */
  static async open(
    path: string,
    { task = 'FileStreamSinkTask', tornLineMark = '' }: AppendedFileOptions = {},
  ): Promise<AppendedFile> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, 'a+');
      const file = new AppendedFile(path, handle);
      await file.#endTornLine(tornLineMark);
      await syncFolder(dirname(path));
      return file;
    } catch (cause) {
      await handle?.close();
      throw new ConnectError(
        `Couldn't find or create file '${path}' for ${task}: ${reasonOf(cause)}`,
        { cause },
      );
    }
  }

  /** @throws RetriableError: try again, what was written is not written twice within one line. */
  async append(text: string): Promise<void> {
    if (this.#rest) await this.#write(this.#rest);
    await this.#write(Buffer.from(text, 'utf8'));
  }

  /** Everything appended so far survives a crash of the machine. */
  async sync(): Promise<void> {
    if (!this.#isDirty) return;
    await this.#handle.datasync();
    this.#isDirty = false;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #write(bytes: Buffer): Promise<void> {
    let written = 0;
    this.#isDirty = true;
    try {
      while (written < bytes.length) {
        const { bytesWritten } = await this.#handle.write(bytes, written);
        written += bytesWritten;
      }
      this.#rest = undefined;
    } catch (cause) {
      this.#rest = written > 0 ? bytes.subarray(written) : this.#rest;
      throw new RetriableError(`cannot append to "${this.#path}": ${reasonOf(cause)}`, { cause });
    }
  }

  /** A process that was killed while it wrote leaves half a line; its batch comes again as a whole. */
  async #endTornLine(mark: string): Promise<void> {
    const { size } = await this.#handle.stat();
    if (size === 0) return;
    const last = Buffer.alloc(1);
    await this.#handle.read(last, 0, 1, size - 1);
    if (last[0] !== newline) await this.#write(Buffer.from(`${mark}\n`));
  }
}

/** The name of a new file is durable only once its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
