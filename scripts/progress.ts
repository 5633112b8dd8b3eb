import { systemClock } from '@sluice/kernel';

export type Note = (text: string) => void;

/** Progress goes to stderr, so that what a script prints on stdout can be piped on. */
export const note: Note = (text) => {
  process.stderr.write(`${text}\n`);
};

/** Runs `work` and tells what it is and how long it took; a failure is told by who catches it. */
export async function step<T>(what: string, work: () => Promise<T>, tell: Note = note): Promise<T> {
  tell(`${what} …`);
  const startedAtMs = systemClock.monotonicMs();
  const result = await work();
  tell(`${what}: done in ${seconds(systemClock.monotonicMs() - startedAtMs)}`);
  return result;
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}
