/** A coordinator with the clients of the record log that it needs. */
import type { Logger } from '@sluice/kernel';
import { LateLog, openLog } from '@sluice/log-choice';

import { Coordinator, type CoordinatorParts } from './coordinator.ts';
import type { CoordinatorSettings } from './settings.ts';

export interface CreateCoordinatorOptions extends Pick<CoordinatorParts, 'levels' | 'onRefused'> {
  readonly logger: Logger;
  /** Whether a log that outlives Redis is to remember definitions for it; default true. */
  readonly remembersDefinitions?: boolean;
}

/** Of this process and of workers, whose levels may be set from here; `sluice.connector.<name>` besides. */
export const loggerNames: readonly string[] = [
  'sluice.coordinator',
  'sluice.worker',
  'sluice.executor',
  'sluice.connector',
];

/** Nothing runs or connects before it is started. */
export async function createCoordinator(
  settings: CoordinatorSettings,
  { logger, levels, onRefused, remembersDefinitions = true }: CreateCoordinatorOptions,
): Promise<Coordinator> {
  const { log, cluster, coordinator: name } = settings;
  const open = async (purpose: string): Promise<LateLog> =>
    new LateLog(await openLog(log, { cluster, clientId: `${name}/${purpose}`, logger }));
  // Only Kafka outlives Redis; what is kept there for definitions need not answer yet.
  const hasJournal = log.kind === 'kafka' && remembersDefinitions;
  return new Coordinator(settings, logger, {
    levels,
    // Connects when it is first asked for.
    offsetsLog: await open('offsets'),
    ...(hasJournal ? { log: await open('journal') } : {}),
    onRefused,
  });
}
