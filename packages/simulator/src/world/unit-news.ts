/** What a played runner tells its worker of a unit. */
import type { UnitRunnerEvents } from '@sluice/coordination';

import type { UnitEntry } from './unit-entry.ts';

export type ToldState = 'RUNNING' | 'PAUSED' | 'FAILED' | 'RESTARTING';

export class UnitNews {
  /** Who is told; set once there is somebody. */
  events: UnitRunnerEvents | undefined;

  /** It runs, or pauses, as its connector is to; nothing while it starts or stops. */
  target(entry: UnitEntry): void {
    const { run, unit } = entry;
    if (!run || (run.phase !== 'running' && run.phase !== 'paused')) return;
    const isStarted = unit.targetState === 'STARTED';
    run.phase = isStarted ? 'running' : 'paused';
    this.state(entry, isStarted ? 'RUNNING' : 'PAUSED');
  }

  state({ unit: { unit, fence }, run, attempts }: UnitEntry, state: ToldState): void {
    const executor = run?.executor.name;
    this.events?.reported(unit, fence, {
      state,
      attempts,
      ...(executor === undefined ? {} : { executor }),
    });
  }

  /** A connector's task configurations: as many as its definition says. */
  tasks({ unit, run }: UnitEntry): void {
    const { kind, connector, fence, config, targetState, definitionVersion } = unit;
    if (kind !== 'connector' || targetState === 'STOPPED' || !run) return;
    const marker = config['marker'] ?? '';
    const configs = Array.from({ length: Number(config['tasks.max'] ?? 1) }, (_, number) => ({
      number: `${number}`,
      marker,
    }));
    this.events?.taskConfigs(connector, fence, definitionVersion, configs);
  }
}
