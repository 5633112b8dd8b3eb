/**
 * `npm run bench -- log`: how fast the Kafka adapter appends and fetches, and at what cost, beside stock kafkajs
 * and Kafka's own performance tools. One real broker; the clients take turns within one run.
 */
import { parseArgs } from 'node:util';

import { KafkaLog } from '@sluice/record-log-kafka';
import { startKafka } from '@sluice/testkit';

import {
  type Bench,
  checkInProcess,
  type Measured,
  measureCase,
  measureIdle,
} from './log/measure.ts';
import { aims, formatAims, formatCase, formatIdle, machine, reportOf } from './log/report.ts';
import { allCases, type Client, callsInFlight, clients, nameOf } from './log/workload.ts';

const help = `Usage: npm run bench -- log [options]

  --rounds N       turns of each client in each case (3)
  --seconds S      measured of each turn (1.5)
  --warm-up S      before that (1)
  --filter TEXT    only cases whose name contains TEXT; may be repeated
  --client NAME    sluice, kafkajs, kafkajs-plain or java; may be repeated (all of them)
  --quick          4 of the 16 cases, 2 rounds, without kafkajs-plain
  --idle           also what 20 readers and 20 writers cost that have nothing to do (70 s more)
  --json           the raw samples besides

A case is called like "produce 100B x500 p1": direction, bytes of a value, records of a call (or of a poll, at
most), partitions. Values do not compress, there are no keys, and each record names its partition.

sluice         this project's client: idempotent, fenced
kafkajs        stock kafkajs 2.2.4, idempotent: the same guarantees
kafkajs-plain  stock kafkajs, not idempotent
java           kafka-producer-perf-test (idempotent) and kafka-consumer-perf-test

All: acks=all, no compression, ${callsInFlight} calls (java: requests) in flight. A topic takes batches of 8 MiB here, since
kafkajs does not split. CPU is user and system time of the whole process while it is measured.

  npm run bench -- log --quick
  npm run bench -- log --filter "fetch 1000B" --rounds 5
  npm run bench -- log --filter none --idle
  npm run bench -- log --filter produce --client sluice --client kafkajs`;

const quickCases = [
  'produce 100B x500 p1',
  'produce 1000B x5000 p4',
  'fetch 100B x500 p1',
  'fetch 1000B x5000 p4',
];

export async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string', default: '1.5' },
      'warm-up': { type: 'string', default: '1' },
      filter: { type: 'string', multiple: true },
      client: { type: 'string', multiple: true },
      quick: { type: 'boolean', default: false },
      idle: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const { quick: isQuick, filter, client } = values;
  const cases = allCases()
    .filter((each) => !isQuick || quickCases.includes(nameOf(each)))
    .filter((each) => filter?.some((text) => nameOf(each).includes(text)) ?? true);
  const chosen = clients.produce
    .filter((each) => !isQuick || each !== 'kafkajs-plain')
    .filter((each: Client) => client?.includes(each) ?? true);
  if ((cases.length === 0 && !values.idle) || chosen.length === 0) {
    console.error('no case, or no client, is called so: see --help');
    return 2;
  }
  const progress = (text: string): void => void process.stderr.write(`${text}\n`);
  progress('starting Kafka …');
  await using kafka = await startKafka({
    tuning: 'server',
    heapMb: 768,
    config: { 'file.delete.delay.ms': '100', 'log.segment.delete.delay.ms': '100' },
  });
  progress('comparing what is written with what is read …');
  const compared = await checkInProcess(kafka.bootstrap);
  const log = new KafkaLog({ brokers: kafka.brokers, cluster: 'bench', clientId: 'bench' });
  await log.start();
  const bench: Bench = {
    kafka,
    log,
    rounds: Number(values.rounds ?? (isQuick ? 2 : 3)),
    limits: {
      warmUpMs: Number(values['warm-up']) * 1_000,
      measureMs: Number(values.seconds) * 1_000,
    },
    chosen,
    progress,
  };
  const before = machine();
  const measured: Measured[] = [];
  for (const each of cases) measured.push(await measureCase(bench, each));
  const idle = values.idle ? await measureIdle(bench) : undefined;
  await log.stop();

  const reports = measured.map(reportOf);
  if (values.json) {
    const samples = measured.map(({ case: each, samples: own }) => ({
      ...each,
      samples: Object.fromEntries(own),
    }));
    console.log(
      JSON.stringify({ machine: [before, machine()], aims, compared, reports, idle, samples }),
    );
    return 0;
  }
  console.log(`Kafka ${kafka.version}, ${before}, ${bench.rounds} rounds`);
  console.log(`identical: ${compared}\n`);
  for (const report of reports) console.log(`${formatCase(report)}\n`);
  console.log(formatAims(reports));
  if (idle) console.log(formatIdle(idle));
  console.log(`at the end: ${machine()}`);
  return 0;
}
