/**
 * A process with vitest in it, and with the product's guards going through a switch: runs files of the product's tests
 * whenever it is asked to. Started by `TestBench` as an `AskedProcess`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createVitest, type TestSpecification } from 'vitest/node';

import { answerQuestions } from './answering.ts';
import type { BrokenGuard } from './mutation.ts';

/** `observe`: all files, each alone, with every guard as it is. */
export type TestQuestion =
  | 'observe'
  | { readonly files: readonly string[]; readonly broken: BrokenGuard };

export interface TestAnswer {
  /** The full name of a test that failed. */
  readonly failure: string | undefined;
  readonly observed?: readonly ObservedTests[];
}

export interface ObservedTests {
  readonly file: string;
  /** What the guards said. */
  readonly said: Uint8Array;
  readonly tookMs: number;
}

/** For the tests' side: `test/mutations/setup.ts`. */
export interface GuardsOfRun {
  readonly broken?: BrokenGuard;
  /** A file that is told what the guards said. */
  readonly observedTo?: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    guardCount: number;
    guardsOfRun: GuardsOfRun;
  }
}

const config = fileURLToPath(
  new URL('../../test/mutations/mutant.vitest.config.ts', import.meta.url),
);
const vitest = await createVitest('test', { config, configLoader: 'native', watch: false });
const specifications = await vitest.globTestSpecifications();

answerQuestions(async (question: TestQuestion): Promise<TestAnswer> => {
  if (question === 'observe') return await observe();
  const { files, broken } = question;
  const asked = specifications.filter(({ moduleId }) => files.includes(moduleId));
  return { failure: await firstFailure(asked, { broken }) };
});

async function observe(): Promise<TestAnswer> {
  const observed: ObservedTests[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'sluice-guards-'));
  try {
    for (const specification of specifications) {
      const observedTo = join(folder, `${observed.length}`);
      const startedAtMs = performance.now();
      const failure = await firstFailure([specification], { observedTo });
      if (failure !== undefined) return { failure };
      observed.push({
        file: specification.moduleId,
        said: new Uint8Array(readFileSync(observedTo)),
        tookMs: performance.now() - startedAtMs,
      });
    }
    return { failure: undefined, observed };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function firstFailure(
  asked: TestSpecification[],
  guards: GuardsOfRun,
): Promise<string | undefined> {
  vitest.provide('guardsOfRun', guards);
  const { testModules, unhandledErrors } = await vitest.rerunTestSpecifications(asked);
  // There are also those of earlier runs, which failed by another mutation.
  const files = new Set(asked.map(({ moduleId }) => moduleId));
  for (const module of testModules) {
    if (!files.has(module.moduleId)) continue;
    for (const test of module.children.allTests('failed')) return test.fullName;
    const [error] = module.errors();
    if (error) return error.message;
  }
  // As it came from the tests' thread: not an Error any more.
  const unhandled = unhandledErrors[0] as { readonly message?: string } | undefined;
  return unhandled && `unhandled: ${unhandled.message}`;
}
