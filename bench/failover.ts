/**
 * `npm run bench -- failover`: how long lost tasks do nothing, seen by an outside observer. Three workers, 60
 * tasks that each write a sequence, or deliver one; workers and leaders are killed, one round after another.
 */
import { rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import {
  type KafkaHandle,
  type Member,
  makeOwnedFolder,
  startCluster,
  startKafka,
} from '@sluice/testkit';

import { type Bench, loseLeader, loseWorker, type Round, settled } from './failover/rounds.ts';
import { Sinks } from './failover/sinks.ts';
import { Sources } from './failover/sources.ts';
import { type Kind, openClusterLog, recordsPerSecond } from './failover/traffic.ts';
import { formatMs, summarize } from './statistics.ts';

const help = `Usage: npm run bench -- failover [options]

  --log redis|kafka        what carries the records (redis); a Kafka is started for it
  --kind source|sink       may be repeated (both)
  --profile default|fast   timing profile (default)
  --rounds N               rounds of each fault (20)
  --fault NAME             kill, term, leader or both; may be repeated (all of them)
  --tasks N                tasks (60)
  --workers N              workers (3)
  --json                   the raw samples

source  each task writes a sequence, ${recordsPerSecond} numbers a second, seen in the log
sink    each task is given the records of a partition, ${recordsPerSecond} a second, seen where it delivers them

kill    SIGKILL of a worker: ms from the kill to the first new number, or delivery, of each lost task
term    SIGTERM of a worker: longest silence of each task that was handed over
leader  SIGKILL of the leader: ms to a new one, and the longest silence of any task meanwhile
both    SIGKILL of the leader and of a worker at once: as kill

  npm run bench -- failover --log kafka --fault kill
  npm run bench -- failover --log kafka --kind sink --rounds 5 --profile fast`;

const faults = ['kill', 'term', 'leader', 'both'] as const;
type Fault = (typeof faults)[number];

const kinds: readonly Kind[] = ['source', 'sink'];

/** What this project aims at, ms; `gap` at p99. */
const aims = {
  default: { kill: 5_000, term: 250, leader: 5_000, both: 10_000 },
  fast: { kill: 1_500, term: 250, leader: 1_500, both: 3_000 },
} as const;

interface Plan {
  readonly log: 'redis' | 'kafka';
  readonly profile: 'default' | 'fast';
  readonly rounds: number;
  readonly tasks: number;
  readonly workers: number;
  readonly faults: readonly Fault[];
}

export async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      log: { type: 'string', default: 'redis' },
      kind: { type: 'string', multiple: true },
      profile: { type: 'string', default: 'default' },
      rounds: { type: 'string', default: '20' },
      tasks: { type: 'string', default: '60' },
      workers: { type: 'string', default: '3' },
      fault: { type: 'string', multiple: true },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const plan: Plan = {
    log: values.log === 'kafka' ? 'kafka' : 'redis',
    profile: values.profile === 'fast' ? 'fast' : 'default',
    rounds: Number(values.rounds),
    tasks: Number(values.tasks),
    workers: Number(values.workers),
    faults: faults.filter((fault) => values.fault?.includes(fault) ?? true),
  };
  let isWhole = true;
  for (const kind of kinds.filter((each) => values.kind?.includes(each) ?? true)) {
    const report = await measure(kind, plan);
    if (values.json) console.log(JSON.stringify({ ...plan, ...report }));
    else print(plan, report);
    const { integrity, results } = report;
    isWhole &&= integrity.missing === 0 && results.every(({ disturbed }) => disturbed === 0);
  }
  return isWhole ? 0 : 1;
}

type Report = Awaited<ReturnType<typeof measure>>;

/** On a cluster, and a Kafka, of its own. */
async function measure(kind: Kind, { log, profile, rounds, tasks, workers, faults: chosen }: Plan) {
  const progress = (text: string): void => void process.stderr.write(`${text}\n`);
  progress(`starting ${log}, 2 coordinators and ${workers} workers, profile ${profile} …`);
  // Sinks append there until the cluster has ended.
  using folder = temporaryFolder();
  await using kafka =
    log === 'kafka' ? await startKafka({ tuning: 'server', heapMb: 512 }) : undefined;
  await using cluster = await startCluster({
    coordinators: 2,
    workers,
    profile,
    env: { KAFKA_BROKERS: kafka?.bootstrap },
  });
  const clusterLog = openClusterLog(cluster, kafka);
  const traffic =
    kind === 'sink'
      ? new Sinks(clusterLog, { tasks, file: join(folder.path, 'lines') })
      : new Sources(clusterLog, { tasks, partitions: sourcePartitions(kafka) });
  await traffic.start();
  const bench: Bench = { cluster, traffic, tasks, timeoutMs: 60_000 };
  await cluster.apply(traffic.connector, traffic.config);
  await settled(bench, workers);

  const loads = [loadavg()];
  const measured = new Map<Fault, Round[]>();
  for (const fault of chosen) {
    const own: Round[] = [];
    measured.set(fault, own);
    for (let round = 1; round <= rounds; round++) {
      await settled(bench, workers);
      own.push(await runRound(bench, fault, round, workers));
      const { p50, max } = summarize(own.at(-1)?.gapsMs ?? []);
      progress(
        `${kind}, ${fault} ${round}/${rounds}: p50 ${p50.toFixed(0)} ms, max ${max.toFixed(0)} ms`,
      );
    }
  }
  await settled(bench, workers);
  await traffic.stop();
  loads.push(loadavg());

  const results = chosen.map((fault) => {
    const own = measured.get(fault) ?? [];
    const leader = own.flatMap(({ leaderMs }) => leaderMs ?? []);
    return {
      fault,
      aimMs: aims[profile][fault],
      gaps: summarize(own.flatMap(({ gapsMs }) => gapsMs)),
      ...(leader.length > 0 ? { leader: summarize(leader) } : {}),
      disturbed: own.reduce((sum, round) => sum + round.disturbed, 0),
      samplesMs: own.map(({ gapsMs }) => gapsMs.map((ms) => Math.round(ms))),
    };
  });
  return { kind, loads, integrity: traffic.observer.integrity(), results };
}

function temporaryFolder(): Disposable & { readonly path: string } {
  const path = makeOwnedFolder('failover');
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * A broker takes one batch of one producer for a partition with a request, and each task is a producer: sixty of them
 * that share a partition would measure that.
 */
function sourcePartitions(kafka: KafkaHandle | undefined): number {
  return kafka === undefined ? 1 : 12;
}

function print(plan: Plan, { kind, loads, integrity, results }: Report): void {
  const { log, profile, workers, tasks, rounds } = plan;
  const load = loads.map((averages) => averages.map((each) => each.toFixed(1)).join(' '));
  console.log(
    `${kind}s on ${log}, profile ${profile}, ${workers} workers, ${tasks} tasks, ${rounds} rounds, ` +
      `load averages ${load.join(' to ')}`,
  );
  for (const { fault, gaps, leader, disturbed, aimMs } of results) {
    console.log(`\n${fault}`);
    if (leader) console.log(`  new leader   ${formatMs(leader)}`);
    console.log(`  task silence ${formatMs(gaps)}   aim p99 ≤ ${aimMs} ms`);
    console.log(`  tasks of others that were disturbed: ${disturbed}`);
  }
  const { records, missing, duplicates } = integrity;
  console.log(`\nrecords ${records}, missing ${missing}, duplicates ${duplicates}\n`);
}

async function runRound(
  bench: Bench,
  fault: Fault,
  round: number,
  workerCount: number,
): Promise<Round> {
  const { cluster } = bench;
  const name = `worker-${(round % workerCount) + 1}`;
  switch (fault) {
    case 'kill':
    case 'term':
      return await withReplacement(bench, cluster.worker(name), (victim) =>
        loseWorker(bench, victim, fault === 'kill' ? 'SIGKILL' : 'SIGTERM'),
      );
    case 'leader': {
      const measured = await loseLeader(bench);
      await cluster.addCoordinator();
      return measured;
    }
    case 'both': {
      const measured = await withReplacement(bench, cluster.worker(name), (victim) =>
        loseLeader(bench, victim),
      );
      await cluster.addCoordinator();
      return measured;
    }
  }
}

async function withReplacement(
  bench: Bench,
  victim: Member,
  lose: (victim: Member) => Promise<Round>,
): Promise<Round> {
  const measured = await lose(victim);
  await victim.process.exited;
  await bench.cluster.addWorker({ name: victim.name });
  return measured;
}
