/**
 * A process with vitest in it, and with the product's guards going through a switch: runs those tests that reach a
 * guard, whenever it is asked to. Started by `TestBench`. The first question, of no guard, is about the product as it is.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createVitest, type TestSpecification, type Vitest } from 'vitest/node';

import { wouldDiffer } from './guard-switch.ts';
import type { MutationKind } from './mutation.ts';

export interface TestQuestion {
  readonly broken?: { readonly number: number; readonly kind: MutationKind };
}

export interface TestAnswer {
  readonly failure: string | undefined;
}

/** For the tests' side: `test/mutations/setup.ts`. */
export interface BrokenGuard {
  readonly broken?: { readonly number: number; readonly kind: MutationKind };
  /** A file that is told what the guards said. */
  readonly observedTo?: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    guardCount: number;
    brokenGuard: BrokenGuard;
  }
}

const config = fileURLToPath(
  new URL('../../test/mutations/mutant.vitest.config.ts', import.meta.url),
);

class Bench {
  readonly #vitest: Vitest;
  /** What the guards say in each file of tests, as they are. */
  readonly #observed = new Map<TestSpecification, Uint8Array>();

  private constructor(vitest: Vitest) {
    this.#vitest = vitest;
  }

  static async open(): Promise<Bench> {
    return new Bench(await createVitest('test', { config, configLoader: 'native', watch: false }));
  }

  async answer({ broken }: TestQuestion): Promise<TestAnswer> {
    if (!broken) return { failure: await this.#observe() };
    const reached = [...this.#observed].filter(([, said]) =>
      wouldDiffer(said, broken, broken.kind),
    );
    if (reached.length === 0) return { failure: undefined };
    return {
      failure: await this.#run(
        reached.map(([specification]) => specification),
        { broken },
      ),
    };
  }

  async #observe(): Promise<string | undefined> {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-guards-'));
    try {
      for (const specification of await this.#vitest.globTestSpecifications()) {
        const observedTo = join(folder, `${this.#observed.size}`);
        const failure = await this.#run([specification], { observedTo });
        if (failure !== undefined) return failure;
        this.#observed.set(specification, new Uint8Array(readFileSync(observedTo)));
      }
      return undefined;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  async #run(specifications: TestSpecification[], guard: BrokenGuard): Promise<string | undefined> {
    this.#vitest.provide('brokenGuard', guard);
    const { testModules, unhandledErrors } =
      await this.#vitest.rerunTestSpecifications(specifications);
    // There are also those of earlier runs, which failed by another mutation.
    const asked = new Set(specifications.map(({ moduleId }) => moduleId));
    for (const module of testModules) {
      if (!asked.has(module.moduleId)) continue;
      for (const test of module.children.allTests('failed')) return test.fullName;
      const [error] = module.errors();
      if (error) return error.message;
    }
    return unhandledErrors.length > 0 ? String(unhandledErrors[0]) : undefined;
  }
}

let bench: Bench | undefined;

process.on('message', (question) => {
  void (async () => {
    bench ??= await Bench.open();
    process.send?.(await bench.answer(question as TestQuestion));
  })();
});
