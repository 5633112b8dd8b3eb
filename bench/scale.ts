/**
 * `npm run bench -- scale`: what coordination costs a Redis and a leader at different sizes, and what follows for
 * sizes that were not tried. The figures of docs/SCALING.md.
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { type TimingProfileName, timingProfiles } from '@sluice/coordination';
import { SluiceError } from '@sluice/kernel';

import { type MeasuredCosts, utilisation } from './scale/capacity.ts';
import { measureConnections } from './scale/connections.ts';
import { measureCosts, measureIdleQueues, type SizeCosts } from './scale/costs.ts';
import type { Size } from './scale/data-set.ts';
import { measureLive } from './scale/live.ts';
import { reportText, type ScaleReport } from './scale/report.ts';

const help = `Usage: npm run bench -- scale [options]

  Single operations on data sets of three sizes, and a cluster that lives: the product's leader and workers in
  processes beside this one, cold start, rest, the death of a worker, a join. Takes about five minutes.

  --workers N   of the cluster that lives (100); a thousand need more than two cores
  --tasks T     of the cluster that lives (10000)
  --quick       small sizes, some seconds, no connections: that it works, not what it costs
  --json        the result as JSON on stdout`;

interface Plan {
  readonly sizes: readonly Size[];
  readonly live: Size;
  readonly calls: number;
  readonly restSeconds: number;
  readonly idleConsumers: number;
  readonly profile: TimingProfileName;
  readonly countsConnections: boolean;
}

const sizes: readonly Size[] = [
  { workers: 10, tasks: 1_000 },
  { workers: 100, tasks: 10_000 },
  { workers: 1_000, tasks: 100_000 },
];

const quickPlan: Plan = {
  sizes: [{ workers: 3, tasks: 60 }],
  live: { workers: 3, tasks: 60 },
  calls: 20,
  restSeconds: 0.2,
  idleConsumers: 2,
  profile: 'fast',
  countsConnections: false,
};

export async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      workers: { type: 'string', default: '100' },
      tasks: { type: 'string', default: '10000' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const live = {
    workers: wholeNumber('--workers', values.workers),
    tasks: wholeNumber('--tasks', values.tasks),
  };
  const report = await measure(values.quick ? quickPlan : fullPlan(live));
  if (values.json) {
    const atSize = utilisation(
      report.costs,
      { workers: live.workers, unitsPerWorker: live.tasks / live.workers, coordinators: 2 },
      timingProfiles.default,
    );
    console.log(JSON.stringify({ ...report, utilisation: atSize }));
  } else console.log(reportText(report, timingProfiles.default));
  return 0;
}

function fullPlan(live: Size): Plan {
  const profile = 'default';
  return {
    sizes,
    live,
    calls: 2_000,
    restSeconds: 30,
    idleConsumers: 50,
    profile,
    countsConnections: true,
  };
}

async function measure(plan: Plan): Promise<ScaleReport> {
  const progress = (text: string): void => void process.stderr.write(`${text}\n`);
  const before = loadText();
  const costs = await measureCosts({ sizes: plan.sizes, calls: plan.calls, progress });
  progress('idle start queues');
  const idleQueueMsPerSecond = await measureIdleQueues(plan.idleConsumers, plan.restSeconds);
  if (plan.countsConnections) progress('connections');
  const connections = plan.countsConnections ? await measureConnections() : undefined;
  const live = await measureLive({ ...plan.live, ...plan, progress });
  return {
    load: `${before}; at the end ${loadText()}`,
    sizes: costs,
    live: [live],
    connections,
    costs: costsOf(costs, idleQueueMsPerSecond),
  };
}

/** Of the largest data set, where what is the same for all sizes weighs least. */
function costsOf(sizeCosts: readonly SizeCosts[], idleQueueMsPerSecond: number): MeasuredCosts {
  const largest = sizeCosts.at(-1);
  const operation = (name: string) => {
    const found = largest?.operations.find((each) => each.name === name);
    if (!found) throw new SluiceError('bench.scale', `"${name}" was not measured`);
    return found;
  };
  const perItem = (name: string): number => operation(name).cpuMs / operation(name).count;
  return {
    beatMs: operation('beat').cpuMs,
    lookMs: operation('look: no change').cpuMs + operation('look: quarantine, requests').cpuMs,
    lookMsPerWorker: perItem('look: beats'),
    reviewMsPerUnit: perItem('review'),
    readAllMsPerUnit: perItem('read everything'),
    idleQueueMsPerSecond,
  };
}

function loadText(): string {
  const [oneMinute = 0] = loadavg();
  return `${cpus().length} cores, load average ${oneMinute.toFixed(1)}`;
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new SluiceError(
    'config.invalid',
    `${option} must be a whole number of at least 1, not ${text}`,
  );
}
