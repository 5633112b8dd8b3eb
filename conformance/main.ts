/** `npm run conformance`: the same cases on the real Kafka Connect and on Sluice. */
import { parseArgs } from 'node:util';
import { toError } from '@sluice/kernel';
import { type KafkaHandle, startKafka } from '@sluice/testkit';
import { obtainKafka, quickenKafka } from '../scripts/kafka.ts';
import { obtainRedisServer } from '../scripts/redis.ts';
import type { CaseResult, Suite } from './case.ts';
import { LogView } from './log-view.ts';
import { lineOf, summary } from './report.ts';
import { runSuites } from './run.ts';
import { suites } from './suites.ts';
import { readResults, writeTable } from './table-file.ts';
import { startConnectTarget } from './targets/connect.ts';
import { startSluiceTarget } from './targets/sluice.ts';
import { type Target, type TargetName, targetNames } from './targets/target.ts';

const help = `Usage: npm run conformance [-- options]

  --target NAME    connect, sluice or both (both): who is asked
  --suite NAME     ${suites.map(({ name }) => name).join(', ')}; may be repeated (all but clients)
  --filter TEXT    only cases whose title contains it, in any case
  --list           what there is
  --at-once N      so many cases at a time (4)
  --logs           what the target printed, if a case failed
  --json           the results
  --markdown       writes docs/CONFORMANCE.md: takes all cases on both targets, and that none failed
  --with FILE      what an earlier run printed with --json counts as well; may be repeated

Cases say what Kafka Connect does; they run on the real one, and on Sluice. Where Sluice is meant to differ, a case names
a row of docs/COMPATIBILITY.md and says what each of them does. The exit code is 1 if anything failed: a difference that is
not declared, or one that is not there. Needs a JDK for the connectors that Kafka Connect is given.

  npm run conformance -- --target sluice --filter "dead letter"`;

const starts: Readonly<Record<TargetName, (kafka: KafkaHandle) => Promise<Target>>> = {
  connect: startConnectTarget,
  sluice: startSluiceTarget,
};

async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      target: { type: 'string', default: 'both' },
      suite: { type: 'string', multiple: true },
      filter: { type: 'string', default: '' },
      list: { type: 'boolean', default: false },
      'at-once': { type: 'string', default: '4' },
      logs: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      with: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const targets = targetNames.filter((name) => [name, 'both'].includes(values.target));
  if (targets.length === 0) return misused(`--target takes ${targetNames.join(', ')} or both`);
  const unknown = values.suite?.filter((name) => !suites.some((suite) => suite.name === name));
  if (unknown && unknown.length > 0) return misused(`there is no suite ${unknown.join(', ')}`);
  const atOnce = Number(values['at-once']);
  if (!Number.isInteger(atOnce) || atOnce < 1) return misused('--at-once takes a number from 1');
  const names = values.suite ?? (values.markdown ? suites.map(({ name }) => name) : undefined);
  const chosen = choose(values.filter, names);
  if (chosen.length === 0)
    return misused(`no case has "${values.filter}" in its title; see --list`);
  if (values.list) {
    for (const { cases, name } of chosen)
      for (const { difference, title } of cases)
        console.log(`${name}: ${title}${difference === undefined ? '' : ` [${difference}]`}`);
    return 0;
  }
  const earlier = values.with.flatMap((file) => readResults(file));
  await obtainKafka();
  await quickenKafka();
  if (targets.includes('sluice')) await obtainRedisServer();
  const results: CaseResult[] = [];
  for (const name of targets)
    results.push(...(await runOn(name, { suites: chosen, atOnce, logs: values.logs })));
  if (values.json) console.log(JSON.stringify(results, undefined, 2));
  else for (const line of summary(results)) console.log(line);
  if (values.markdown) {
    const gaps = writeTable([...earlier, ...results]);
    for (const gap of gaps.slice(0, 10)) console.error(gap);
    if (gaps.length > 0) return failed(`the table is not written: ${String(gaps.length)} gaps`);
  }
  return results.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}

function choose(filter: string, names: readonly string[] | undefined): Suite[] {
  const text = filter.toLowerCase();
  return suites
    .filter(({ isApart, name }) => names?.includes(name) ?? isApart !== true)
    .map((suite) => ({
      ...suite,
      cases: suite.cases.filter(({ title }) => title.toLowerCase().includes(text)),
    }))
    .filter(({ cases }) => cases.length > 0);
}

interface Chosen {
  readonly suites: readonly Suite[];
  readonly atOnce: number;
  readonly logs: boolean;
}

/** Each target has a Kafka of its own: a topic or group of the other one cannot be mistaken for its own. */
async function runOn(name: TargetName, { atOnce, logs, suites: chosen }: Chosen) {
  console.error(`starting Kafka and ${name}`);
  // Records of cases have times of long ago, which Kafka would delete half a minute after its start.
  await using kafka = await startKafka({ config: { 'log.retention.ms': '-1' } });
  const target = await starts[name](kafka);
  try {
    const log = await LogView.open(kafka, target.offsetsTopic);
    try {
      const onResult = (result: CaseResult): void => {
        for (const line of lineOf(result)) console.error(line);
      };
      const results = await runSuites({ target, log, suites: chosen, atOnce, onResult });
      if (logs && results.some(({ outcome }) => outcome === 'failed')) console.error(target.logs());
      return results;
    } finally {
      log.close();
    }
  } finally {
    await target.stop();
  }
}

function misused(problem: string): number {
  console.error(problem);
  return 2;
}

function failed(problem: string): number {
  console.error(problem);
  return 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(toError(error).stack);
  process.exitCode = 1;
}
