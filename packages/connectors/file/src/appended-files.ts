/** Files that lines are appended to, by their paths. Of those that are open, the one that rested longest is closed first. */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConnectError } from '@sluice/connector-api';
import { AppendedFile } from './appended-file.ts';

/** Behind half a line that a crash left; the whole line comes again. */
export const tornLineMark = ' [cut off]';

export class AppendedFiles {
  readonly #openMax: number;
  /** In the order in which they were used. */
  readonly #open = new Map<string, AppendedFile>();

  constructor(openMax: number) {
    this.#openMax = openMax;
  }

  /** @throws RetriableError: try the batch again; ConnectError for a path that cannot be a file. */
  async append(path: string, text: string): Promise<void> {
    const file = this.#open.get(path) ?? (await this.#openFile(path));
    this.#open.delete(path);
    this.#open.set(path, file);
    await file.append(text);
  }

  /** Everything appended so far survives a crash of the machine. */
  async sync(): Promise<void> {
    for (const file of this.#open.values()) await file.sync();
  }

  /** Of all, whatever one of them says. */
  async close(): Promise<void> {
    const files = [...this.#open.values()];
    this.#open.clear();
    await Promise.allSettled(files.map((file) => file.close()));
  }

  async #openFile(path: string): Promise<AppendedFile> {
    const [oldest] = this.#open;
    if (oldest && this.#open.size >= this.#openMax) {
      // Not forgotten before it is durable: then the batch fails, and it stays.
      await oldest[1].sync();
      this.#open.delete(oldest[0]);
      await oldest[1].close();
    }
    await makeFolder(dirname(path));
    return await AppendedFile.open(path, { task: 'LogFilesSinkTask', tornLineMark });
  }
}

/** The names of new folders are durable only once the folders that they are in are. */
async function makeFolder(folder: string): Promise<void> {
  let first: string | undefined;
  try {
    first = await mkdir(folder, { recursive: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConnectError(`cannot make folder "${folder}" for LogFilesSinkTask: ${reason}`, {
      cause,
    });
  }
  if (first === undefined) return;
  for (let each = dirname(folder); each.length >= dirname(first).length; each = dirname(each)) {
    const handle = await open(each, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (each === dirname(each)) return;
  }
}
