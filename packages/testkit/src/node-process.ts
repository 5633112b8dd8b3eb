/**
 * A real process of one of the apps, run from its TypeScript sources, or compiled. What it prints is kept,
 * and shown in the error of whoever waits for it in vain.
 */
import type { ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnGuarded } from './guarded-process.ts';
import { waitFor } from './wait-for.ts';

/** The repository, from `packages/testkit/src`. */
export const repositoryRoot = fileURLToPath(new URL('../../..', import.meta.url));

const outputCharactersMax = 4 * 1024 * 1024;
const shownLinesMax = 40;
const lineTimeoutMs = 30_000;
const endTimeoutMs = 10_000;

export interface SpawnNodeOptions {
  readonly args?: readonly string[];
  /** On top of this process's own environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** More flags of node itself. */
  readonly nodeArgs?: readonly string[];
  /** What is run instead of node and the entry, as a container that has them: command and arguments. */
  readonly command?: readonly [string, ...string[]];
  /** What is put before the command, as `ip netns exec NAME`; it has to become the process that it starts. */
  readonly within?: readonly string[];
  /** How it is called in errors. Default: the entry. */
  readonly name?: string;
  /** Receives all that it prints, besides what is kept here. */
  readonly logFile?: string;
  /** As in `spawnGuarded`. */
  readonly detached?: boolean;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface WaitForLineOptions {
  /** Default 30 000. */
  readonly timeoutMs?: number;
}

/** One line of a log, as pino writes it. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

/**
 * Starts `entry`, a path from the repository's root, and returns at once. A `.js` entry is compiled code, which
 * must not find any sources.
 */
export function spawnNode(entry: string, options: SpawnNodeOptions = {}): NodeProcess {
  return new NodeProcess(entry, options);
}

export class NodeProcess {
  readonly name: string;
  /** Resolves when the process has ended; never rejects. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';
  #exit: Exit | undefined;

  constructor(entry: string, options: SpawnNodeOptions) {
    this.name = options.name ?? entry;
    const [command = process.execPath, ...first] = [
      ...(options.within ?? []),
      ...(options.command ?? [
        process.execPath,
        ...(entry.endsWith('.js') ? [] : ['--conditions=@sluice/source']),
        ...(options.nodeArgs ?? []),
        resolve(repositoryRoot, entry),
      ]),
    ];
    this.#child = spawnGuarded({
      command,
      args: [...first, ...(options.args ?? [])],
      cwd: options.cwd ?? repositoryRoot,
      env: { ...inheritedEnvironment(), ...options.env },
      detached: options.detached ?? false,
    });
    const { logFile } = options;
    if (logFile !== undefined) {
      const log = createWriteStream(logFile);
      // A full disk ends the log, not the process that is logged.
      log.on('error', () => log.destroy());
      this.#child.stdout?.pipe(log, { end: false });
      this.#child.stderr?.pipe(log, { end: false });
      this.#child.once('close', () => log.end());
    }
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout = (this.#stdout + text).slice(-outputCharactersMax);
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-outputCharactersMax);
    });
    this.exited = new Promise((resolveExit) => {
      const finish = (exit: Exit): void => {
        this.#exit ??= exit;
        resolveExit(this.#exit);
      };
      this.#child.once('error', (error) => {
        this.#stderr += `${error.message}\n`;
        finish({ code: null, signal: null });
      });
      // `close`, and not `exit`: all that it printed has been read by then.
      this.#child.once('close', (code, signal) => finish({ code, signal }));
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get hasExited(): boolean {
    return this.#exit !== undefined;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Lines of its log that are JSON with a `msg`, oldest first. */
  logLines(): LogLine[] {
    return this.#stdout.split('\n').flatMap((line) => parseLogLine(line) ?? []);
  }

  /** The first line of either output that matches, once there is one and it is whole. */
  async waitForLine(pattern: RegExp, options: WaitForLineOptions = {}): Promise<RegExpExecArray> {
    return await this.#waitForOutput(`a line like ${pattern}`, options, () =>
      firstMatch(pattern, this.#wholeLines(this.#stdout), this.#wholeLines(this.#stderr)),
    );
  }

  /** The first line of its log with this message, once there is one. */
  async waitForLog(message: string, options: WaitForLineOptions = {}): Promise<LogLine> {
    return await this.#waitForOutput(`the log line "${message}"`, options, () =>
      this.logLines().find((line) => line.msg === message),
    );
  }

  /** Sends the signal; after SIGKILL it waits for the end. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    if (this.hasExited) return;
    this.#child.kill(signal);
    if (signal === 'SIGKILL') await this.exited;
  }

  /** Ends it in order by SIGTERM, or by force when it takes longer than the limit. */
  async stop(timeoutMs = endTimeoutMs): Promise<Exit> {
    if (this.#exit !== undefined) return this.#exit;
    this.#child.kill('SIGTERM');
    // A frozen one would not see the signal.
    this.#child.kill('SIGCONT');
    const force = setTimeout(() => this.#child.kill('SIGKILL'), timeoutMs);
    const exit = await this.exited;
    clearTimeout(force);
    return exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** The end of what it printed, for errors. */
  describe(): string {
    const state =
      this.#exit === undefined
        ? `runs as ${this.pid}`
        : `ended with code ${this.#exit.code}, signal ${this.#exit.signal}`;
    const shown = [...lastLines(this.#stdout), ...lastLines(this.#stderr)];
    return `${this.name} ${state}; the end of what it printed:\n${shown.join('\n')}`;
  }

  /** What it has not ended yet may be read in two parts. */
  #wholeLines(output: string): string {
    return this.hasExited ? output : output.slice(0, output.lastIndexOf('\n') + 1);
  }

  async #waitForOutput<T>(
    what: string,
    { timeoutMs = lineTimeoutMs }: WaitForLineOptions,
    find: () => T | undefined,
  ): Promise<T> {
    let found: T | undefined;
    try {
      await waitFor(
        () => {
          // Read before looking: what it printed last is complete once it has ended.
          const hasEnded = this.hasExited;
          found = find();
          return found !== undefined || hasEnded;
        },
        { what: `${what} of ${this.name}`, timeoutMs, intervalMs: 10 },
      );
    } catch (error) {
      throw new Error(`waited ${timeoutMs} ms for ${what}; ${this.describe()}`, { cause: error });
    }
    if (found === undefined) throw new Error(`no ${what}: ${this.describe()}`);
    return found;
  }
}

/** What vitest and node put there for themselves is not for the apps, nor is the Kafka that tests are to use. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|NODE_OPTIONS$|NODE_ENV$|SLUICE_|KAFKA_)/.test(name),
  );
  return Object.fromEntries(kept);
}

function parseLogLine(line: string): LogLine | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const parsed: unknown = JSON.parse(line);
    const isLogLine = typeof parsed === 'object' && parsed !== null && 'msg' in parsed;
    return isLogLine ? (parsed as LogLine) : undefined;
  } catch {
    return undefined;
  }
}

function firstMatch(pattern: RegExp, ...outputs: readonly string[]): RegExpExecArray | undefined {
  // A copy: a pattern with the flag `g` would go on from where the last look ended.
  const lookup = new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, ''));
  for (const line of outputs.flatMap((output) => output.split('\n'))) {
    const match = lookup.exec(line);
    if (match !== null) return match;
  }
  return undefined;
}

function lastLines(output: string): string[] {
  return output
    .trimEnd()
    .split('\n')
    .slice(-shownLinesMax)
    .map((line) => `  ${line}`);
}
