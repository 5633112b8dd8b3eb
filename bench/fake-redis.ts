/**
 * How many scripts and store calls a second the simulator's fake Redis does on one core, on a cluster of some
 * workers. Every kind runs in turn, round after round, so that the figures of one run can be compared.
 */
import { parseArgs } from 'node:util';
import { RedisCoordinationStore } from '@sluice/coordination-redis';
import { scriptSource } from '@sluice/coordination-redis/script-source';
import { FakeRedis, fakeClient } from '@sluice/simulator';

const tag = '{sluice:bench}';
const aimed = 150_000;
const workers = 10;

interface Kind {
  readonly name: string;
  readonly aim?: number;
  run(): unknown;
}

export async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '20' },
    },
  });
  const kinds = await prepare();
  const results = measure(kinds, Number(values.rounds));
  if (values.json) {
    console.log(JSON.stringify(results));
  } else {
    for (const { name, perSecond, aim } of results) {
      const compared = aim === undefined ? '' : ` (aim: ${aim})`;
      console.log(`${name.padEnd(28)} ${String(perSecond).padStart(9)} /s${compared}`);
    }
  }
  return results.every(({ perSecond, aim }) => aim === undefined || perSecond >= aim) ? 0 : 1;
}

async function prepare(): Promise<Kind[]> {
  let micros = 1_800_000_000_000_000;
  const fake = new FakeRedis({ nowMicros: () => (micros += 50) });
  const link = { send: async <T>(command: () => T): Promise<T> => command() };
  const redis = fakeClient(fake, link);
  const store = new RedisCoordinationStore({ redis, cluster: 'bench' });
  const call = (script: string, args: readonly string[]): unknown =>
    fake.evalsha(scriptSource(script).sha, [tag], args);

  let dataset = '';
  let revision = 0;
  for (let number = 0; number < workers; number++) {
    const joined = await store.join({
      worker: `worker-${number}`,
      incarnation: `incarnation-${number}`,
      pid: number,
      host: 'host',
      address: '',
      protocol: { min: 1, max: 1 },
      log: 'redis',
      plugins: [],
      holding: [],
      leaseMs: 4_000,
    });
    if (joined.kind !== 'joined') throw new Error(`worker-${number} did not join`);
    ({ dataset, revision } = joined);
  }
  await store.changes(0, undefined);
  const beats = Array.from({ length: workers }, (_, number) => [
    `worker-${number}`,
    `incarnation-${number}`,
    dataset,
    '1',
    String(revision),
    '1',
    'nonce',
  ]);
  await store.beat({
    worker: 'worker-0',
    incarnation: 'incarnation-0',
    dataset,
    beatSeen: 1,
    revisionSeen: revision,
    ackedBeat: 1,
  });
  let turn = 0;
  return [
    { name: 'beat', aim: aimed, run: () => call('beat', beats[turn++ % workers] ?? []) },
    {
      name: 'changes, none',
      aim: aimed,
      run: () => call('changes', [String(revision), dataset, 'nonce']),
    },
    { name: 'changes, all', run: () => call('changes', ['0', '', 'nonce']) },
    {
      name: 'beat, and hash of all keys',
      run: () => {
        call('beat', beats[turn++ % workers] ?? []);
        fake.hash();
      },
    },
  ];
}

function measure(kinds: readonly Kind[], rounds: number) {
  const spentNs = kinds.map(() => 0n);
  for (let round = -1; round < rounds; round++) {
    for (const [index, kind] of kinds.entries()) {
      const from = process.hrtime.bigint();
      for (let run = 0; run < runsInRound; run++) kind.run();
      // The first round compiles and warms up.
      if (round >= 0) spentNs[index] = (spentNs[index] ?? 0n) + process.hrtime.bigint() - from;
    }
  }
  return kinds.map(({ name, aim }, index) => ({
    name,
    aim,
    perSecond: Math.round((rounds * runsInRound * 1e9) / Number(spentNs[index])),
  }));
}

const runsInRound = 5_000;
