/** `npm run chaos`: a real cluster under load, and everything that can go wrong with it, one after another. */
import { parseArgs } from 'node:util';

import { toError } from '@sluice/kernel';

import { obtainKafka, quickenKafka } from '../scripts/kafka.ts';
import { obtainRedisServer } from '../scripts/redis.ts';
import { lineOf, markdown, summary } from './report.ts';
import { type Result, runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios/index.ts';
import { ChaosWorld, type LogKind } from './world.ts';

const allLogs: readonly LogKind[] = ['redis', 'kafka'];

const help = `Usage: npm run chaos [-- options]

  --list             what there is
  --scenario NAME    may be repeated (all)
  --log redis|kafka  what carries the records; may be repeated (both, where it matters)
  --rounds N         everything so many times (1)
  --quick            only those that npm test runs, too
  --json             the results
  --markdown         the results as docs/RELIABILITY.md has them

Two coordinators and three workers run, with a source that writes six sequences and a sink that delivers them. After each
fault everything has to run again, no number may be missing in the log or at the sink, and nobody may have written after
its successor; what came twice is counted. The exit code is 1 if anything failed.

  npm run chaos -- --scenario kill-worker --log kafka
  npm run chaos -- --rounds 3`;

const options = {
  list: { type: 'boolean', default: false },
  scenario: { type: 'string', multiple: true },
  log: { type: 'string', multiple: true },
  rounds: { type: 'string', default: '1' },
  quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  markdown: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options }).values;
  } catch (error) {
    console.error(`${toError(error).message}\n\n${help}`);
    return undefined;
  }
}

async function main(argv: readonly string[]): Promise<number> {
  const values = parsed(argv);
  if (!values) return 2;
  if (values.help) {
    console.log(help);
    return 0;
  }
  const unknown = values.scenario?.filter((name) => !scenarios.some((each) => each.name === name));
  if (unknown && unknown.length > 0) {
    console.error(`there is no scenario ${unknown.join(', ')}; see npm run chaos -- --list`);
    return 2;
  }
  if (values.log?.some((log) => !allLogs.some((known) => known === log))) {
    console.error(`--log takes ${allLogs.join(' or ')}`);
    return 2;
  }
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    console.error('--rounds takes a whole number from 1');
    return 2;
  }
  const chosen = scenarios.filter(({ name }) => values.scenario?.includes(name) ?? true);
  const where = ({ logs: all, quickOn = [] }: Scenario): readonly LogKind[] =>
    values.quick ? quickOn : all;
  if (values.list) {
    for (const each of chosen) {
      if (where(each).length === 0) continue;
      console.log(`${each.name.padEnd(24)} ${each.does} (${where(each).join(', ')})`);
    }
    return 0;
  }
  const logs = allLogs
    .filter((log) => values.log?.includes(log) ?? true)
    .filter((log) => chosen.some((each) => where(each).includes(log)));
  if (logs.length === 0) {
    console.error('none of these scenarios runs there; see npm run chaos -- --list');
    return 2;
  }
  await obtainRedisServer();
  if (logs.includes('kafka')) {
    await obtainKafka();
    await quickenKafka();
  }
  const results: Result[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const log of logs) {
      const mine = chosen.filter((each) => where(each).includes(log));
      results.push(...(await runAll(mine, log, rounds === 1 ? '' : `${round}/${rounds} `)));
    }
  }
  if (values.json) console.log(JSON.stringify(results, undefined, 2));
  else if (values.markdown) for (const line of markdown(results)) console.log(line);
  else for (const line of summary(results)) console.log(line);
  return results.every(({ outcome }) => outcome !== 'failed') ? 0 : 1;
}

/** In one world, as long as it is left whole. */
async function runAll(chosen: readonly Scenario[], log: LogKind, round: string): Promise<Result[]> {
  const results: Result[] = [];
  let shared: ChaosWorld | undefined;
  try {
    for (const scenario of chosen) {
      const obstacle = scenario.obstacle?.();
      if (obstacle !== undefined) {
        results.push(skipped(scenario, log, obstacle));
      } else if (scenario.world) {
        await using own = await ChaosWorld.start(log, scenario.world);
        const result = await runScenario(scenario, own);
        results.push(result);
        if (result.outcome === 'failed') console.error(own.cluster.logs());
      } else {
        shared ??= await ChaosWorld.start(log);
        const result = await runScenario(scenario, shared);
        results.push(result);
        if (result.outcome === 'failed') {
          console.error(shared.cluster.logs());
          await shared[Symbol.asyncDispose]();
          shared = undefined;
        }
      }
      for (const result of results.slice(-1)) console.error(`${round}${lineOf(result)}`);
    }
  } finally {
    await shared?.[Symbol.asyncDispose]();
  }
  return results;
}

function skipped({ name }: Scenario, log: LogKind, note: string): Result {
  const nothing = { seconds: 0, records: 0, twice: 0, moves: 0, missing: 0, silenceMs: 0 };
  return { scenario: name, log, outcome: 'skipped', note, ...nothing };
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(toError(error).stack);
  process.exitCode = 1;
}
