/** Asks a process that runs seeds of a broken product, with a limit: a broken guard can make it hang, or end. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { SeedAnswer, SeedQuestion } from './mutant.ts';

const script = fileURLToPath(new URL('mutant.ts', import.meta.url));

export class MutantProcess implements Disposable {
  readonly #limitMs: number;
  #child: ChildProcess | undefined;

  /** @param limitMs of one seed; beyond it, it hangs */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  [Symbol.dispose](): void {
    this.#child?.kill('SIGKILL');
  }

  /** One question at a time. After a process that hung or ended there is another one. */
  async ask(question: SeedQuestion): Promise<SeedAnswer> {
    this.#child ??= fork(script, {
      execArgv: ['--conditions=@sluice/source'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
    });
    const child = this.#child;
    const { promise, resolve } = Promise.withResolvers<SeedAnswer>();
    const timer = setTimeout(() => resolve({ invariant: 'hangs' }), this.#limitMs);
    const onMessage = (message: unknown): void => resolve(message as SeedAnswer);
    const onExit = (): void => resolve({ invariant: 'ends the process' });
    child.once('message', onMessage).once('exit', onExit);
    child.send(question);
    const answer = await promise;
    clearTimeout(timer);
    child.off('message', onMessage).off('exit', onExit);
    if (answer.invariant === 'hangs' || answer.invariant === 'ends the process') {
      child.kill('SIGKILL');
      this.#child = undefined;
    }
    return answer;
  }
}
