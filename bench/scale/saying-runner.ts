/** Runs units by saying that they run: what is left is what coordination costs. */
import type { RunnableUnit, UnitId, UnitRunner, UnitRunnerEvents } from '@sluice/coordination';

import { taskConfigs } from './data-set.ts';

export class SayingRunner implements UnitRunner {
  events: UnitRunnerEvents | undefined;
  tasks = 0;
  readonly #units = new Map<UnitId, RunnableUnit>();

  run(unit: RunnableUnit): void {
    if (!this.#units.has(unit.unit) && unit.kind === 'task') this.tasks++;
    this.#units.set(unit.unit, unit);
    const { unit: id, fence, kind, connector, definitionVersion, config } = unit;
    this.events?.reported(id, fence, { state: 'RUNNING', attempts: 1, executor: 'shared-0' });
    if (kind === 'task') return;
    const configs = taskConfigs(Number(config['tasks.max']));
    this.events?.taskConfigs(connector, fence, definitionVersion, configs);
  }

  update(unit: RunnableUnit): void {
    this.#units.set(unit.unit, unit);
  }

  restart(): void {}

  async stop(unit: UnitId): Promise<void> {
    const known = this.#units.get(unit);
    if (known?.kind === 'task') this.tasks--;
    this.#units.delete(unit);
  }

  setLease(): void {}

  isQuiet(): boolean {
    return true;
  }

  async abandonAll(): Promise<void> {
    this.#units.clear();
    this.tasks = 0;
  }
}
