/** Asks the product's own tests about mutations: those files of tests that reach the guard. */
import { AskedProcess, isSilence } from './asked-process.ts';
import { wouldDiffer } from './guard-switch.ts';
import { brokenBy, type Mutation } from './mutation.ts';
import type { ObservedTests, TestAnswer, TestQuestion } from './test-bench-process.ts';

/** Of all tests, once, to learn which guards they reach, and how long they take. */
const observeLimitMs = 600_000;

export class TestBench implements AsyncDisposable {
  readonly #process: AskedProcess<TestQuestion, TestAnswer>;
  readonly #tests: readonly ObservedTests[];
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    process: AskedProcess<TestQuestion, TestAnswer>,
    tests: readonly ObservedTests[],
  ) {
    this.#process = process;
    this.#tests = tests;
  }

  /** @throws Error if a test fails with every guard as it is. */
  static async open(): Promise<TestBench> {
    const process = new AskedProcess<TestQuestion, TestAnswer>(
      new URL('test-bench-process.ts', import.meta.url),
    );
    const answer = await process.ask('observe', observeLimitMs);
    if (!isSilence(answer) && answer.observed) return new TestBench(process, answer.observed);
    process[Symbol.dispose]();
    const problem = isSilence(answer) ? `their process ${answer}` : String(answer.failure);
    throw new Error(`a test fails with every guard as it is: ${problem}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn;
    this.#process[Symbol.dispose]();
  }

  /** The full name of a test that fails, `hangs`, or undefined if all pass. One mutation at a time. */
  firstFailure(mutation: Mutation): Promise<string | undefined> {
    const answer = this.#turn.then(() => this.#ask(mutation));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  async #ask(mutation: Mutation): Promise<string | undefined> {
    const broken = brokenBy(mutation);
    const reached = this.#tests.filter(({ said }) => wouldDiffer(said, broken));
    if (reached.length === 0) return undefined;
    const files = reached.map(({ file }) => file);
    const answer = await this.#process.ask({ files, broken }, limitMsOf(reached));
    return isSilence(answer) ? answer : answer.failure;
  }
}

/** Beyond the limit of a single test, so that one that waits in vain is told by its name. */
function limitMsOf(tests: readonly ObservedTests[]): number {
  return 15_000 + 4 * tests.reduce((sum, { tookMs }) => sum + tookMs, 0);
}
