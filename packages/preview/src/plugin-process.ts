/**
 * Code of plugins in a process of its own, bounded in time, memory and output, and gone when this resolves. Whatever it
 * does, whoever asked for it goes on.
 */
import { fork } from 'node:child_process';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock, type Timer } from '@sluice/kernel';

export interface PluginProcessOptions<Message> {
  /** Entry module, a file URL; see plugin-child.ts. */
  readonly entry: URL;
  readonly task: object;
  /** Then it is killed; `onMessage` may set another limit from then on. */
  readonly limitMs: number;
  /** After which it ends by itself, should this process be killed. Default: the limit. */
  readonly lifeMsMax?: number;
  readonly onMessage: (message: Message, setLimit: (ms: number) => void) => void;
  /** Aborted: the process is killed. */
  readonly signal: AbortSignal;
  /** Of the process; default: this one's. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

export interface PluginProcessEnd {
  /** `code 3`, `SIGKILL` */
  readonly how: string;
  /** It was killed since its time was over. */
  readonly isLate: boolean;
  /** The last of what it printed. */
  readonly output: string;
}

/** Such processes are many and short: most of what they take is to compile the same modules. Where Node keeps it by default. */
const compileCache = join(tmpdir(), 'node-compile-cache');
export const memoryMbMax = 512;
/** For importing what one definition names, and for starting the process. */
export const loadLimitMs = 15_000;
const outputCharactersMax = 16_384;
/** For the rest of its output, once it is gone: what it started may hold that open for as long as it lives. */
const outputPatienceMs = 1_000;

export async function runPluginProcess<Message>({
  entry,
  environment,
  limitMs,
  lifeMsMax = limitMs,
  onMessage,
  signal,
  task,
}: PluginProcessOptions<Message>): Promise<PluginProcessEnd> {
  const child = fork(fileURLToPath(entry), {
    execArgv: [...process.execArgv, `--max-old-space-size=${String(memoryMbMax)}`],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { NODE_COMPILE_CACHE: compileCache, ...(environment ?? process.env) },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-outputCharactersMax);
    });
  const kill = (): void => void child.kill('SIGKILL');
  let isLate = false;
  let timer: Timer | undefined;
  const setLimit = (ms: number): void => {
    timer?.cancel();
    timer = systemClock.after(ms, () => {
      isLate = true;
      kill();
    });
  };
  setLimit(limitMs);
  child.on('message', (message: Message) => onMessage(message, setLimit));
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  try {
    const exited = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, by) => {
        const how = by ?? `code ${String(code)}`;
        const patience = systemClock.after(outputPatienceMs, () => resolve(how));
        child.once('close', () => {
          patience.cancel();
          resolve(how);
        });
      });
    });
    // A process that is gone already is told by its exit.
    child.send({ ...task, lifeMsMax }, () => {});
    const how = await exited;
    return { how, isLate, output: output.trim() };
  } finally {
    timer?.cancel();
    signal.removeEventListener('abort', kill);
    kill();
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
}

/** The module of that name beside `here`, as it was written or built. */
export function entryOf(name: string, here: string): URL {
  return new URL(`./${name}${extname(fileURLToPath(here))}`, here);
}
