/** The side of an `AskedProcess` that answers. */
import { Worker } from 'node:worker_threads';

/** One question at a time. What `answer` throws ends the process. */
export function answerQuestions(answer: (question: never) => Promise<object>): void {
  new Worker(new URL('parent-watch.ts', import.meta.url), { workerData: process.ppid }).unref();
  process.on('message', (question) => {
    void answer(question as never).then((found) => process.send?.(found));
  });
  process.send?.('ready');
}
