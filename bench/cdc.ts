/** `npm run bench -- cdc`: a table captured into Kafka, by Sluice and by Debezium on the real Kafka Connect. */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { KafkaLog } from '@sluice/record-log-kafka';
import { type KafkaHandle, startKafka } from '@sluice/testkit';
import { obtainDatabases } from '../scripts/databases.ts';
import { debeziumConnectors, obtainDebezium } from '../scripts/debezium.ts';
import { obtainKafka } from '../scripts/kafka.ts';
import { installCompiled } from '../tests/support/installation.ts';
import { differencesOf } from './cdc/agreement.ts';
import { type Contender, startDebezium, startSluice } from './cdc/contender.ts';
import { BenchDatabase } from './cdc/database.ts';
import { measureRound, type RoundPlan, type Turn } from './cdc/measure.ts';
import { formatCase, type Measured, reportOf } from './cdc/report.ts';
import { changesPerTransaction, type DatabaseKind, databaseKinds } from './cdc/table.ts';
import type { CapturedTopic } from './cdc/topic.ts';

const help = `Usage: npm run bench -- cdc [options]

  --database NAME        postgres or mariadb; may be repeated (both)
  --schemas MODE         on, off or both: schemas.enable of the JsonConverter for keys and values (both)
  --rows N               of the table, which the snapshot reads (150000)
  --changes N            of the backlog that is streamed then: 3 inserts, 4 updates, 3 deletes each transaction (60000)
  --rate N               single inserts a second by which latency is measured (500)
  --seconds N            of them in each round; 0: none (5)
  --rounds N             that count, after one that warms up (3)
  --only NAME            sluice or debezium, without the other
  --heap MB              of the Kafka Connect that runs Debezium (512)
  --debezium KEY=VALUE   that only Debezium is given, such as poll.interval.ms=10; may be repeated
  --node-options TEXT    of Sluice's processes, such as "--cpu-prof --cpu-prof-dir=/tmp/profiles"
  --sources              Sluice from its sources, as everything runs in development; else compiled, as it is shipped
  --json                 the reports

One worker of each, alternating in one run, on three brokers, of which one has the topic. The table has 8 columns, about 200 B as text; a delete is two
records. CPU is user and system time of the worker and what it started, from the request to start (or to go on, with the
backlog there) until the last record is in the topic; RSS is the most that was seen meanwhile. What stands beside the worker
(Sluice's coordinator and its Redis), the database and the broker are not in it. Records/s count from the first record to the
last. Latency is from just before the commit until a consumer has the record. In the round that warms up, it is compared what the two
wrote: as many records, and the same of every 97th row.`;

const phaseLimitMs = 300_000;

export async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      database: { type: 'string', multiple: true },
      schemas: { type: 'string', default: 'both' },
      rows: { type: 'string', default: '150000' },
      changes: { type: 'string', default: '60000' },
      rate: { type: 'string', default: '500' },
      seconds: { type: 'string', default: '5' },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string' },
      heap: { type: 'string', default: '512' },
      debezium: { type: 'string', multiple: true, default: [] },
      'node-options': { type: 'string', default: '' },
      sources: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const kinds = databaseKinds.filter((kind) => values.database?.includes(kind) ?? true);
  const problem = problemOf({ ...values, kinds: kinds.length });
  if (problem !== undefined) {
    console.error(`${problem}: see --help`);
    return 2;
  }
  const hasSluice = values.only !== 'debezium';
  using installation = hasSluice && !values.sources ? installCompiled() : undefined;
  const bench: Bench = {
    hasSluice,
    installation: installation?.folder,
    hasDebezium: values.only !== 'sluice',
    heapMb: Number(values.heap),
    nodeOptions: values['node-options'],
    rounds: Number(values.rounds),
    converters: values.schemas === 'both' ? [false, true] : [values.schemas === 'on'],
    plan: {
      rows: Number(values.rows),
      transactions: Math.ceil(Number(values.changes) / changesPerTransaction),
      latency: { rate: Number(values.rate), seconds: Number(values.seconds) },
      debeziumKeys: Object.fromEntries(values.debezium.map(keyAndValue)),
      phaseLimitMs,
      progress: (text) => void process.stderr.write(`${text}\n`),
    },
  };
  await obtainKafka();
  await obtainDatabases();
  await using kafka = await startKafka({
    // Capture of PostgreSQL is refused on a log that keeps offsets once.
    brokers: 3,
    tuning: 'server',
    heapMb: 512,
    // Topics of a round are gone before the next one.
    config: { 'log.segment.delete.delay.ms': '1000' },
  });
  const machine = [machineText()];
  const measured: Measured[] = [];
  const problems: string[] = [];
  for (const kind of kinds) measured.push(...(await measureDatabase(bench, kafka, kind, problems)));
  machine.push(machineText());
  const reports = measured.map(reportOf);
  if (values.json)
    console.log(JSON.stringify({ machine, rounds: bench.rounds, reports, problems }));
  else {
    console.log(`${machine[0] ?? ''}\n`);
    for (const report of reports) console.log(`${formatCase(report)}\n`);
    console.log(`at the end: ${machine[1] ?? ''}`);
  }
  for (const text of problems) console.error(`not the same: ${text}`);
  return problems.length === 0 ? 0 : 1;
}

interface Bench {
  readonly hasSluice: boolean;
  readonly installation: string | undefined;
  readonly hasDebezium: boolean;
  readonly heapMb: number;
  readonly nodeOptions: string;
  readonly rounds: number;
  /** Whether records have schemas. */
  readonly converters: readonly boolean[];
  readonly plan: Omit<RoundPlan, 'kafka' | 'log' | 'database' | 'withSchemas' | 'whenCaptured'>;
}

function problemOf(values: {
  readonly kinds: number;
  readonly schemas: string;
  readonly only?: string | undefined;
  readonly debezium: readonly string[];
  readonly rows: string;
  readonly changes: string;
  readonly rounds: string;
}): string | undefined {
  if (values.kinds === 0) return 'there is no such database';
  if (!['on', 'off', 'both'].includes(values.schemas)) return '--schemas is on, off or both';
  if (values.only !== undefined && !['sluice', 'debezium'].includes(values.only))
    return '--only is sluice or debezium';
  if (values.debezium.some((each) => !each.includes('='))) return '--debezium is KEY=VALUE';
  const counts = [values.rows, values.changes, values.rounds].map(Number);
  return counts.every((count) => Number.isInteger(count) && count > 0)
    ? undefined
    : '--rows, --changes and --rounds are numbers from 1 on';
}

function keyAndValue(text: string): [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

async function measureDatabase(
  bench: Bench,
  kafka: KafkaHandle,
  kind: DatabaseKind,
  problems: string[],
): Promise<Measured[]> {
  const { plan } = bench;
  await using stack = new AsyncDisposableStack();
  const database = await BenchDatabase.start(kind, plan.rows);
  stack.defer(() => database.stop());
  const log = new KafkaLog({ brokers: kafka.brokers, cluster: 'bench', clientId: 'bench-cdc' });
  await log.start();
  stack.defer(() => log.stop());
  const contenders = await startContenders(bench, kind, kafka, stack);
  const rounds = new Map<boolean, Turn[][]>(bench.converters.map((each) => [each, []]));
  for (let round = 0; round <= bench.rounds; round += 1)
    for (const withSchemas of bench.converters) {
      const isWarmUp = round === 0;
      const name = isWarmUp ? 'warm-up' : `round ${round}`;
      plan.progress(`${kind}, schemas ${withSchemas ? 'on' : 'off'}, ${name}`);
      // Another one begins in each round.
      const order = round % 2 === 0 ? contenders : contenders.toReversed();
      const whenCaptured = async ([one, other]: readonly CapturedTopic[]): Promise<void> => {
        if (!one || !other) return;
        const differences = await differencesOf(one, other, withSchemas);
        plan.progress(`  the same of each row: ${differences.length === 0 ? 'yes' : 'no'}`);
        problems.push(...differences);
      };
      const turns = await measureRound(
        {
          ...plan,
          kafka,
          log,
          database,
          withSchemas,
          whenCaptured: isWarmUp ? whenCaptured : undefined,
        },
        order,
      );
      if (!isWarmUp) rounds.get(withSchemas)?.push([...turns]);
      for (const { topic } of turns) await topic.delete();
    }
  return [...rounds].map(([withSchemas, turns]) => ({
    database: kind,
    withSchemas,
    rounds: turns,
  }));
}

async function startContenders(
  bench: Bench,
  kind: DatabaseKind,
  kafka: KafkaHandle,
  stack: AsyncDisposableStack,
): Promise<Contender[]> {
  const contenders: Contender[] = [];
  const add = async (starting: Promise<Contender>): Promise<void> => {
    const contender = await starting;
    stack.defer(() => contender.stop());
    contenders.push(contender);
  };
  if (bench.hasSluice) await add(startSluice(kafka, bench.nodeOptions, bench.installation));
  if (bench.hasDebezium) await add(startDebezium(kafka, await obtainDebezium(kind), bench.heapMb));
  return contenders;
}

function machineText(): string {
  const load = loadavg().map((each) => each.toFixed(1));
  const [cpu] = cpus();
  const debezium = databaseKinds.map((kind) => `${debeziumConnectors[kind].version} (${kind})`);
  return `Node ${process.version}, Debezium ${debezium.join(', ')}, ${cpus().length} cores (${cpu?.model ?? 'unknown'}), load averages ${load.join(' ')}`;
}
