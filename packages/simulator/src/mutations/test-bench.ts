/** Asks the product's own tests about mutations. Owns a process, which it replaces if a broken guard makes it hang. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { Mutation } from './mutation.ts';
import type { TestAnswer, TestQuestion } from './test-bench-process.ts';

const script = fileURLToPath(new URL('test-bench-process.ts', import.meta.url));
/** Of the tests of one mutation. */
const limitMs = 120_000;
/** Of all tests, once, to learn which guards they reach. */
const openLimitMs = 600_000;

export class TestBench implements AsyncDisposable {
  #child: ChildProcess;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** @throws Error if a test fails with every guard as it is. */
  static async open(): Promise<TestBench> {
    return new TestBench(await started());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn;
    this.#child.kill('SIGKILL');
  }

  /** The full name of a test that fails, `hangs`, or undefined if all pass. One mutation at a time. */
  firstFailure({ guard, kind }: Mutation): Promise<string | undefined> {
    const answer = this.#turn.then(async () => {
      const broken = { number: guard.number, kind };
      const { failure } = await ask(this.#child, { broken }, limitMs).catch(async () => {
        this.#child.kill('SIGKILL');
        this.#child = await started();
        return { failure: 'hangs' };
      });
      return failure;
    });
    this.#turn = answer.catch(() => undefined);
    return answer;
  }
}

async function started(): Promise<ChildProcess> {
  const child = fork(script, {
    execArgv: ['--conditions=@sluice/source'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  const { failure } = await ask(child, {}, openLimitMs);
  if (failure === undefined) return child;
  child.kill('SIGKILL');
  throw new Error(`a test fails with every guard as it is: ${failure}`);
}

async function ask(
  child: ChildProcess,
  question: TestQuestion,
  timeoutMs: number,
): Promise<TestAnswer> {
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(timeoutMs)]);
  const answered = once(child, 'message', { signal });
  const ended = once(child, 'exit', { signal }).then(([code]): never => {
    throw new Error(`the tests' process ended with ${code}`);
  });
  child.send(question);
  try {
    const [answer] = (await Promise.race([answered, ended])) as [TestAnswer];
    return answer;
  } finally {
    over.abort();
    await Promise.allSettled([answered, ended]);
  }
}
