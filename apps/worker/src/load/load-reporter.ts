/**
 * Tells once a second what this worker does, apart from heartbeats and on a best effort: a report that cannot be
 * stored is dropped, and while one is under way no other is made.
 */
import type { ActorHost } from '@sluice/actor';
import { type LoadReport, type LoadReports, loadLimits } from '@sluice/coordination';
import type { Clock, Service, Timer } from '@sluice/kernel';

import type { ProcessLoad } from './process-load.ts';
import type { TaskLoads } from './task-loads.ts';

export interface LoadReporterOptions {
  readonly worker: string;
  readonly reports: LoadReports;
  readonly tasks: TaskLoads;
  readonly processes: ProcessLoad;
  readonly executors: () => ReturnType<ActorHost['executors']>;
  readonly clock: Clock;
}

export class LoadReporter implements Service {
  readonly #options: LoadReporterOptions;
  #timer: Timer | undefined;
  #telling: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: LoadReporterOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    if (!this.#isStopped) this.#tellLater();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    // Its connection limits how long that takes.
    await this.#telling;
  }

  #tellLater(): void {
    this.#timer = this.#options.clock.after(loadLimits.everyMs, () => {
      this.#tellLater();
      this.#telling ??= this.#tell().finally(() => {
        this.#telling = undefined;
      });
    });
  }

  async #tell(): Promise<void> {
    const { worker, reports, tasks, processes, executors } = this.#options;
    const report: LoadReport = {
      worker: processes.now(executors()),
      tasks: tasks.reports(),
      tasks_left_out: 0,
    };
    // Nobody decides anything by it, and others say that Redis is away.
    await reports.tell(worker, report).catch(() => {});
  }
}
