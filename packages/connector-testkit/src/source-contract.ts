/** What every source connector has to do, whatever its system is. */
import {
  type ConnectorConfig,
  type SourcePlugin,
  type SourceRecord,
  validateValue,
} from '@sluice/connector-api';
import { MemoryLogStore } from '@sluice/record-log/memory';
import { assertContract, type Check, type Disturbance, eventually, some } from './check.ts';
import { configChecks, type InvalidConfig } from './config-checks.ts';
import { GatedLog, type Gates, type Passage } from './gated-log.ts';
import { newObservations, type Observations, observedPlugin } from './observed-plugin.ts';
import { stopLimitMs, TestWorker, within } from './test-worker.ts';

/** A system of its own for one test, with nothing in it. */
export interface SourceFixture {
  /** A configuration that works. Let it be quick: short intervals. */
  readonly config: ConnectorConfig;
  /**
   * Makes the system have `count` more records, and returns what `identify` says of each. Without it the source
   * has to produce by itself, and the same records after each start from nothing.
   */
  readonly produce?: (count: number) => Promise<readonly string[]>;
  /** What tells a record from all others. Default: its value as JSON. */
  readonly identify?: (record: SourceRecord) => string;
  /** Makes the system refuse everything for a while, if that can be done. Nothing is produced meanwhile. */
  readonly fail?: Disturbance;
  /** Makes the system answer nothing for a while, if that can be done. Nothing is produced meanwhile. */
  readonly stall?: Disturbance;
  readonly close?: () => Promise<void> | void;
}

export interface SourceContractOptions {
  /** For each test anew, but those of the keys' rules share one: they touch no system. */
  readonly setup: () => Promise<SourceFixture> | SourceFixture;
  /** Configurations, added to the one that works, that must be refused, and what the refusal must name. */
  readonly invalid?: readonly InvalidConfig[];
  /** How long records may take to arrive, ms. Default 10 000. */
  readonly arrivalLimitMs?: number;
  /** Most records that one poll may return. Default 10 000. */
  readonly pollRecordsMax?: number;
  /** Converters. Default: JsonConverter without schemas. */
  readonly workerConfig?: ConnectorConfig;
}

const readableConverters: ConnectorConfig = {
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'key.converter.schemas.enable': 'false',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
};

/** Records of one step of a check. */
const chunk = 20;
/** In flight while the log does not answer. */
const recordsInFlightMax = 100;
/** Silence that means that nothing more comes, ms. */
const quietMs = 300;

/** @example for (const { title, run } of sourceContract(plugin, options)) test(title, run); */
export function sourceContract(plugin: SourcePlugin, options: SourceContractOptions): Check[] {
  const use = async <Result>(
    work: (fixture: SourceFixture) => Promise<Result>,
  ): Promise<Result> => {
    const fixture = await options.setup();
    try {
      return await work(fixture);
    } finally {
      await fixture.close?.();
    }
  };
  const check = (title: string, run: (bench: SourceBench) => Promise<void>): Check => ({
    title,
    run: () =>
      use(async (fixture) => {
        const bench = new SourceBench(plugin, options, fixture);
        try {
          await run(bench);
        } finally {
          await bench.close();
        }
        bench.assertKept();
      }),
  });
  return [
    ...configChecks({ plugin, invalid: options.invalid ?? [], use }),
    check('delivers every record', deliversAll),
    check('goes on where it was stopped, and repeats nothing', resumesAfterStop),
    check('loses nothing when it is killed while records are on their way', survivesKills),
    check('reads no further while the log does not answer, and then loses nothing', waitsForLog),
    check('goes on when its system failed for a while', survivesOutage),
    check('stops in time while it has nothing to do', stopsWhenIdle),
    check('stops in time while its system does not answer', stopsWhenStalled),
    check('stops in time while the log does not answer', stopsWhenBlocked),
  ];
}

/** A source, its system, and a log that remembers over the lives of the worker. */
class SourceBench {
  readonly seen: Observations = newObservations();
  readonly fixture: SourceFixture;
  readonly arrivalLimitMs: number;
  readonly #plugin: SourcePlugin;
  readonly #options: SourceContractOptions;
  readonly #store = new MemoryLogStore();
  readonly #identify: (record: SourceRecord) => string;
  /** How often each came; only what was acknowledged. */
  readonly arrivals = new Map<string, number>();
  #worker: TestWorker | undefined;

  constructor(plugin: SourcePlugin, options: SourceContractOptions, fixture: SourceFixture) {
    this.#plugin = plugin;
    this.#options = options;
    this.fixture = fixture;
    this.arrivalLimitMs = options.arrivalLimitMs ?? 10_000;
    this.#identify = fixture.identify ?? ((record) => JSON.stringify(record.value, exactNumbers));
  }

  async start(gates: Gates = {}): Promise<TestWorker> {
    const worker = await TestWorker.start({
      plugin: observedPlugin(this.#plugin, this.seen),
      config: {
        name: 'contract',
        'tasks.max': '1',
        ...this.fixture.config,
        'connector.class': this.#plugin.class,
      },
      log: new GatedLog(this.#store, gates),
      workerConfig: { ...readableConverters, ...this.#options.workerConfig },
      runtime: {
        recordsInFlightMax,
        observer: {
          put: () => {},
          written: (batch) => {
            for (const record of batch.records) {
              if (record.isOffsetOnly) continue;
              const id = this.#identify(record);
              this.arrivals.set(id, (this.arrivals.get(id) ?? 0) + 1);
            }
          },
        },
      },
    });
    this.#worker = worker;
    return worker;
  }

  /** What must arrive: made now, or what a source that produces by itself begins with. */
  async produce(count: number): Promise<readonly string[]> {
    return (await this.fixture.produce?.(count)) ?? [];
  }

  async untilArrived(ids: readonly string[], worker: TestWorker): Promise<void> {
    const missing = (): string[] => ids.filter((id) => !this.arrivals.has(id));
    await eventually('every record has arrived', () => missing().length === 0, {
      limitMs: this.arrivalLimitMs,
      failed: worker.failed,
      explain: () => `missing ${some(missing())}; there are ${some([...this.arrivals.keys()])}`,
    });
  }

  /** A source that produces by itself: its first records, by a start of its own with a log of its own. */
  async firstRecords(count: number): Promise<readonly string[]> {
    const bench = new SourceBench(this.#plugin, this.#options, this.fixture);
    const worker = await bench.start();
    try {
      await eventually(
        `${String(count)} records have arrived`,
        () => bench.arrivals.size >= count,
        {
          limitMs: this.arrivalLimitMs,
          failed: worker.failed,
          explain: () => `${String(bench.arrivals.size)} did`,
        },
      );
    } finally {
      await bench.close();
    }
    return [...bench.arrivals.keys()].slice(0, count);
  }

  async close(): Promise<void> {
    await this.#worker?.stop();
  }

  /** What holds after each check. */
  assertKept(): void {
    const { overlaps, polled, pollRecordsMax } = this.seen;
    assertContract(overlaps.length === 0, `calls overlapped: ${some(overlaps)}`);
    const max = this.#options.pollRecordsMax ?? 10_000;
    assertContract(
      pollRecordsMax <= max,
      `a poll returned ${String(pollRecordsMax)} records at once, more than ${String(max)}`,
    );
    for (const record of polled) assertGoodRecord(record);
  }
}

function assertGoodRecord(record: SourceRecord): void {
  const { key, keySchema, sourceOffset, sourcePartition, value, valueSchema } = record;
  assertContract(record.isOffsetOnly || record.topic !== '', 'a record has no topic');
  assertContract(!record.isOffsetOnly || sourceOffset !== undefined, 'an offset alone has none');
  assertContract(
    (sourceOffset === undefined) === (sourcePartition === undefined),
    'a record has an offset without a source partition, or the other way round',
  );
  for (const part of [sourceOffset, sourcePartition]) {
    const nested = Object.entries(part ?? {}).find(([, one]) => typeof one === 'object' && one);
    assertContract(!nested, `offsets are flat, but ${String(nested?.[0])} is an object`);
  }
  if (keySchema) validateValue(keySchema, key);
  if (valueSchema) validateValue(valueSchema, value);
}

async function deliversAll(bench: SourceBench): Promise<void> {
  const before = await bench.produce(chunk);
  const worker = await bench.start();
  const after = await bench.produce(chunk);
  const ids = bench.fixture.produce ? [...before, ...after] : await bench.firstRecords(2 * chunk);
  await bench.untilArrived(ids, worker);
}

async function resumesAfterStop(bench: SourceBench): Promise<void> {
  const expected = bench.fixture.produce ? [] : [...(await bench.firstRecords(3 * chunk))];
  for (let life = 0; life < 3; life += 1) {
    if (bench.fixture.produce) expected.push(...(await bench.produce(chunk)));
    const worker = await bench.start();
    await bench.untilArrived(expected.slice(0, (life + 1) * chunk), worker);
    await worker.stop();
  }
  const repeated = [...bench.arrivals].filter(([, times]) => times > 1).map(([id]) => id);
  assertContract(
    repeated.length === 0,
    `these came again after a stop in order: ${some(repeated)}`,
  );
}

/** A source without offsets stores none, ms. */
const storedLimitMs = 1_000;
/** Of a source that produces by itself. */
const comparedMax = 5_000;

/** How a life ends: at which produce call, and what became of it. The last is after the acknowledgement. */
const kills = [
  { at: 1, passage: 'unsent' },
  { at: 2, passage: 'unsent' },
  { at: 2, passage: 'unanswered' },
  { at: 3, passage: 'unsent' },
  { at: 1, passage: 'unanswered' },
  { at: 2, passage: 'open' },
] as const;

async function survivesKills(bench: SourceBench): Promise<void> {
  const { fixture } = bench;
  const expected: string[] = [];
  for (const { at, passage } of kills) {
    let calls = 0;
    const stored = Promise.withResolvers<void>();
    const killed = Promise.withResolvers<void>();
    const worker = await bench.start({
      produce: async (): Promise<Passage> => {
        calls += 1;
        if (calls < at) return 'open';
        // So that the next life begins at an offset, and not at nothing.
        if (calls === at && at > 1) await withLimit(stored.promise, storedLimitMs);
        // With the answer, if there is one, and before anything else.
        queueMicrotask(() => killed.resolve());
        return calls === at ? passage : 'unsent';
      },
      commitSource: () => {
        queueMicrotask(() => stored.resolve());
        return 'open';
      },
    });
    for (let step = 1; step <= at && fixture.produce; step += 1) {
      expected.push(...(await bench.produce(chunk)));
      await eventually('the source reads what is new', () => calls >= step, {
        limitMs: bench.arrivalLimitMs,
        failed: worker.failed,
      });
    }
    const kill = Promise.race([killed.promise, worker.failed]);
    await within(kill, bench.arrivalLimitMs, 'the next batch');
    worker.kill();
    await worker.ended;
  }
  const seen = Math.min(bench.arrivals.size + chunk, comparedMax);
  if (!fixture.produce) expected.push(...(await bench.firstRecords(seen)));
  await bench.untilArrived(expected, await bench.start());
}

/** Resolves at the latest when the limit is over. */
async function withLimit(work: Promise<void>, limitMs: number): Promise<void> {
  await within(work, limitMs, 'it').catch(() => {});
}

async function waitsForLog(bench: SourceBench): Promise<void> {
  const { fixture, seen } = bench;
  const open = Promise.withResolvers<'open'>();
  const expected = [...(await bench.produce(6 * recordsInFlightMax))];
  const worker = await bench.start({ produce: () => open.promise });
  try {
    await untilQuiet(() => seen.polled.length, bench.arrivalLimitMs);
    const bound = recordsInFlightMax + Math.max(seen.pollRecordsMax, 1);
    assertContract(
      seen.polled.length <= bound,
      `${String(seen.polled.length)} records were read while the log did not answer, more than ${String(bound)}`,
    );
  } finally {
    open.resolve('open');
  }
  if (!fixture.produce) expected.push(...(await bench.firstRecords(2 * chunk)));
  await bench.untilArrived(expected, worker);
}

/** How long a source is left alone with an outage that it does not tell of, ms. */
const outageMs = 1_500;

async function survivesOutage(bench: SourceBench): Promise<void> {
  const { fixture, seen } = bench;
  if (!fixture.fail) return;
  const expected = fixture.produce ? [] : [...(await bench.firstRecords(2 * chunk))];
  expected.push(...(await bench.produce(chunk)));
  const worker = await bench.start();
  await bench.untilArrived(expected.slice(0, chunk), worker);
  // Some of it may be read before the system is away.
  expected.push(...(await bench.produce(chunk)));
  await fixture.fail.begin();
  const before = seen.pollFailures;
  const giveUpMs = performance.now() + outageMs;
  try {
    await eventually(
      'the outage is over',
      () => seen.pollFailures >= before + 2 || performance.now() > giveUpMs,
      { limitMs: 2 * outageMs, failed: worker.failed },
    );
  } catch (error) {
    throw new Error(
      'the source failed when its system was away: poll has to throw a RetriableError then',
      { cause: error },
    );
  } finally {
    await fixture.fail.end();
  }
  expected.push(...(await bench.produce(chunk)));
  await bench.untilArrived(expected, worker);
}

async function stopsWhenStalled(bench: SourceBench): Promise<void> {
  const { fail, produce, stall = fail } = bench.fixture;
  if (!stall) return;
  const expected = produce ? [] : [...(await bench.firstRecords(2 * chunk))];
  const worker = await bench.start();
  expected.push(...(await bench.produce(chunk)));
  await bench.untilArrived(expected.slice(0, chunk), worker);
  await stall.begin();
  try {
    await new Promise((resolve) => setTimeout(resolve, quietMs));
    await within(worker.stop(), stopLimitMs, 'stop of a source whose system does not answer');
  } finally {
    await stall.end();
  }
  expected.push(...(await bench.produce(chunk)));
  await bench.untilArrived(expected, await bench.start());
}

async function stopsWhenIdle(bench: SourceBench): Promise<void> {
  const worker = await bench.start();
  await bench.untilArrived(await bench.produce(1), worker);
  await untilQuiet(() => bench.seen.polled.length, quietMs);
  await within(worker.stop(), stopLimitMs, 'stop of an idle source');
}

async function stopsWhenBlocked(bench: SourceBench): Promise<void> {
  const called = Promise.withResolvers<void>();
  await bench.produce(chunk);
  const worker = await bench.start({
    produce: () => {
      called.resolve();
      return 'unsent';
    },
  });
  await within(
    Promise.race([called.promise, worker.failed]),
    bench.arrivalLimitMs,
    'the first batch',
  );
  // The log's client is cut when the grace is over; what was not acknowledged is not stored.
  worker.kill();
  await within(worker.ended, stopLimitMs, 'stop of a source whose log hangs');
}

/** Until a number has not changed for a while, or the limit is over. */
async function untilQuiet(count: () => number, limitMs: number): Promise<void> {
  const giveUpMs = performance.now() + limitMs;
  let last = -1;
  let sinceMs = performance.now();
  while (performance.now() < giveUpMs && performance.now() - sinceMs < quietMs) {
    if (count() !== last) {
      last = count();
      sinceMs = performance.now();
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function exactNumbers(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
