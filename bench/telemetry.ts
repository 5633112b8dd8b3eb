/** `npm run bench -- telemetry`: what metrics, load reports and logs, or traces, cost a worker at full throughput. */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';

import { median, ratioText } from './comparison.ts';
import { Collector } from './telemetry/collector.ts';
import {
  contenders,
  MeasuredPipeline,
  type Sample,
  telemetry,
  traces,
} from './telemetry/pipeline.ts';

const help = `Usage: npm run bench -- telemetry [options]

Two clusters of one worker each, on a Redis each, that copy records as fast as they can; they take turns, and wait
meanwhile.

  with      as a worker is by default, its /metrics read every 5 s
  without   SLUICE_TELL_LOAD=false, log level ERROR, /metrics read only at the beginning and the end of a turn

What is counted once a batch is counted in both.

  --traces         instead: with every batch traced and its spans sent to a collector, and without traces; /metrics is
                   read as above
  --rounds N       turns of each (6)
  --seconds S      measured of each turn (6)
  --warm-up S      before that (2)
  --payload N      bytes of each value besides its number (100)
  --json           the raw samples`;

interface Round {
  readonly with: Sample;
  readonly without: Sample;
}

export async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      rounds: { type: 'string', default: '6' },
      seconds: { type: 'string', default: '6' },
      'warm-up': { type: 'string', default: '2' },
      payload: { type: 'string', default: '100' },
      traces: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const [warmUpMs, measureMs] = [Number(values['warm-up']) * 1_000, Number(values.seconds) * 1_000];
  await using collector = await Collector.start();
  const environments = values.traces ? traces(collector.url) : telemetry;
  const payload = Number(values.payload);
  await using first = await MeasuredPipeline.start(contenders[0], payload, environments);
  await using second = await MeasuredPipeline.start(contenders[1], payload, environments);
  const rounds: Round[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const samples: Partial<Record<keyof Round, Sample>> = {};
    // Another one begins in each round.
    for (const pipeline of round % 2 === 0 ? [first, second] : [second, first]) {
      const sample = await pipeline.measure(warmUpMs, measureMs);
      samples[pipeline.contender] = sample;
      const rate = Math.round(sample.records / sample.seconds);
      const cost = costOf(sample).toFixed(2);
      process.stderr.write(
        `round ${round + 1}, ${pipeline.contender}: ${rate} records/s, ${cost} CPU s/million\n`,
      );
    }
    rounds.push(samples as Round);
  }
  const ratios = rounds.map((round) => costOf(round.with) / costOf(round.without));
  // How far one contender is from itself: what a difference has to exceed to be one.
  const spreads = contenders.map((name) => {
    const costs = rounds.map((round) => costOf(round[name]));
    return Math.max(...costs) / Math.min(...costs);
  });
  const ratio = median(ratios);
  if (values.json) {
    console.log(JSON.stringify({ machine: machineText(), rounds, ratios, ratio, spreads }));
    return Number.isFinite(ratio) ? 0 : 1;
  }
  console.log(machineText());
  for (const [index, name] of contenders.entries()) {
    const costs = rounds.map((round) => costOf(round[name]));
    const rates = rounds.map((round) => round[name].records / round[name].seconds);
    console.log(
      `${name.padEnd(8)} ${Math.round(median(rates))} records/s, ${median(costs).toFixed(2)} CPU s/million, ` +
        `the dearest round ${ratioText(spreads[index] ?? Number.NaN)} × the cheapest`,
    );
  }
  console.log(
    `CPU with / without: ${ratio.toFixed(3)} × (${ratios.map((each) => each.toFixed(3)).join(', ')})`,
  );
  return Number.isFinite(ratio) ? 0 : 1;
}

function costOf({ cpuSeconds, records }: Sample): number {
  return (cpuSeconds / records) * 1e6;
}

function machineText(): string {
  return `${cpus().length} cores (${cpus()[0]?.model ?? '?'}), load average ${loadavg()[0]?.toFixed(1) ?? '?'}`;
}
