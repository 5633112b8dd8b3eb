/**
 * `npm run bench -- api`: how long clients of the REST API wait, with a thousand connectors, and while a worker dies; the
 * same of the real Kafka Connect.
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { type ApiPlan, type ApiReport, measureApi } from './api/measure.ts';
import { type ApiTarget, startConnect, startSluice } from './api/target.ts';
import { formatMs } from './statistics.ts';

const help = `Usage: npm run bench -- api [options]

  --connectors N           of one FileStreamSource task each (1000)
  --reads N                status reads, one after another (2000)
  --lists N                expanded lists, one after another (50)
  --kafka                  records, and the journal of definitions, on a Kafka; else on Redis
  --compare connect        the same of the real Kafka Connect, on a Kafka of its own
  --connect-connectors N   as many as that is given (100)
  --connect-heap MB        of each of its two workers (512)
  --only-connect           nothing of Sluice
  --json                   the results

One coordinator and two workers on a Redis; or two workers of Kafka Connect. At last one of the two workers is killed, while
status is read 50 times a second.`;

/** What this project aims at with 1 000 connectors on 2 cores, ms. */
const aims = { status: 20, list: 300, allRunning: 30_000 };

export async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      connectors: { type: 'string', default: '1000' },
      reads: { type: 'string', default: '2000' },
      lists: { type: 'string', default: '50' },
      kafka: { type: 'boolean', default: false },
      compare: { type: 'string' },
      'connect-connectors': { type: 'string', default: '100' },
      'connect-heap': { type: 'string', default: '512' },
      'only-connect': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const plan: ApiPlan = {
    connectors: Number(values.connectors),
    reads: Number(values.reads),
    lists: Number(values.lists),
    deathSeconds: 20,
    progress: (text) => void process.stderr.write(`${text}\n`),
  };
  const isCompared = values.compare === 'connect' || values['only-connect'];
  const runs: (() => Promise<ApiReport>)[] = [
    ...(values['only-connect']
      ? []
      : [() => measure(() => startSluice({ onKafka: values.kafka }), plan)]),
    ...(isCompared
      ? [
          () =>
            measure(() => startConnect(Number(values['connect-heap'])), {
              ...plan,
              connectors: Number(values['connect-connectors']),
            }),
        ]
      : []),
  ];
  for (const run of runs) {
    const before = loadavg();
    const report = await run();
    const loads = [before, loadavg()].map(([oneMinute = 0]) => oneMinute.toFixed(1));
    if (values.json) console.log(JSON.stringify({ ...report, loads }));
    else print(report, loads);
  }
  return 0;
}

async function measure(start: () => Promise<ApiTarget>, plan: ApiPlan): Promise<ApiReport> {
  const target = await start();
  try {
    return await measureApi(target, plan);
  } finally {
    await target.stop();
  }
}

function print(report: ApiReport, loads: readonly string[]): void {
  const { allRunningMs, connectors, deathErrors, deathMs, listBytes, toldDeadMs } = report;
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  console.log(
    `${report.target}, ${connectors} connectors, ${cpus().length} cores, load average ${loads.join(' to ')}`,
  );
  console.log(`  POST, 8 at a time    ${formatMs(report.createMs)}`);
  console.log(
    `  first POST to all RUNNING ${seconds(allRunningMs)}   aim ≤ ${seconds(aims.allRunning)}`,
  );
  console.log(`  status               ${formatMs(report.statusMs)}   aim p99 ≤ ${aims.status} ms`);
  console.log(
    `  expanded list        ${formatMs(report.listMs)}   aim p99 ≤ ${aims.list} ms, ${(listBytes / 1e6).toFixed(2)} MB`,
  );
  console.log(
    `  status, worker dies  ${formatMs(deathMs)}   ${deathErrors} answers other than 200`,
  );
  console.log(
    `  no status says RUNNING of the dead worker after ${toldDeadMs === undefined ? 'more than was waited for' : seconds(toldDeadMs)}\n`,
  );
}
