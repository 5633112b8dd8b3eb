/** Processes of a measured cluster: forked from here, and gone with us. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

import type { Child, Order } from './messages.ts';

const answerMsMax = 120_000;

export async function startChild<State>(file: string, settings: object): Promise<Child<State>> {
  const child = fork(new URL(file, import.meta.url), [JSON.stringify(settings)], {
    execArgv: ['--conditions=@sluice/source', '--max-old-space-size=3072'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await answerOf(child, file);
  return {
    async ask(order: Order): Promise<State> {
      const answer = answerOf(child, file);
      child.send(order);
      return (await answer) as State;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** @throws Error if it ends instead, or takes too long. */
async function answerOf(child: ChildProcess, file: string): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const timer = setTimeout(
    () => reject(new Error(`${file} did not answer within ${answerMsMax} ms`)),
    answerMsMax,
  );
  const onExit = (code: number | null, signal: string | null): void =>
    reject(new Error(`${file} ended with ${code ?? signal}`));
  child.once('message', resolve);
  child.once('exit', onExit);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    child.off('message', resolve);
    child.off('exit', onExit);
  }
}

/** In the child: says that it is ready, then answers order after order. */
export function answerOrders<State>(answer: (order: Order) => Promise<State>): void {
  process.once('disconnect', () => process.exit());
  process.on('message', (order: Order) => {
    answer(order).then(
      (state) => process.send?.(state),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  process.send?.('ready');
}
