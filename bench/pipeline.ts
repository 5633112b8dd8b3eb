/**
 * `npm run bench -- pipeline`: what converters and transforms alone take, in the functions that a task's run calls
 * for each batch, beside the same by hand, and beside Kafka Connect's own classes.
 */
import { existsSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { compareWithSluice, formatRows, median, ratioText } from './comparison.ts';
import { allCases, type Contender, nameOf } from './pipeline/cases.ts';
import { type Measured, measureCase, type Plan } from './pipeline/measure.ts';
import { formatProfile } from './pipeline/profile.ts';

const help = `Usage: npm run bench -- pipeline [options]

  --compare connect  also Kafka Connect's own classes in a JVM; needs Kafka's jars (npm test gets them) and a JDK
  --against FOLDER   also the packages in another checkout, with its dependencies installed, as "before"
  --profile          also which functions Sluice's time is spent in
  --rounds N         turns of each contender in each case (3)
  --seconds S        measured of each turn (1)
  --warm-up S        before that (1; connect: 3 times as long)
  --batch N          records of a batch (500)
  --filter TEXT      only cases whose name contains TEXT; may be repeated
  --quick            4 of the 20 cases, 1 round of 0.2 s: that it works, not what it costs
  --json             the raw samples

A case is called like "source json+schema 100B": direction, converter, bytes of a value as JSON without its schema.

source   what was polled: transforms, then the converter, to what the log's producer takes
sink     what was fetched: the converter, then transforms, to what put takes
string   StringConverter, on the JSON text
json     JsonConverter, schemas.enable=false: 6 fields (100 B), 42 fields (1 KB)
+schema  schemas.enable=true: every record carries its schema
+smt     InsertField (a timestamp and a constant), ReplaceField (drops one, renames one), Cast (a number to text)

sluice   the functions that a source's or sink's task calls for each batch, on one thread
plain    by hand: Buffer.from, JSON.stringify, JSON.parse of the envelope and all, an object literal for transforms
connect  Converter.fromConnectData and toConnectData, Transformation.apply for each record, without what a worker
         does around them

There are no keys and no headers. What the contenders make of the first records is compared. CPU is user and system
time of the whole process while it is measured, garbage collection included.

  npm run bench -- pipeline --compare connect
  npm run bench -- pipeline --filter "sink json+schema" --profile
  npm run bench -- pipeline --against ../before --rounds 5`;

const quickCases = [
  'source string 100B',
  'source json+schema+smt 100B',
  'sink json+smt 100B',
  'sink json+schema 100B',
];

export async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      compare: { type: 'string' },
      against: { type: 'string' },
      profile: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      'warm-up': { type: 'string' },
      batch: { type: 'string', default: '500' },
      filter: { type: 'string', multiple: true },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const { quick: isQuick, filter } = values;
  const cases = allCases()
    .filter((each) => !isQuick || quickCases.includes(nameOf(each)))
    .filter((each) => filter?.some((text) => nameOf(each).includes(text)) ?? true);
  const problem = problemOf({ ...values, cases: cases.length });
  if (problem !== undefined) {
    console.error(`${problem}: see --help`);
    return 2;
  }
  const contenders: Contender[] = ['sluice', 'plain'];
  if (values.against !== undefined) contenders.push('before');
  if (values.compare !== undefined) contenders.push('connect');
  const plan: Plan = {
    rounds: Number(values.rounds ?? (isQuick ? 1 : 3)),
    batch: Number(values.batch),
    limits: {
      warmUpMs: Number(values['warm-up'] ?? (isQuick ? 0.1 : 1)) * 1_000,
      measureMs: Number(values.seconds ?? (isQuick ? 0.2 : 1)) * 1_000,
    },
    contenders,
    otherRoot: values.against === undefined ? undefined : resolve(values.against),
    isProfiled: values.profile,
    progress: (text) => void process.stderr.write(`${text}\n`),
  };
  const machine = [machineText()];
  const measured: Measured[] = [];
  for (const each of cases) measured.push(await measureCase(plan, each));
  machine.push(machineText());
  if (values.json) {
    const results = measured.map(({ case: each, profile, samples }) => ({
      name: nameOf(each),
      ...each,
      rows: compareWithSluice(samples),
      samples: Object.fromEntries(samples),
      ...(profile ? { profile } : {}),
    }));
    console.log(JSON.stringify({ machine, rounds: plan.rounds, batch: plan.batch, results }));
  } else print(plan, machine, measured);
  return 0;
}

function problemOf(values: {
  readonly cases: number;
  readonly compare?: string | undefined;
  readonly against?: string | undefined;
}): string | undefined {
  if (values.cases === 0) return 'no case is called so';
  if (values.compare !== undefined && values.compare !== 'connect')
    return `there is nothing called ${values.compare} to compare with`;
  if (values.against !== undefined && !existsSync(join(values.against, 'packages/runtime/src')))
    return `${values.against} has no packages/runtime/src`;
  return undefined;
}

function print(plan: Plan, machine: readonly string[], measured: readonly Measured[]): void {
  console.log(`${machine[0] ?? ''}, ${plan.rounds} rounds, batches of ${plan.batch}\n`);
  for (const { case: each, profile, samples } of measured) {
    console.log(formatRows(nameOf(each), compareWithSluice(samples)));
    if (profile) console.log(formatProfile(profile));
    console.log('');
  }
  for (const contender of plan.contenders.filter((each) => each !== 'sluice')) {
    const ratios = measured.flatMap(({ samples }) =>
      compareWithSluice(samples).flatMap((row) => (row.client === contender ? row.rateRatio : [])),
    );
    const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map(ratioText);
    console.log(
      `Sluice: ${least} to ${most} × ${contender} in ${ratios.length} cases, median ${ratioText(median(ratios))} ×`,
    );
  }
  console.log(`at the end: ${machine[1] ?? ''}`);
}

function machineText(): string {
  const load = loadavg().map((each) => each.toFixed(1));
  const [cpu] = cpus();
  return `Node ${process.version}, ${cpus().length} cores (${cpu?.model ?? 'unknown'}), load averages ${load.join(' ')}`;
}
