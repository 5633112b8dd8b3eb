/**
 * Files that may be replaced while the process runs: certificates, callers. Read again every few seconds, since watching
 * misses what tools that mount secrets do (they exchange a link), and at once when asked (SIGHUP). A new content that
 * cannot be used is told once, and what was there stays in force. One that is found by itself may be half written: it
 * counts once it is the same half a second later.
 */
import { readFile } from 'node:fs/promises';
import {
  type Clock,
  type Logger,
  type Service,
  SluiceError,
  type Timer,
  toError,
} from '@sluice/kernel';

/** By path. */
export type FileContents = ReadonlyMap<string, string>;

export interface WatchedFilesOptions {
  /** What they are, for the log: `the callers`. */
  readonly what: string;
  readonly paths: readonly string[];
  /** Takes a new content, or throws what is wrong with it. */
  readonly use: (contents: FileContents) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default 5 s. */
  readonly everyMs?: number;
}

const everyMsDefault = 5_000;
const settlingMs = 500;
/** As many certificates or callers as anybody has. */
const bytesMax = 4 * 1024 * 1024;

export class WatchedFiles implements Service {
  readonly #options: WatchedFilesOptions;
  #timer: Timer | undefined;
  /** Also of what could not be used, so that it is told once. */
  #seen = '';
  /** Found by the latest look, and not used yet. */
  #settling: string | undefined;
  #isStopped = false;

  constructor(options: WatchedFilesOptions) {
    this.#options = options;
  }

  /** @throws SluiceError `config.invalid` if they cannot be read or used. */
  async start(): Promise<void> {
    const contents = await this.#read();
    this.#options.use(contents);
    this.#seen = fingerprint(contents);
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Looks now, and takes what is there. Never rejects. */
  async check(): Promise<void> {
    await this.#look(() => true);
  }

  async #look(isSettled: (seen: string) => boolean): Promise<void> {
    const { what, use, logger } = this.#options;
    let seen = 'unreadable';
    try {
      const contents = await this.#read();
      seen = fingerprint(contents);
      if (seen === this.#seen || !isSettled(seen)) return;
      use(contents);
      logger.info({}, `${what} were read again`);
    } catch (error) {
      if (seen !== this.#seen) {
        logger.warn(
          { error: toError(error).message },
          `${what} cannot be used as they are now; those from before stay in force`,
        );
      }
    }
    this.#seen = seen;
  }

  #schedule(): void {
    if (this.#isStopped) return;
    const { clock, everyMs = everyMsDefault } = this.#options;
    const waitMs = this.#settling === undefined ? everyMs : settlingMs;
    this.#timer = clock.after(waitMs, () => {
      const before = this.#settling;
      this.#settling = undefined;
      const isSettled = (seen: string): boolean => {
        if (seen !== before) this.#settling = seen;
        return seen === before;
      };
      void this.#look(isSettled).then(() => this.#schedule());
    });
  }

  async #read(): Promise<FileContents> {
    const texts = await Promise.all(this.#options.paths.map(readText));
    return new Map(this.#options.paths.map((path, index) => [path, texts[index] ?? '']));
  }
}

async function readText(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new SluiceError('config.invalid', `cannot read ${path}: ${toError(error).message}`);
  });
  if (text.length <= bytesMax) return text;
  throw new SluiceError('config.invalid', `${path} is larger than ${bytesMax} bytes`);
}

function fingerprint(contents: FileContents): string {
  return JSON.stringify([...contents]);
}
