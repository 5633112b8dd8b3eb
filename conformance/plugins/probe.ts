/** What probes write down, and where they fail or block: `connector start`, `connector taskConfigs`, `task 0 stop`. */
import { appendFileSync, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ConnectError,
  type ConnectorConfig,
  defineConfig,
  list,
  string,
} from '@sluice/connector-api';

export const probeConfig = defineConfig({
  'events.file': string().importance('high').doc('Where the calls are written down, one a line.'),
  'fail.at': list().default([]).doc('Calls that fail.'),
  'block.at': list().default([]).doc('Calls that do not return.'),
  'while.file': string().default('').doc('They do so while it exists; without it: always.'),
  'probe.tasks': string().default('').doc('How many task configurations there are; tasks.max.'),
});

export async function at(config: ConnectorConfig, call: string): Promise<void> {
  const parsed = probeConfig.parse(config);
  const isMeant = (): boolean => parsed['while.file'] === '' || existsSync(parsed['while.file']);
  // Whoever asked may be gone.
  if (existsSync(dirname(parsed['events.file'])))
    appendFileSync(parsed['events.file'], `${call}\n`);
  if (parsed['block.at'].includes(call)) while (isMeant()) await sleep(50);
  if (parsed['fail.at'].includes(call) && isMeant())
    throw new ConnectError(`the probe fails at ${call}`);
}
