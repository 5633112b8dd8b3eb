/**
 * `npm run bench -- failover`: how long lost tasks write nothing, seen by an outside observer. Three
 * workers, 60 tasks that each write a sequence; workers and leaders are killed, one round after another.
 */
import { parseArgs } from 'node:util';

import { type Member, startCluster } from '@sluice/testkit';

import { Observer } from './failover/observer.ts';
import {
  type Bench,
  connector,
  loseLeader,
  loseWorker,
  type Round,
  settled,
} from './failover/rounds.ts';
import { formatMs, summarize } from './statistics.ts';

const help = `Usage: npm run bench -- failover [options]

  --profile default|fast   timing profile (default)
  --rounds N               rounds of each fault (20)
  --fault NAME             kill, term, leader or both; may be repeated (all of them)
  --tasks N                tasks (60)
  --workers N              workers (3)
  --json                   the raw samples

kill    SIGKILL of a worker: ms from the kill to the first new number of each lost task
term    SIGTERM of a worker: longest silence of each task that was handed over
leader  SIGKILL of the leader: ms to a new one, and the longest silence of any task meanwhile
both    SIGKILL of the leader and of a worker at once: as kill`;

const faults = ['kill', 'term', 'leader', 'both'] as const;
type Fault = (typeof faults)[number];

/** What this project aims at, ms; `gap` at p99. */
const aims = {
  default: { kill: 5_000, term: 250, leader: 5_000, both: 10_000 },
  fast: { kill: 1_500, term: 250, leader: 1_500, both: 3_000 },
} as const;

export async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
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
  const profile = values.profile === 'fast' ? 'fast' : 'default';
  const rounds = Number(values.rounds);
  const workers = Number(values.workers);
  const chosen = faults.filter((fault) => values.fault?.includes(fault) ?? true);
  const progress = (text: string): void => void process.stderr.write(`${text}\n`);

  progress(`starting 2 coordinators and ${workers} workers, profile ${profile} …`);
  await using cluster = await startCluster({ coordinators: 2, workers, profile });
  const observer = new Observer({
    redisUrl: cluster.redisUrl,
    cluster: cluster.name,
    topic: connector,
  });
  const bench: Bench = { cluster, observer, tasks: Number(values.tasks), timeoutMs: 60_000 };
  await cluster.apply(connector, {
    'connector.class': 'VerifiableSource',
    'tasks.max': String(bench.tasks),
    topic: connector,
    throughput: '20',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
  });
  await observer.start();
  await settled(bench, workers);

  const results = new Map<Fault, Round[]>();
  for (const fault of chosen) {
    const measured: Round[] = [];
    results.set(fault, measured);
    for (let round = 1; round <= rounds; round++) {
      await settled(bench, workers);
      measured.push(await runRound(bench, fault, round, workers));
      const { p50, max } = summarize(measured.at(-1)?.gapsMs ?? []);
      progress(`${fault} ${round}/${rounds}: p50 ${p50.toFixed(0)} ms, max ${max.toFixed(0)} ms`);
    }
  }
  await settled(bench, workers);
  await observer.stop();

  const integrity = observer.integrity();
  const report = chosen.map((fault) => {
    const measured = results.get(fault) ?? [];
    const gaps = summarize(measured.flatMap(({ gapsMs }) => gapsMs));
    const leader = measured.flatMap(({ leaderMs }) => leaderMs ?? []);
    return {
      fault,
      aimMs: aims[profile][fault],
      gaps,
      ...(leader.length > 0 ? { leader: summarize(leader) } : {}),
      disturbed: measured.reduce((sum, round) => sum + round.disturbed, 0),
      samplesMs: measured.map(({ gapsMs }) => gapsMs.map((ms) => Math.round(ms))),
    };
  });
  if (values.json) {
    console.log(
      JSON.stringify({ profile, rounds, workers, tasks: bench.tasks, integrity, report }),
    );
  } else {
    console.log(`profile ${profile}, ${workers} workers, ${bench.tasks} tasks, ${rounds} rounds`);
    for (const { fault, gaps, leader, disturbed, aimMs } of report) {
      console.log(`\n${fault}`);
      if (leader) console.log(`  new leader   ${formatMs(leader)}`);
      console.log(`  task silence ${formatMs(gaps)}   aim p99 ≤ ${aimMs} ms`);
      console.log(`  tasks of others that were disturbed: ${disturbed}`);
    }
    const { records, missing, duplicates } = integrity;
    console.log(`\nrecords ${records}, missing ${missing}, duplicates ${duplicates}`);
  }
  const isWhole = integrity.missing === 0 && report.every(({ disturbed }) => disturbed === 0);
  return isWhole ? 0 : 1;
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
