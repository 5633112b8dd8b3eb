/** The leader of a measured cluster in a process of its own, wired as the coordinator wires it. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { LeaderLoop, timingProfile } from '@sluice/coordination';
import {
  connectCoordinationRedis,
  RedisCoordinationStore,
  untilReady,
} from '@sluice/coordination-redis';
import { BullDispatcher, LeaderWakeConsumer, QueueRegistry } from '@sluice/dispatch-bullmq';
import { silentLogger, systemClock } from '@sluice/kernel';

import { answerOrders } from './child.ts';
import type { FleetSettings, LeaderUse } from './messages.ts';
import { processUse } from './process-use.ts';
import { ScriptCounter } from './script-counts.ts';

const { url, cluster, profile } = JSON.parse(process.argv[2] ?? '') as FleetSettings;
const logger = { ...silentLogger, warn: tell, error: tell };
const scripts = new ScriptCounter();
const delay = monitorEventLoopDelay({ resolution: 5 });
const redis = scripts.watch(connectCoordinationRedis(url, { role: 'coordination', cluster }));
await untilReady(redis, 5_000);
const queues = new QueueRegistry({ redis: url, cluster, logger });
await queues.start();
const wakeUps = new LeaderWakeConsumer({
  redis: url,
  cluster,
  coordinator: 'leader',
  logger,
  onWake: () => loop.nudge(),
});
const loop = new LeaderLoop({
  coordinator: 'leader',
  store: new RedisCoordinationStore({ redis, cluster }),
  dispatcher: new BullDispatcher({ queues, logger }),
  clock: systemClock,
  logger,
  profile: timingProfile(profile),
  movement: 'minimal',
  log: 'redis',
  onLeadership: (leads) => void (leads ? wakeUps.start() : wakeUps.stop()),
});
await loop.start();
delay.enable();

answerOrders(async (): Promise<LeaderUse> => {
  const blockedMs = delay.max / 1e6;
  delay.reset();
  return { ...processUse(scripts), blockedMs, planMs: loop.stats.planMs };
});

function tell(fields: object, message: string): void {
  console.error(`leader: ${message} ${JSON.stringify(fields)}`);
}
