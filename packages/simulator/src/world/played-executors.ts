/** The executors of one worker: which one takes a run, which one hangs, and how one that was given up ends. */
import { PlayedExecutor } from './played-executor.ts';
import type { PlayedProcess } from './played-process.ts';
import type { Random } from './random.ts';
import type { Run } from './run.ts';
import type { World } from './world.ts';

export interface PlayedExecutorsOptions {
  readonly world: World;
  readonly process: PlayedProcess;
  readonly random: Random;
  /** After so long one that does not answer is given up. */
  readonly blockedAfterMs: number;
}

const executorsMax = 2;
const exitMs = { min: 2, max: 30 };

export class PlayedExecutors {
  readonly #options: PlayedExecutorsOptions;
  /** One does not answer: it is not among them any more, and another one is. */
  readonly #blocked: (executor: PlayedExecutor) => void;
  #executors: PlayedExecutor[];
  #launched = 0;

  constructor(options: PlayedExecutorsOptions, blocked: (executor: PlayedExecutor) => void) {
    this.#options = options;
    this.#blocked = blocked;
    this.#executors = this.#launchAll();
  }

  get isAnyHung(): boolean {
    return this.#executors.some((executor) => executor.isHung);
  }

  leastLoaded(runs: Iterable<Run | undefined>): PlayedExecutor {
    const loads = new Map(this.#executors.map((executor) => [executor, 0]));
    for (const run of runs) {
      const load = run && loads.get(run.executor);
      if (run && load !== undefined) loads.set(run.executor, load + 1);
    }
    const [least] = [...loads].toSorted(([, a], [, b]) => a - b);
    return least?.[0] ?? this.#launch();
  }

  /** One does not answer for that long; if it is noticed, it is given up. */
  hang(index: number, forMs: number): void {
    const { world, process, blockedAfterMs } = this.#options;
    const executor = this.#executors[index % this.#executors.length];
    if (!executor || executor.isHung) return;
    executor.hungUntilMs = world.time.nowMs + forMs;
    world.time.after(forMs, () => {
      if (!executor.isAbandoned) process.deliver(() => executor.goOn());
    });
    process.after(blockedAfterMs, () => {
      if (executor.isHung && !executor.isAbandoned) this.#lose(executor);
    });
  }

  /** What hangs goes on. */
  calmDown(): void {
    for (const executor of this.#executors) {
      if (executor.isHung) this.#options.process.deliver(() => executor.goOn());
    }
  }

  /** Resolves when no code of them is left. */
  async abandonAll(): Promise<void> {
    const lost = this.#executors;
    this.#executors = [];
    for (const executor of lost) this.#giveUp(executor);
    this.#executors = this.#launchAll();
    await Promise.all(lost.map(({ exited }) => exited));
  }

  #launchAll(): PlayedExecutor[] {
    return Array.from({ length: executorsMax }, () => this.#launch());
  }

  #launch(): PlayedExecutor {
    return new PlayedExecutor(`shared-${this.#launched++}`);
  }

  #lose(executor: PlayedExecutor): void {
    this.#executors = this.#executors.map((each) => (each === executor ? this.#launch() : each));
    this.#giveUp(executor);
    this.#blocked(executor);
  }

  #giveUp(executor: PlayedExecutor): void {
    const { random, world, process } = this.#options;
    const hungForMs = Math.max(0, (executor.hungUntilMs ?? 0) - world.time.nowMs);
    executor.abandon();
    // An endless loop ends at once; a system call ends when it returns.
    const isSystemCall = executor.isHung && random.chance(0.3);
    const soonMs = random.between(exitMs.min, exitMs.max);
    world.time.after(isSystemCall ? Math.max(hungForMs, soonMs) : soonMs, () => {
      process.deliver(() => executor.exit());
    });
  }
}
