/** Draws the scenario of a seed: a cluster of some shape, and waves of what can happen to it. */
import { generateOperation, type Palette } from './generate-operation.ts';
import { Random } from './random.ts';
import type { ClusterShape, Operation, Probe, Scenario, Wave } from './scenario.ts';

const waveMs = { min: 15_000, max: 45_000 };
const operationsInWave = { min: 2, max: 9 };
const slowClock = 0.9;
const fastClock = 1.1;

/** As many waves as surely fill that time; a run stops when it is over. */
export function generateScenario(seed: number, minutes: number): Scenario {
  const random = new Random(seed, 'scenario');
  const shape = generateShape(random);
  // A store that forgets *and* whose clock goes back could give a fence twice: see README.
  const palette: Palette = {
    losesData: random.chance(0.45),
    isCrowded: random.chance(0.3),
  };
  const waves = Array.from({ length: Math.ceil((minutes * 60_000) / waveMs.min) }, (_, index) =>
    generateWave(new Random(seed, `wave ${index}`), shape, palette, index),
  );
  return { seed, shape, waves };
}

function generateShape(random: Random): ClusterShape {
  const workers = names(
    'w',
    random.weighted([
      { weight: 1, item: 1 },
      { weight: 3, item: 2 },
      { weight: 5, item: 3 },
      { weight: 3, item: 4 },
      { weight: 1, item: 6 },
    ]),
  );
  const coordinators = names(
    'c',
    random.weighted([
      { weight: 2, item: 1 },
      { weight: 5, item: 2 },
      { weight: 1, item: 3 },
    ]),
  );
  const rates: Record<string, number> = {};
  for (const name of [...workers, ...coordinators]) {
    if (random.chance(0.5)) {
      rates[name] = random.chance(0.5)
        ? random.pick([slowClock, fastClock])
        : Number(random.between(slowClock, fastClock).toFixed(3));
    }
  }
  const all = ['fenced-a', 'plain-b', 'source-c', 'plain-d'] as const;
  const connectors = all
    .slice(0, random.whole(1, all.length))
    .map((name) => ({ name, tasks: random.whole(1, 6) }));
  return {
    workers,
    coordinators,
    rates,
    movement: random.chance(0.7) ? 'minimal' : 'literal',
    journal: random.chance(0.35),
    upgrades: random.chance(0.2),
    continueFencedMs: random.chance(0.3) ? random.pick([30_000, 120_000]) : 0,
    connectors,
  };
}

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);
}

function generateWave(random: Random, shape: ClusterShape, palette: Palette, index: number): Wave {
  const forMs = random.whole(waveMs.min, waveMs.max);
  const count = random.whole(
    operationsInWave.min,
    operationsInWave.max * (palette.isCrowded ? 2 : 1),
  );
  const operations: Operation[] = [];
  for (let each = 0; each < count; each++) {
    const kinds = generateOperation(random, shape, palette);
    const afterMs = random.whole(0, forMs);
    // What belongs together comes together: a connector deleted and created anew, a rolling restart.
    for (const [position, kind] of kinds.entries()) {
      operations.push({ afterMs: afterMs + position * random.whole(10, 3_000), ...kind });
    }
  }
  operations.sort((a, b) => a.afterMs - b.afterMs);
  return { forMs, operations, probe: generateProbe(random, shape, palette, index) };
}

function generateProbe(
  random: Random,
  { journal }: ClusterShape,
  { losesData }: Palette,
  index: number,
): Probe {
  return random.weighted<Probe>([
    { weight: 4, item: { kind: 'steady' } },
    { weight: 1, item: { kind: 'leader' } },
    { weight: 2, item: { kind: 'outage', forMs: random.pick([3_000, 9_000, 15_000, 40_000]) } },
    { weight: 1, item: { kind: 'stall', forMs: random.pick([2_000, 8_000]) } },
    { weight: 2, item: { kind: 'kill', worker: random.whole(0, 9) } },
    { weight: 1, item: { kind: 'leave', worker: random.whole(0, 9) } },
    { weight: 2, item: { kind: 'join', worker: `w${10 + (index % 5)}` } },
    { weight: losesData ? 2 : 0, item: { kind: 'revert' } },
    { weight: losesData && journal ? 2 : 0, item: { kind: 'flush' } },
  ]);
}
