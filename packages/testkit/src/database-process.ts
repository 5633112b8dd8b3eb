/**
 * What the launchers of PostgreSQL and MariaDB share: one server process on a data folder of its own.
 *
 * States: running → (kill | stop) gone → (start) running → … → (remove) removed.
 * Databases refuse to run as root: as root, the process and its folder belong to `nobody`.
 * Not ready within the limit, or gone before: an error with what the server printed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError, toError } from '@sluice/kernel';
import { makeOwnedFolder, type ProcessUser, spawnGuarded } from './guarded-process.ts';
import { waitFor } from './wait-for.ts';

const readyTimeoutMs = 60_000;
const stopTimeoutMs = 10_000;
const commandTimeoutMs = 60_000;
/** A server that was killed may leave others behind for a moment, which hold its folder: 15 s at least. */
const startAttemptsMax = 150;
const outputCharactersMax = 64 * 1024;
export const portTakenCode = 'database.port_taken';

const isRoot = process.getuid?.() === 0;
/** `nobody`, which every Linux has. */
const nobody: ProcessUser = { uid: 65_534, gid: 65_534 };

export interface DatabaseProcessOptions {
  /** `postgres`, for the folder's name and messages. */
  readonly name: string;
  readonly port: number;
  readonly server: string;
  readonly args: (dir: string) => readonly string[];
  /** Makes the data folder, once. */
  readonly create: (
    dir: string,
    run: (command: string, args: readonly string[]) => Promise<string>,
  ) => Promise<void>;
  /** What the server prints when it takes connections. */
  readonly ready: RegExp;
  /** What it prints when it cannot start yet because an earlier one has not gone altogether. */
  readonly busy: RegExp;
  /** Ends it in order without waiting for its clients. */
  readonly stopSignal: NodeJS.Signals;
}

export class DatabaseProcess {
  readonly dir: string;
  readonly #options: DatabaseProcessOptions;
  #process: ChildProcess | undefined;
  #output = '';

  private constructor(options: DatabaseProcessOptions, dir: string) {
    this.#options = options;
    this.dir = dir;
  }

  static async create(options: DatabaseProcessOptions): Promise<DatabaseProcess> {
    const folder = makeOwnedFolder(options.name);
    const server = new DatabaseProcess(options, folder);
    try {
      if (isRoot) chownSync(folder, nobody.uid, nobody.gid);
      await options.create(folder, (command, args) =>
        runTool({ command, args, cwd: folder, user: nobody }),
      );
      await server.start();
      return server;
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  get pid(): number {
    return this.#process?.pid ?? -1;
  }

  /** What the server has printed, its last 64 KiB. */
  output(): string {
    return this.#output;
  }

  /** Sends the signal; waits for the end after those that end it, not after SIGSTOP or SIGCONT. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === undefined || hasEnded(child)) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT' && signal !== 'SIGHUP') await ended;
  }

  /** Starts it on the same port and folder, after ending it if it still runs. */
  async start(): Promise<void> {
    await this.end();
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#startOnce();
        return;
      } catch (error) {
        await this.kill('SIGKILL');
        if (attempt === startAttemptsMax || !this.#options.busy.test(this.#output)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  /** In order; killed if that takes too long. */
  async end(): Promise<void> {
    const child = this.#process;
    if (child === undefined || hasEnded(child) || child.pid === undefined) return;
    const ended = once(child, 'exit');
    child.kill(this.#options.stopSignal);
    // A frozen one would not see the signal.
    child.kill('SIGCONT');
    const force = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
    await ended;
    clearTimeout(force);
  }

  async remove(): Promise<void> {
    await this.end();
    // What an orphaned process of a killed server still writes would make the folder come back.
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  async #startOnce(): Promise<void> {
    const { args, name, port, ready, server } = this.#options;
    this.#output = '';
    const child = spawnGuarded({
      command: server,
      args: args(this.dir),
      cwd: this.dir,
      env: { ...process.env, LC_ALL: 'C' },
      ...(isRoot ? { user: nobody } : {}),
    });
    this.#process = child;
    let failure: Error | undefined;
    child.once('error', (error) => {
      failure = error;
    });
    // `close`, and not `exit`: by then all that it printed has been read, which says why it ended.
    let isClosed = false;
    child.once('close', () => {
      isClosed = true;
    });
    const collect = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-outputCharactersMax);
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    if (child.pid !== undefined) writeFileSync(join(this.dir, 'pid'), String(child.pid));
    try {
      await waitFor(() => failure !== undefined || isClosed || ready.test(this.#output), {
        what: `${name} on port ${port} to take connections`,
        timeoutMs: readyTimeoutMs,
        intervalMs: 10,
      });
    } catch (error) {
      failure = toError(error);
    }
    if (failure === undefined && !isClosed) return;
    throw new SluiceError(
      /address already in use/i.test(this.#output) ? portTakenCode : 'database.not_started',
      `${server} did not start on port ${port}; it printed:\n${this.#output.trimEnd()}`,
      { details: { port, dir: this.dir }, cause: failure },
    );
  }
}

/** A file that the server owns and nobody else may read, as it wants of keys and passwords. */
export function writeOwned(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600 });
  if (isRoot) chownSync(file, nobody.uid, nobody.gid);
}

export interface RunToolOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** If this is root. */
  readonly user?: ProcessUser;
}

/** Runs a program of a database to its end. @throws SluiceError with what it printed when it fails. */
export async function runTool({
  command,
  args,
  input,
  env,
  cwd,
  user,
}: RunToolOptions): Promise<string> {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: commandTimeoutMs,
    env: { ...process.env, LC_ALL: 'C', ...env },
    ...(cwd === undefined ? {} : { cwd }),
    ...(isRoot ? user : {}),
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // A program that ends early does not read it all; its exit code says what happened.
  child.stdin.on('error', () => {});
  child.stdin.end(input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === 0) return stdout;
  throw new SluiceError(
    'database.tool_failed',
    `${command} failed: ${(stderr || stdout).trimEnd()}`,
  );
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
