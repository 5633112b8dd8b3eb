/** Asks a process that never answers, and waits for ever: to be killed by `asked-process.system.test.ts`. */
import { AskedProcess } from '../../src/mutations/asked-process.ts';
import type { StubbornQuestion } from './stubborn-process.ts';

const asked = new AskedProcess<StubbornQuestion, object>(
  new URL('stubborn-process.ts', import.meta.url),
);
await asked.ask({ todo: 'block', pidTo: process.argv[2] ?? '' }, 600_000);
