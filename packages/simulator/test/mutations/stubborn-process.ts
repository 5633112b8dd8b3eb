/** What `asked-process.system.test.ts` asks: does what a broken guard can make a process do. */
import { writeFileSync } from 'node:fs';

import { answerQuestions } from '../../src/mutations/answering.ts';

export interface StubbornQuestion {
  readonly todo: 'answer' | 'block' | 'end';
  /** Is told the process' id. */
  readonly pidTo?: string;
}

answerQuestions(async ({ todo, pidTo }: StubbornQuestion) => {
  if (pidTo !== undefined) writeFileSync(pidTo, `${process.pid}`);
  if (todo === 'end') process.exit(3);
  if (todo === 'block') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  return { pid: process.pid };
});
