/**
 * A `redis-server` of this process alone: on the loopback, with a password that nobody else knows, in a folder
 * that nobody else may read.
 *
 * States: (start) running → (stop) gone. It ends with this process however that ends: it is started by a shell
 * that waits for its own input to end, which the system closes. Gone by itself: `ended` resolves.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { type Service, systemClock } from '@sluice/kernel';

import { CliError, exitCodes } from '../exit-codes.ts';
import type { Io } from '../io.ts';

export interface PrivateRedisOptions {
  readonly env: Io['env'];
  /** Where it keeps its data; undefined: it keeps none. */
  readonly folder: string | undefined;
}

const readyLimitMs = 20_000;
const stopLimitMs = 10_000;
const readyPauseMs = 20;
const outputCharactersMax = 8_192;
const settingsName = 'redis.conf';
/** One of a process that was killed has ended by then. */
const leftoverLimitMs = 5_000;
/** Runs its arguments; ends them when its input ends. */
const guard =
  'exec 3<&0; "$@" & child=$!; trap \'kill -TERM $child\' TERM INT; ' +
  '(cat <&3 >/dev/null; kill -TERM $child 2>/dev/null) & exec 3<&-; wait $child; wait $child';

export class PrivateRedis implements Service {
  readonly #options: PrivateRedisOptions;
  readonly #password = randomBytes(24).toString('hex');
  readonly #ended = Promise.withResolvers<void>();
  #child: ChildProcess | undefined;
  #temporary: string | undefined;
  #port = 0;
  #output = '';

  constructor(options: PrivateRedisOptions) {
    this.#options = options;
  }

  get url(): string {
    return `redis://:${this.#password}@127.0.0.1:${this.#port}`;
  }

  /** Resolves when it is gone, whoever ended it. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** What it printed last. */
  get output(): string {
    return this.#output.trim();
  }

  async start(): Promise<void> {
    const binary = findRedisServer(this.#options.env);
    const folder = this.#makeFolder();
    await untilUnused(join(folder, settingsName));
    this.#port = await freePort();
    const settingsFile = join(folder, settingsName);
    writeFileSync(settingsFile, this.#settings(folder), { mode: 0o600 });
    const child = spawn('sh', ['-c', guard, 'redis', binary, settingsFile], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // Ctrl-C in the terminal is for us, who still need it then.
      detached: true,
    });
    this.#child = child;
    const collect = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-outputCharactersMax);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', (error) => collect(Buffer.from(error.message)));
    child.once('exit', () => {
      // Also the shell's own helper ends then.
      child.stdin.end();
      this.#ended.resolve();
    });
    await this.#untilReady(binary);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child && !hasEnded(child)) {
      const ended = once(child, 'exit');
      child.stdin?.end();
      const force = setTimeout(() => killGroup(child), stopLimitMs);
      await ended;
      clearTimeout(force);
    }
    if (this.#temporary !== undefined) rmSync(this.#temporary, { recursive: true, force: true });
  }

  async #untilReady(binary: string): Promise<void> {
    const deadlineMs = systemClock.monotonicMs() + readyLimitMs;
    while (!this.#output.includes('Ready to accept connections')) {
      const isOver = this.#child === undefined || hasEnded(this.#child);
      if (isOver || systemClock.monotonicMs() > deadlineMs) {
        await this.stop();
        throw new CliError(
          exitCodes.unreachable,
          `${binary} did not start:\n${this.output}\nName a Redis that runs already with --redis`,
        );
      }
      await systemClock.sleep(readyPauseMs);
    }
  }

  #makeFolder(): string {
    const { folder } = this.#options;
    if (folder !== undefined) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      return folder;
    }
    this.#temporary = mkdtempSync(join(tmpdir(), 'sluice-standalone-'));
    return this.#temporary;
  }

  /** In a file: the command line of a process is everybody's to read. */
  #settings(folder: string): string {
    const keeps = this.#options.folder !== undefined;
    return Object.entries({
      bind: '127.0.0.1',
      port: String(this.#port),
      requirepass: this.#password,
      dir: JSON.stringify(folder),
      save: '""',
      appendonly: keeps ? 'yes' : 'no',
      // What was acknowledged is on the disk.
      appendfsync: 'always',
      'maxmemory-policy': 'noeviction',
      loglevel: 'notice',
      logfile: '""',
      daemonize: 'no',
    })
      .map(([key, value]) => `${key} ${value}\n`)
      .join('');
  }
}

/** Two servers on one folder would ruin its files. @throws CliError */
async function untilUnused(settingsFile: string): Promise<void> {
  const text = existsSync(settingsFile) ? readFileSync(settingsFile, 'utf8') : '';
  const port = Number(/^port (\d+)$/m.exec(text)?.[1]);
  const password = /^requirepass (\w+)$/m.exec(text)?.[1];
  if (!port || password === undefined) return;
  const deadlineMs = systemClock.monotonicMs() + leftoverLimitMs;
  while (await accepts(port, password)) {
    if (systemClock.monotonicMs() > deadlineMs) {
      throw new CliError(
        exitCodes.invalid,
        `another standalone process uses ${dirname(settingsFile)}: stop it, or name another offset.storage.file.filename`,
      );
    }
    await systemClock.sleep(readyPauseMs * 5);
  }
}

/** Whether the server that this password belongs to runs there. */
async function accepts(port: number, password: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const finish = (isOurs: boolean): void => {
      socket.destroy();
      resolve(isOurs);
    };
    socket.setTimeout(1_000, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('connect', () => socket.write(`AUTH ${password}\r\n`));
    socket.once('data', (reply) => finish(reply.toString().startsWith('+OK')));
    socket.once('close', () => finish(false));
  });
}

/** `SLUICE_REDIS_SERVER`, else the one on the PATH. */
function findRedisServer(env: Io['env']): string {
  const candidates = [
    env['SLUICE_REDIS_SERVER'] ?? '',
    ...(env['PATH'] ?? '').split(delimiter).map((folder) => folder && join(folder, 'redis-server')),
  ];
  const found = candidates.find((path) => path !== '' && isExecutable(path));
  if (found !== undefined) return found;
  throw new CliError(
    exitCodes.unreachable,
    'there is no redis-server on the PATH: install Redis 7 or newer (Debian: apt-get install redis-server, ' +
      'macOS: brew install redis), or name a Redis that runs already with --redis or REDIS_URL',
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The shell and the server, which are a group of their own. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended just now.
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
