/**
 * Asks a process in which the product is broken, with a limit: a broken guard can make it hang, or end. After one that
 * did there is another one. See `answering.ts` for the other side.
 */
import { type ChildProcess, fork, type Serializable } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Instead of an answer. */
export type Silence = 'hangs' | 'ends the process';

/** To load the product, on a machine that has other things to do. */
const startLimitMs = 120_000;

export class AskedProcess<Question extends Serializable, Answer extends object>
  implements Disposable
{
  readonly #script: string;
  #child: ChildProcess | undefined;

  constructor(script: URL) {
    this.#script = fileURLToPath(script);
  }

  [Symbol.dispose](): void {
    this.#child?.kill('SIGKILL');
  }

  /**
   * One question at a time.
   *
   * @throws Error if the process does not start
   */
  async ask(question: Question, limitMs: number): Promise<Answer | Silence> {
    this.#child ??= await this.#started();
    const child = this.#child;
    const answer = messageOf<Answer>(child, limitMs);
    child.send(question);
    const found = await answer;
    if (isSilence(found)) {
      child.kill('SIGKILL');
      this.#child = undefined;
    }
    return found;
  }

  async #started(): Promise<ChildProcess> {
    const child = fork(this.#script, {
      execArgv: ['--conditions=@sluice/source'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined;
    });
    const ready = await messageOf<'ready'>(child, startLimitMs);
    if (ready === 'ready') return child;
    child.kill('SIGKILL');
    throw new Error(`${this.#script} ${ready} before it has started`);
  }
}

export function isSilence(answer: unknown): answer is Silence {
  return answer === 'hangs' || answer === 'ends the process';
}

async function messageOf<T>(child: ChildProcess, limitMs: number): Promise<T | Silence> {
  const { promise, resolve } = Promise.withResolvers<T | Silence>();
  const timer = setTimeout(() => resolve('hangs'), limitMs);
  const onMessage = (message: unknown): void => resolve(message as T);
  const onExit = (): void => resolve('ends the process');
  child.once('message', onMessage).once('exit', onExit);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    child.off('message', onMessage).off('exit', onExit);
  }
}
