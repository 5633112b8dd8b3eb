/** Processes that are killed, frozen, or replaced. */
import { systemClock } from '@sluice/kernel';

import { expectThat, failoverMsMax, type Scenario, type ScenarioFacts } from '../scenario.ts';
import type { ChaosWorld } from '../world.ts';

const freezeMs = 10_000;

async function longestSilence(
  { observer }: ChaosWorld,
  names: readonly string[],
  sinceMs: number,
): Promise<number> {
  return Math.max(0, ...(await observer.firstAfter(names, sinceMs)));
}

export async function killLeaderAndWorker(world: ChaosWorld): Promise<ScenarioFacts> {
  const [leader, victim] = [await world.leader(), world.anyWorker()];
  const lost = await world.sequencesOf(victim.name);
  const killedMs = Date.now();
  await Promise.all([leader.process.kill('SIGKILL'), victim.process.kill('SIGKILL')]);
  const silenceMs = await longestSilence(world, lost, killedMs);
  expectThat(silenceMs < 2 * failoverMsMax, `lost tasks were silent for ${silenceMs} ms`);
  return { note: `lost tasks silent for ${silenceMs} ms` };
}

export const processScenarios: readonly Scenario[] = [
  {
    name: 'kill-worker',
    does: 'SIGKILL of a worker: its tasks run elsewhere within a lease',
    logs: ['redis', 'kafka'],
    run: async (world) => {
      const victim = world.anyWorker();
      const lost = await world.sequencesOf(victim.name);
      const killedMs = Date.now();
      await victim.process.kill('SIGKILL');
      const silenceMs = await longestSilence(world, lost, killedMs);
      expectThat(silenceMs < failoverMsMax, `lost tasks were silent for ${silenceMs} ms`);
      return { note: `lost tasks silent for ${silenceMs} ms` };
    },
  },
  {
    name: 'kill-leader',
    does: 'SIGKILL of the leading coordinator: no task notices',
    logs: ['redis'],
    run: async (world) => {
      await (await world.leader()).process.kill('SIGKILL');
      await world.observer.keepsWriting(world.names, 3_000);
      return { movesMax: 0 };
    },
  },
  {
    name: 'kill-both',
    does: 'SIGKILL of the leader and of a worker at once',
    logs: ['redis', 'kafka'],
    run: killLeaderAndWorker,
  },
  {
    name: 'freeze-worker',
    does: 'SIGSTOP of a worker for 10 s, then SIGCONT: nothing that it still does counts',
    logs: ['redis', 'kafka'],
    run: async (world) => {
      const victim = world.anyWorker();
      const lost = await world.sequencesOf(victim.name);
      const frozenMs = Date.now();
      await victim.process.kill('SIGSTOP');
      const silenceMs = await longestSilence(world, lost, frozenMs);
      await systemClock.sleep(Math.max(0, frozenMs + freezeMs - Date.now()));
      await victim.process.kill('SIGCONT');
      await world.observer.keepsWriting(world.names, 1_000);
      return { note: `lost tasks silent for ${silenceMs} ms` };
    },
  },
  {
    name: 'rolling-restart',
    does: 'every worker is stopped with SIGTERM and started again under its name, one after another',
    logs: ['redis', 'kafka'],
    run: async (world) => {
      const names = world.cluster.workers
        .filter(({ process }) => !process.hasExited)
        .map(({ name }) => name);
      const sinceMs = Date.now();
      for (const name of names) {
        await world.cluster.worker(name).process.stop();
        await world.cluster.addWorker({ name });
        await world.atRest();
      }
      const silenceMs = Math.max(
        ...world.names.map((name) => world.observer.longestGapMs(name, sinceMs)),
      );
      return { note: `longest silence of a task ${silenceMs} ms` };
    },
  },
];
