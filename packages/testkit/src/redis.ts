/**
 * A real redis-server of its own for a test file: a free port, a temporary folder, nothing saved.
 *
 * States: running → (kill | stop) gone → (restart) running → … → (stop or dispose) removed.
 * A port taken by somebody else in between: another one is tried, unless the caller chose it.
 * Not ready within the limit, or gone before: an error with what the server printed.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { SluiceError } from '@sluice/kernel';
import type { Certificate } from './certificate.ts';
import { requireRedisServer } from './find-redis.ts';
import { onFreePort } from './free-port.ts';
import { makeOwnedFolder, spawnGuarded } from './guarded-process.ts';
import { waitFor } from './wait-for.ts';

const readyTimeoutMs = 20_000;
const stopTimeoutMs = 5_000;
const outputCharactersMax = 64 * 1024;
const portTakenCode = 'redis.port_taken';

export interface StartRedisOptions {
  /** Survives `kill('SIGKILL')` and `restart()`: append-only file, synced on each write. Default false. */
  readonly appendOnly?: boolean;
  /** More settings, as on the command line: `['--maxmemory', '20mb']`. */
  readonly config?: readonly string[];
  /** Accepts encrypted connections only, with this certificate. */
  readonly tls?: Certificate;
  /** Default: a free one. */
  readonly port?: number;
  /** Default: a temporary folder, which `stop` removes. A folder that is given is kept. */
  readonly dir?: string;
  /** As in `spawnGuarded`. */
  readonly detached?: boolean;
  /** It is a sentinel, with this file of settings, which it changes. */
  readonly sentinelFile?: string;
}

export interface RedisHandle {
  readonly url: string;
  readonly port: number;
  readonly dir: string;
  /** Of the process that runs now, or ran last. */
  readonly pid: number;
  readonly process: ChildProcess;
  /** What the server has printed, its last 64 KiB. */
  output(): string;
  /** Sends the signal; waits for the end after SIGKILL and SIGTERM, not after SIGSTOP or SIGCONT. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /**
   * Starts it again on the same port and folder, after ending it if it still runs. Without `appendOnly`
   * it comes back empty, as a Redis that lost its data.
   */
  restart(): Promise<void>;
  /** Ends it and removes its folder, unless that was given. May be called twice. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * @example
 * await using redis = await startRedis();
 * const client = new Redis(redis.url);
 */
export async function startRedis(options: StartRedisOptions = {}): Promise<RedisHandle> {
  const binary = requireRedisServer();
  const dir = options.dir ?? makeOwnedFolder('redis');
  mkdirSync(dir, { recursive: true });
  try {
    return await startOnSomePort(binary, dir, options);
  } catch (error) {
    if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
    throw error;
  }
}

async function startOnSomePort(
  binary: string,
  dir: string,
  options: StartRedisOptions,
): Promise<RedisHandle> {
  const start = async (port: number): Promise<RedisHandle> => {
    const server = new RedisProcess(binary, dir, port, options);
    await server.restart();
    return server;
  };
  return options.port === undefined
    ? await onFreePort(portTakenCode, start)
    : await start(options.port);
}

class RedisProcess implements RedisHandle {
  readonly port: number;
  readonly dir: string;
  readonly #binary: string;
  readonly #args: readonly string[];
  readonly #isKept: boolean;
  readonly #isDetached: boolean;
  readonly #tls: Certificate | undefined;
  #process: ChildProcess | undefined;
  #output = '';

  constructor(binary: string, dir: string, port: number, options: StartRedisOptions) {
    this.#binary = binary;
    this.dir = dir;
    this.port = port;
    this.#isKept = options.dir !== undefined;
    this.#isDetached = options.detached ?? false;
    this.#tls = options.tls;
    const settings = {
      ...(options.tls ? encrypted(port, dir, options.tls) : { port: String(port) }),
      bind: '127.0.0.1',
      dir,
      save: '',
      appendonly: options.appendOnly === true ? 'yes' : 'no',
      appendfsync: 'always',
      // At `notice` it prints that it is ready, which is waited for.
      loglevel: 'notice',
      logfile: '',
      daemonize: 'no',
    };
    const { sentinelFile } = options;
    this.#args =
      sentinelFile === undefined
        ? [...asArguments(settings), ...(options.config ?? [])]
        : [sentinelFile, '--sentinel', ...asArguments({ port: String(port), bind: '127.0.0.1' })];
  }

  get url(): string {
    return `${this.#tls ? 'rediss' : 'redis'}://127.0.0.1:${this.port}`;
  }

  get process(): ChildProcess {
    if (this.#process === undefined) throw new Error('redis-server was not started');
    return this.#process;
  }

  get pid(): number {
    return this.process.pid ?? -1;
  }

  output(): string {
    return this.#output;
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    if (this.#process === undefined || hasEnded(this.#process)) return;
    const child = this.#process;
    const ended = once(child, 'exit');
    child.kill(signal);
    if (signal === 'SIGKILL' || signal === 'SIGTERM' || signal === 'SIGINT') await ended;
  }

  async restart(): Promise<void> {
    await this.#end();
    this.#output = '';
    const child = spawnGuarded({
      command: this.#binary,
      args: this.#args,
      detached: this.#isDetached,
    });
    this.#process = child;
    child.stdout?.on('data', (chunk: Buffer) => this.#collect(chunk));
    child.stderr?.on('data', (chunk: Buffer) => this.#collect(chunk));
    let failure: Error | undefined;
    child.once('error', (error) => {
      failure = error;
    });
    // `close`, and not `exit`: by then all that it printed has been read, which says why it ended.
    let isClosed = false;
    child.once('close', () => {
      isClosed = true;
    });
    if (child.pid !== undefined) writeFileSync(join(this.dir, 'pid'), String(child.pid));
    try {
      await waitFor(async () => failure !== undefined || isClosed || (await this.#answers()), {
        what: `redis-server on port ${this.port} to answer PING`,
        timeoutMs: readyTimeoutMs,
        intervalMs: 5,
      });
    } catch (error) {
      await this.#end();
      throw this.#startError('redis.not_ready', error);
    }
    if (failure !== undefined) throw this.#startError('redis.not_started', failure);
    if (isClosed) {
      const isTaken = /address already in use/i.test(this.#output);
      throw this.#startError(isTaken ? portTakenCode : 'redis.ended', undefined);
    }
  }

  async stop(): Promise<void> {
    await this.#end();
    if (!this.#isKept) rmSync(this.dir, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Asks first, so that an append-only file is complete; a server that does not listen is killed. */
  async #end(): Promise<void> {
    const child = this.#process;
    if (child === undefined || hasEnded(child) || child.pid === undefined) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    // A frozen one would not see the signal.
    child.kill('SIGCONT');
    const force = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
    await ended;
    clearTimeout(force);
  }

  /** Asks only after ours said that it is ready: before, somebody else's on the port might answer. */
  async #answers(): Promise<boolean> {
    if (!/Ready to accept connections|Sentinel ID is/.test(this.#output)) return false;
    return await new Promise((resolve) => {
      const address = { port: this.port, host: '127.0.0.1' };
      const socket = this.#tls
        ? connectTls({ ...address, ca: this.#tls.certificate })
        : connect(address);
      const finish = (isReady: boolean): void => {
        socket.destroy();
        resolve(isReady);
      };
      socket.setTimeout(1_000, () => finish(false));
      socket.once('error', () => finish(false));
      socket.once(this.#tls ? 'secureConnect' : 'connect', () => socket.write('PING\r\n'));
      // NOAUTH and NOPERM: a test that gave a password or ACL has a server that is ready.
      socket.once('data', (reply) => finish(/^(\+PONG|-NOAUTH|-NOPERM)/.test(reply.toString())));
    });
  }

  #collect(chunk: Buffer): void {
    this.#output = (this.#output + chunk.toString()).slice(-outputCharactersMax);
  }

  #startError(code: string, cause: unknown): SluiceError {
    return new SluiceError(
      code,
      `${this.#binary} did not start on port ${this.port}; it printed:\n${this.#output.trimEnd()}`,
      { details: { port: this.port, dir: this.dir }, cause },
    );
  }
}

function asArguments(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

/** Settings of a server that accepts nothing unencrypted. */
function encrypted(
  port: number,
  dir: string,
  { certificate, key }: Certificate,
): Record<string, string> {
  const [certificateFile, keyFile] = [join(dir, 'certificate.pem'), join(dir, 'key.pem')];
  writeFileSync(certificateFile, certificate);
  writeFileSync(keyFile, key, { mode: 0o600 });
  return {
    port: '0',
    'tls-port': String(port),
    'tls-cert-file': certificateFile,
    'tls-key-file': keyFile,
    'tls-ca-cert-file': certificateFile,
    'tls-auth-clients': 'no',
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
