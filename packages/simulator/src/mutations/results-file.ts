/** A file of results, a line of JSON each: a hunt can be cut in parts, and go on where it ended. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

import type { MutationResult } from './hunt.ts';
import { idOf, type Mutation } from './mutation.ts';
import { type PlainResult, plainResult } from './mutation-report.ts';

export function appendResult(path: string, result: MutationResult): void {
  appendFileSync(path, `${JSON.stringify(plainResult(result))}\n`);
}

/**
 * What the file has about these mutations, the latest of each. What it has about a guard that reads differently now is
 * left out, as that says nothing any more.
 *
 * @throws Error for a line that is no result
 */
export function readResults(path: string, mutations: readonly Mutation[]): MutationResult[] {
  if (!existsSync(path)) return [];
  const byId = new Map(mutations.map((mutation) => [idOf(mutation), mutation]));
  const results = new Map<string, MutationResult>();
  for (const [index, line] of readFileSync(path, 'utf8').split('\n').entries()) {
    if (line === '') continue;
    const plain = parsed(line);
    if (!plain) throw new Error(`${path}:${index + 1} is no result of a mutation: remove the line`);
    const mutation = byId.get(plain.id);
    if (mutation?.guard.text !== plain.guard) continue;
    results.set(plain.id, {
      mutation,
      reachedIn: plain.reachedIn,
      tried: plain.tried,
      caughtBy: new Map(Object.entries(plain.caughtBy)),
      caughtByTest: plain.caughtByTest,
    });
  }
  return [...results.values()];
}

function parsed(line: string): PlainResult | undefined {
  try {
    const value = JSON.parse(line) as Partial<PlainResult> | null;
    return typeof value?.id === 'string' && typeof value.caughtBy === 'object'
      ? (value as PlainResult)
      : undefined;
  } catch {
    return undefined;
  }
}
