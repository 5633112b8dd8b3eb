/** What every sink connector has to do, whatever its system is. */
import { type ConnectorConfig, RetriableError, type SinkPlugin } from '@sluice/connector-api';
import { partitionForKey } from '@sluice/record-log';
import { MemoryLogStore } from '@sluice/record-log/memory';
import { assertContract, type Check, type Disturbance, eventually, some } from './check.ts';
import { configChecks, type InvalidConfig } from './config-checks.ts';
import { GatedLog, type Gates, type Passage } from './gated-log.ts';
import { newObservations, type Observations, observedPlugin } from './observed-plugin.ts';
import { stopLimitMs, TestWorker, within } from './test-worker.ts';

/** A system of its own for one test, with nothing in it. */
export interface SinkFixture {
  /** A configuration that works, without `topics`. */
  readonly config: ConnectorConfig;
  /** What identifies each record that the system has now, as `SinkContractOptions.record` says it. */
  readonly arrived: () => Promise<readonly string[]>;
  /** Makes the system refuse everything for a while, if that can be done. */
  readonly fail?: Disturbance;
  /** Makes the system answer nothing for a while, if that can be done. */
  readonly stall?: Disturbance;
  readonly close?: () => Promise<void> | void;
}

/** A record as a producer would write it: texts that the converters of the contract read. */
export interface ContractRecord {
  readonly key?: string;
  /** JSON, unless other converters were chosen. */
  readonly value: string;
  /** As `arrived` gives it. */
  readonly id: string;
}

export interface SinkContractOptions {
  /** For each test anew, but those of the keys' rules share one: they touch no system. */
  readonly setup: () => Promise<SinkFixture> | SinkFixture;
  /** Record number n. Default: value `{"n":n,"text":"record n"}`, key and id `n`. */
  readonly record?: (n: number) => ContractRecord;
  /** Configurations, added to the one that works, that must be refused, and what the refusal must name. */
  readonly invalid?: readonly InvalidConfig[];
  /** How long records may take to arrive, ms. Default 10 000. */
  readonly arrivalLimitMs?: number;
  /** Most records that the sink may hold while its system does not take them. Default 1 000. */
  readonly heldRecordsMax?: number;
  /** Converters. Default: String for keys, JsonConverter without schemas for values. */
  readonly workerConfig?: ConnectorConfig;
}

const readableConverters: ConnectorConfig = {
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
};

const topic = 'contract';
const partitions = 3;
const chunk = 20;
/** Small, so that a check has many batches. */
const batchRecordsMax = 8;
/** Silence that means that nothing more is put, ms. */
const quietMs = 500;

/** @example for (const { title, run } of sinkContract(plugin, options)) test(title, run); */
export function sinkContract(plugin: SinkPlugin, options: SinkContractOptions): Check[] {
  const use = async <Result>(work: (fixture: SinkFixture) => Promise<Result>): Promise<Result> => {
    const fixture = await options.setup();
    try {
      return await work({ ...fixture, config: { topics: topic, ...fixture.config } });
    } finally {
      await fixture.close?.();
    }
  };
  const check = (title: string, run: (bench: SinkBench) => Promise<void>): Check => ({
    title,
    run: () =>
      use(async (fixture) => {
        const bench = new SinkBench(plugin, options, fixture);
        try {
          await run(bench);
        } finally {
          await bench.close();
        }
        const { overlaps } = bench.seen;
        assertContract(overlaps.length === 0, `calls overlapped: ${some(overlaps)}`);
      }),
  });
  return [
    ...configChecks({ plugin, invalid: options.invalid ?? [], use }),
    check('delivers every record', deliversAll),
    check('delivers every record with several tasks', deliversWithTasks),
    check('has put where it belongs what it lets commit', commitsWhatArrived),
    check('loses nothing when it is killed after a put', survivesKills),
    check('goes on where it was stopped', resumesAfterStop),
    check('takes the same batch again after a RetriableError', takesBatchAgain),
    check('goes on when its system failed for a while', survivesOutage),
    check('holds no more than a bound while its system does not take it', holdsLittle),
    check('stops in time while it has nothing to do', stopsWhenIdle),
  ];
}

function defaultRecord(n: number): ContractRecord {
  return {
    key: String(n),
    value: JSON.stringify({ n, text: `record ${String(n)}` }),
    id: String(n),
  };
}

/** A sink, its system, and a log that remembers over the lives of the worker. */
class SinkBench {
  readonly seen: Observations = newObservations();
  readonly fixture: SinkFixture;
  readonly #plugin: SinkPlugin;
  readonly #options: SinkContractOptions;
  readonly #store = new MemoryLogStore();
  /** Of each partition: the ids of its records, by offset. */
  readonly #ids: string[][] = Array.from({ length: partitions }, () => []);
  #written = 0;
  #worker: TestWorker | undefined;

  constructor(plugin: SinkPlugin, options: SinkContractOptions, fixture: SinkFixture) {
    this.#plugin = plugin;
    this.#options = options;
    this.fixture = fixture;
    this.#store.createTopic(topic, partitions);
  }

  async start(gates: Gates = {}, config: ConnectorConfig = {}): Promise<TestWorker> {
    this.#worker = await TestWorker.start({
      plugin: observedPlugin(this.#plugin, this.seen),
      config: {
        name: 'contract',
        'tasks.max': '1',
        ...this.fixture.config,
        ...config,
        'connector.class': this.#plugin.class,
      },
      log: new GatedLog(this.#store, gates),
      workerConfig: { ...readableConverters, ...this.#options.workerConfig },
      runtime: { sinkBatchRecordsMax: batchRecordsMax },
    });
    return this.#worker;
  }

  /** Writes records to the topic. */
  write(count: number): void {
    const { record: recordOf = defaultRecord } = this.#options;
    for (let written = 0; written < count; written += 1) {
      const record = recordOf(this.#written);
      this.#written += 1;
      const key = record.key === undefined ? null : Buffer.from(record.key);
      const partition = key ? partitionForKey(key, partitions) : this.#written % partitions;
      const value = Buffer.from(record.value);
      const timestampMs = Date.now();
      this.#store.append(topic, partition, { key, value, headers: [], timestampMs });
      this.#ids[partition]?.push(record.id);
    }
    this.#store.wakeReaders();
  }

  async untilArrived(worker: TestWorker): Promise<void> {
    let missing: readonly string[] = [];
    await eventually(
      'every record has arrived',
      async () => {
        const arrived = new Set(await this.fixture.arrived());
        missing = this.#ids.flat().filter((id) => !arrived.has(id));
        return missing.length === 0;
      },
      {
        limitMs: this.#options.arrivalLimitMs ?? 10_000,
        failed: worker.failed,
        explain: () => `missing ${some(missing)}`,
      },
    );
  }

  /** Those below these offsets. */
  idsBelow(offsets: readonly { readonly partition: number; readonly offset: number }[]): string[] {
    return offsets.flatMap(({ partition, offset }) => this.#ids[partition]?.slice(0, offset) ?? []);
  }

  get heldRecordsMax(): number {
    return this.#options.heldRecordsMax ?? 1_000;
  }

  get committed(): number {
    return this.#store
      .groupOffsets('connect-contract')
      .reduce((sum, { offset }) => sum + offset, 0);
  }

  get written(): number {
    return this.#written;
  }

  async close(): Promise<void> {
    await this.#worker?.stop();
  }
}

async function deliversAll(bench: SinkBench): Promise<void> {
  bench.write(chunk);
  const worker = await bench.start();
  await bench.untilArrived(worker);
  bench.write(chunk);
  await bench.untilArrived(worker);
}

async function deliversWithTasks(bench: SinkBench): Promise<void> {
  const worker = await bench.start({}, { 'tasks.max': String(partitions) });
  bench.write(3 * chunk);
  await bench.untilArrived(worker);
}

async function commitsWhatArrived(bench: SinkBench): Promise<void> {
  let early: readonly string[] = [];
  const worker = await bench.start({
    commitGroup: async (offsets): Promise<Passage> => {
      const arrived = new Set(await bench.fixture.arrived());
      early = [...early, ...bench.idsBelow(offsets).filter((id) => !arrived.has(id))];
      return 'open';
    },
  });
  for (let step = 0; step < 5; step += 1) {
    bench.write(chunk);
    await bench.untilArrived(worker);
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  await worker.stop();
  assertContract(
    early.length === 0,
    `offsets were committed before these had arrived: ${some(early)}`,
  );
  assertContract(bench.committed > 0, 'no offset was committed, not even at the stop');
}

async function survivesKills(bench: SinkBench): Promise<void> {
  for (let life = 1; life <= 4; life += 1) {
    const killed = Promise.withResolvers<void>();
    let puts = 0;
    bench.seen.aroundPut = async (put) => {
      puts += 1;
      if (puts < life) return put();
      // Every other one while its records are on their way; the others right behind it.
      const putting = put();
      if (life % 2 === 1) await putting;
      killed.resolve();
      await putting;
    };
    bench.write(life * batchRecordsMax * partitions);
    const worker = await bench.start();
    await within(Promise.race([killed.promise, worker.failed]), 10_000, 'the next put');
    worker.kill();
    await worker.ended;
  }
  bench.seen.aroundPut = (put) => put();
  await bench.untilArrived(await bench.start());
}

async function resumesAfterStop(bench: SinkBench): Promise<void> {
  for (let life = 0; life < 3; life += 1) {
    bench.write(chunk);
    const worker = await bench.start();
    await bench.untilArrived(worker);
    // A stop may cut off a put whose records have arrived: they would come again.
    await eventually('put returns', () => bench.seen.putsRunning === 0, { limitMs: stopLimitMs });
    await worker.stop();
    assertContract(
      bench.committed === bench.written,
      `after a stop in order ${String(bench.committed)} of ${String(bench.written)} records are committed`,
    );
  }
}

async function takesBatchAgain(bench: SinkBench): Promise<void> {
  let puts = 0;
  bench.seen.aroundPut = async (put) => {
    await put();
    puts += 1;
    // As if the answer of the system had been lost.
    if (puts % 3 === 1) throw new RetriableError('the contract asks for the same batch again');
  };
  const worker = await bench.start();
  bench.write(2 * chunk);
  await bench.untilArrived(worker);
  await eventually('every record is committed', () => bench.committed === bench.written, {
    limitMs: 10_000,
    failed: worker.failed,
    explain: () => `${String(bench.committed)} of ${String(bench.written)} are`,
  });
}

async function survivesOutage(bench: SinkBench): Promise<void> {
  const { fail } = bench.fixture;
  if (!fail) return;
  const worker = await bench.start();
  bench.write(chunk);
  await bench.untilArrived(worker);
  await fail.begin();
  const before = bench.seen.puts;
  try {
    bench.write(chunk);
    await eventually('the batch is tried again', () => bench.seen.puts >= before + 2, {
      limitMs: 10_000,
      failed: worker.failed,
      explain: () => 'put has to throw a RetriableError when its system is away',
    });
  } finally {
    await fail.end();
  }
  await bench.untilArrived(worker);
}

/** What `put` took, and the system did not, is in memory. */
async function holdsLittle(bench: SinkBench): Promise<void> {
  const { fail, stall = fail } = bench.fixture;
  if (!stall) return;
  const { heldRecordsMax } = bench;
  const worker = await bench.start();
  bench.write(chunk);
  await bench.untilArrived(worker);
  await stall.begin();
  try {
    const held = new Set<string>();
    let changedMs = performance.now();
    bench.seen.aroundPut = async (put, records) => {
      await put();
      const before = held.size;
      for (const { partition, offset } of records)
        held.add(`${String(partition)} ${String(offset)}`);
      if (held.size > before) changedMs = performance.now();
    };
    bench.write(2 * heldRecordsMax);
    await eventually(
      'put takes no more',
      () => held.size > heldRecordsMax || performance.now() - changedMs > quietMs,
      { limitMs: 10_000, failed: worker.failed },
    );
    assertContract(
      held.size <= heldRecordsMax,
      `put took ${String(held.size)} records that its system did not take: it has to wait, or to throw a RetriableError, before they are more than it may hold (${String(heldRecordsMax)})`,
    );
    await within(worker.stop(), stopLimitMs, 'stop of a sink whose system does not answer');
  } finally {
    await stall.end();
  }
  bench.seen.aroundPut = (put) => put();
  await bench.untilArrived(await bench.start());
}

async function stopsWhenIdle(bench: SinkBench): Promise<void> {
  const worker = await bench.start();
  bench.write(1);
  await bench.untilArrived(worker);
  // Long enough for puts of empty batches.
  await new Promise((resolve) => setTimeout(resolve, 150));
  await within(worker.stop(), stopLimitMs, 'stop of an idle sink');
}
